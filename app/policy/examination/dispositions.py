"""Rules of dispositions: what an exclusion rests on, and when a candidate cannot be compared at all (SRC-2, FAIR-1)."""

from collections.abc import Mapping
from typing import Any

from app.clauses import enforces
from app.policy.examination.answers import substance_fault
from app.policy.examination.types import Component, Disposition
from app.policy.types import Policy

Features = Mapping[str, Any]


@enforces("SRC-2", "FAIR-1")
def disposition_fault(policy: Policy, rule: Disposition, features: Features, reason: str) -> str | None:
    """Return why a disposition does not rest on what the worksheet says, or None.

    ``features``: {component: {verdict, note, parts {part: verdict}}}; ``reason``: the examiner's words on the whole.
    """
    differing = [one for one in policy.review.worksheet.everything if _differs(policy, features.get(one.value) or {})]
    if len(differing) < rule.min_differing:
        return "Name at least one feature that differs."
    if rule.nothing_lasting:
        return _compared_after_all(policy, features) or _unreasoned(policy, features, reason)
    if not rule.rests_on_lasting:
        return None
    firm = [one for one in differing if one.stability != "transient"]
    if not firm:
        named = ", ".join(one.label for one in differing)
        return f"{named}: this changes easily and excludes nobody by itself. Name a component that lasts."
    if any(one.stability == "stable" and _excludes(policy, features[one.value]) for one in firm):
        return None
    wrong = _unreasoned(policy, features, reason)
    if wrong is None:
        return None
    return f"Only an unexplained difference in a lasting component excludes by itself. In the note, {wrong}"


def _differs(policy: Policy, given: Features) -> bool:
    differs = {verdict.value for verdict in policy.review.worksheet.verdicts if verdict.differs}
    return bool(differs & _stated(given))


def _excludes(policy: Policy, given: Features) -> bool:
    return bool({verdict.value for verdict in policy.review.worksheet.verdicts if verdict.excludes} & _stated(given))


def _stated(given: Features) -> set[str]:
    return {str(given.get("verdict") or ""), *(given.get("parts") or {}).values()}


def _compared_after_all(policy: Policy, features: Features) -> str | None:
    """Return which lasting component could be compared, or has no verdict that says it could not."""
    lasting = [one for one in policy.review.worksheet.features if one.stability == "stable"]
    named = [one.label for one in lasting if not _incomparable(policy, one, features)]
    return f"{', '.join(named)}: say of each lasting component that it cannot be compared." if named else None


def _incomparable(policy: Policy, component: Component, features: Features) -> bool:
    given = features.get(component.value) or {}
    not_compared = {verdict.value for verdict in policy.review.worksheet.verdicts if not verdict.compared}
    return bool(given.get("verdict")) and _stated(given) <= not_compared


def _unreasoned(policy: Policy, features: Features, reason: str) -> str | None:
    notes = [str((given or {}).get("note") or "") for given in features.values()]
    text = " ".join(dict.fromkeys(part.strip() for part in (reason, *notes) if part.strip()))
    idle = policy.review.inconsistency_answer.idle
    return substance_fault(policy.review.exclusion_reason, text, "", (), (*idle, "differ", "differs", "different"))
