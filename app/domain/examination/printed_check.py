"""The background check item by item as a report prints it: stated, on record, computed, found (SRC-3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.clauses import enforces
from app.documents.examination.findings import CheckedItem
from app.domain.examination.background_conditions import against_of, compared_in, findings_of
from app.models.examination import BackgroundCheck
from app.policy import policy

#: how a value of the description, the circumstances or the record is printed
SAID = {
    "height_in": "{} inches",
    "weight_lb": "{} pounds",
    "born_on": "born on {}",
    "age_from": "{} years or older",
    "age_to": "{} years or younger",
    "date": "on {}",
}
#: what is on record of an item is read from elsewhere, and written by the examiner under the records checked
ELSEWHERE = "read elsewhere; see the records checked"


@enforces("SRC-3", "EXT-2")
def checked_items(check: BackgroundCheck) -> tuple[CheckedItem, ...]:
    """Return each item that is held against the request, with what it was held against and what came of it."""
    against = against_of(check.round.request, check.candidate.person, check)
    stated, found = {**against.description, **against.circumstances}, findings_of(check)
    rules = {rule.fact: rule for rule in policy().review.inconsistencies.values()}
    facts = {fact.name: fact for fact in policy().review.background.facts}
    compared = {one["rule"]: one for one in compared_in(check)}
    items = []
    for item in policy().review.silence.items:
        fact, rule = facts[item.name], rules.get(item.name)
        words = {choice.value: choice.label for choice in fact.choices}
        one = compared.get(rule.id) if rule else None
        computed = _computed(one["text"]) if one and rule and rule.kind != "finding" else ""
        recorded = _said(against.recorded, item.recorded) if item.recorded else ELSEWHERE
        items.append(
            CheckedItem(
                item=rule.title if rule else fact.label,
                stated=_said(stated, item.stated) or "nothing",
                recorded=recorded or "nothing",
                computed=computed or "nothing",
                finding=words.get(str(found.get(item.name)), "") or "not recorded",
            )
        )
    return tuple(items)


def rest(check: BackgroundCheck) -> dict[str, Any]:
    """Return what was found besides the items: custody by days, the source of an alibi, the records read."""
    held = {item.name for item in policy().review.silence.items}
    return {name: value for name, value in findings_of(check).items() if name not in held}


def _said(values: Mapping[str, Any], groups: tuple[tuple[str, ...], ...]) -> str:
    given = {name: str(values.get(name) or "").strip() for group in groups for name in group}
    words = [SAID.get(name, "{}").format(text) for name, text in given.items() if text]
    if given.get("age_from") and given.get("age_to"):
        words[:2] = [f"{given['age_from']} to {given['age_to']} years"]
    return "; ".join(words)


def _computed(text: str) -> str:
    """Return what the portal computed, without the examiner's finding that a check keeps behind it."""
    return text.partition("The examiner's own finding:")[0].strip()
