"""Differences on a worksheet, and those that bar a nomination until they are justified (SRC-2, SRC-5)."""

from collections.abc import Mapping
from typing import Any

from app.clauses import enforces
from app.policy.facts import Fault
from app.policy.reasons import gives_reason
from app.policy.types import Policy


def differing_in(policy: Policy, features: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(label, note) of each component that is recorded as differing, explained or not, in the order of the sheet."""
    sheet = policy.review.worksheet
    differs = {verdict.value for verdict in sheet.verdicts if verdict.differs}
    given = [(component.label, features.get(component.value) or {}) for component in sheet.everything]
    return [(label, str(one.get("note") or "")) for label, one in given if one.get("verdict") in differs]


def differences_in_words(policy: Policy, features: Mapping[str, Any]) -> tuple[str, ...]:
    """The same, each as “label: note”, or the label alone where nothing was noted."""
    return tuple(f"{label}: {note}" if note else label for label, note in differing_in(policy, features))


def unexplained_in(policy: Policy, features: Mapping[str, Any]) -> list[str]:
    """The lasting components, with the detail where only that differs, that differ and nobody has explained why.

    ``features``: {component: {verdict, note, parts {part: verdict}}}.
    """
    lasting = [one.value for one in policy.review.worksheet.everything if one.stability == "stable"]
    return all_unexplained_in(policy, {name: features[name] for name in lasting if name in features})


def all_unexplained_in(policy: Policy, features: Mapping[str, Any]) -> list[str]:
    """The same of every component, lasting or not."""
    sheet = policy.review.worksheet
    unexplained = {verdict.value for verdict in sheet.verdicts if verdict.unexplained}
    found = []
    for component in sheet.everything:
        given = features.get(component.value) or {}
        if given.get("verdict") in unexplained:
            found.append(component.label)
        judged = given.get("parts") or {}
        found += [
            f"{component.label}, {p.label.lower()}" for p in component.parts if judged.get(p.value) in unexplained
        ]
    return found


@enforces("SRC-2", "SRC-5")
def check_justified(policy: Policy, features: Mapping[str, Any], justification: str) -> list[Fault]:
    """The fault of a worksheet with unexplained differences in lasting components and no sufficient justification."""
    rule, found = policy.review.unexplained, unexplained_in(policy, features)
    if not found or gives_reason(policy, justification, rule.count):
        return []
    named = "; ".join(found)
    message = f"Different and unexplained: {named}. Justify in at least {rule.count} characters."
    return [Fault("justification", message, rule.id)]
