"""The checks of a worksheet for what it lacks (SRC-2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from app.clauses import enforces
from app.policy import policy
from app.policy.examination.types import Verdict
from app.policy.facts import Fault
from app.policy.reasons import gives_reason
from app.workflow.facts import first


def missing_features(features: Mapping[str, Any]) -> str | None:
    """Return what the worksheet over the eleven features of SRC-2 lacks, or None."""
    return first(worksheet_faults(features))


@enforces("SRC-2")
def worksheet_faults(features: Mapping[str, Any], *, complete: bool = True, prefix: str = "") -> list[Fault]:
    """Yield everything the worksheet lacks; a fault's field is `prefix` and the component, as in the form.

    `features`: {component: {verdict, note, parts}}. With `complete` each of the eleven features of SRC-2 needs a
    verdict, each difference its description, and at least one must have been compared; without, only what is noted
    must have its verdict (the fast way to exclude).
    """
    sheet = policy().review.worksheet
    verdicts = {verdict.value: verdict for verdict in sheet.verdicts}
    found = []
    for component in sheet.everything:
        needed, given = complete and component in sheet.features, features.get(component.value) or {}
        for message in _component_faults(given, verdicts, needed=needed, described=complete):
            found.append(Fault(prefix + component.value, f"{component.label}: {message}", sheet.id))
    given = [verdicts.get((features.get(feature.value) or {}).get("verdict", "")) for feature in sheet.features]
    if complete and not found and not any(verdict.compared for verdict in given if verdict):
        message = "No feature could be compared; a candidate is not retained on nothing."
        found.append(Fault(prefix + sheet.features[0].value, message, sheet.id))
    return found


def _component_faults(
    given: Mapping[str, Any], verdicts: Mapping[str, Verdict], *, needed: bool, described: bool
) -> Iterator[str]:
    verdict, note = verdicts.get(given.get("verdict", "")), str(given.get("note") or "").strip()
    stated = given.get("parts") or {}
    parts = [verdicts[value] for value in stated.values() if value in verdicts]
    if verdict is None:
        if needed or note or parts:
            yield "no verdict." if needed else "a verdict on the whole belongs to what is noted."
    elif described and not gives_reason(policy(), note) and any(one.needs_note for one in (verdict, *parts)):
        yield "describe the difference."
