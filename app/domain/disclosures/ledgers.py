"""The evidence on record besides the results, and the arrests, in a package that must be complete (EXT-2, USE-8)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime

from sqlalchemy import select

from app.clauses import enforces
from app.domain.accounts.naming import here
from app.domain.disclosures.items import filed
from app.domain.requests.ledger import contradicts, standing_of
from app.extensions import db, settings
from app.models.approval import Arrest, EvidenceItem
from app.models.engine import AuditEvent
from app.models.requests import FRRequest
from app.policy import policy
from app.policy.facts import answered

NO_EVIDENCE = "No evidence besides the result is on record."
NO_ARREST = "No arrest is on record."
#: the events of a reported arrest, which hold what was in hand on that day
REPORTED = ("request.arrest_reported", "request.arrest_recorded")
#: basis of an arrest -> what is said of it
BASES = {
    "before_lead": "Said to be made before the result was received, and reported after it.",
    "no_lead": "No possible match of the matter had been received.",
    "on_lead": "Made after the result was received.",
}
EARLIER_THAN_FILED = "It would lie before this request was filed, which asked who an unknown person is."
#: how an item is dated -> what is said of it, where it was recorded after the result and is dated before it
DATINGS = {
    "cited": "dated before the result was received; where it stood then is cited below",
    "uncited": "dated before the result was received; where it stood then is not cited",
}
ON_NOTHING = "MADE ON NO INDEPENDENT EVIDENCE: too little that stands without the result was in hand at the arrest."


@enforces("EXT-2", "USE-8")
def ledger_of(case_number: str, at: datetime) -> str:
    """Plain text: every item of evidence and every arrest recorded by `at` in the requests of the case, or none.

    The same records give the same bytes.
    """
    lines = [
        settings().department,
        f"Evidence on record besides the results, and arrests, as of {here(at):%Y-%m-%d}",
        f"Case {case_number}",
        "A possible match is an investigative lead. It is not probable cause.",
        "",
        policy().request.evidence.text,
        "",
    ]
    for request in filed(case_number):
        lines += [f"Request {request.number}", *_of(request, at), ""]
    return "\n".join(lines)


def _of(request: FRRequest, at: datetime) -> Iterator[str]:
    arrests = [one for one in request.arrests if one.created_at <= at]
    evidence = [one for one in request.evidence if one.created_at <= at]
    for arrest in arrests:
        yield from _arrest(arrest)
    yield from _as_reported(request, at)
    if not arrests:
        yield f"  {NO_ARREST}"
    for item in evidence:
        yield from _item(item, at)
    if not evidence:
        yield f"  {NO_EVIDENCE}"


def _arrest(arrest: Arrest) -> Iterator[str]:
    rules, facts = policy().request, arrest.private["facts"]
    yield f"  Arrest {facts.get('arrest_number', '')}: {BASES[arrest.basis]}"
    if contradicts(arrest):
        yield f"    {EARLIER_THAN_FILED}"
    if arrest.basis == "on_lead":
        yield f"    Independent items of evidence in hand at the arrest, as far as is on record: {arrest.in_hand}."
        if arrest.in_hand < rules.evidence.least_independent:
            yield f"    {ON_NOTHING}"
    yield from _answers(answered(rules.outcomes["arrest"].facts, facts))
    yield f"    Reported on {here(arrest.created_at):%Y-%m-%d at %H:%M} by {arrest.recorded_by.titled}."


def _as_reported(request: FRRequest, at: datetime) -> Iterator[str]:
    """Yield what was in hand on the day of each report: evidence that is recorded later does not change it."""
    rows = select(AuditEvent).where(
        AuditEvent.subject_type == request.subject_type,
        AuditEvent.subject_id == request.number,
        AuditEvent.event.in_(REPORTED),
    )
    for event in db.session.scalars(rows.order_by(AuditEvent.sequence)):
        keys, told = json.loads(event.keys), datetime.fromisoformat(event.at)
        if told <= at and keys["basis"] == "on_lead":
            few = keys["in_hand"] < policy().request.evidence.least_independent
            yield f"  On record when an arrest was reported on {here(told):%Y-%m-%d at %H:%M}: {keys['in_hand']}." + (
                f" {ON_NOTHING}" if few else ""
            )


def _item(item: EvidenceItem, at: datetime) -> Iterator[str]:
    rules, standing = policy().request, standing_of(item)
    kind, judged = rules.evidence_kinds.get(item.kind), item.judgment
    judged = judged if judged is not None and judged.created_at <= at else None
    if standing.depends:
        stands = "depends on the result"
    elif judged is None:
        stands = "waits for a supervisor's word, and does not count before"
    else:
        stands = "stands without the result" if judged.agreed else "a supervisor does not agree; it does not count"
    when = "before" if item.timing == "before_lead" else "after"
    dated = DATINGS.get(standing.dating, f"obtained {when} the result was received")
    yield f"  {kind.title if kind else 'Item of evidence'}: {stands}; {dated}."
    yield from _answers(answered(rules.evidence.facts, item.private["facts"]))
    yield f"    Recorded on {here(item.created_at):%Y-%m-%d at %H:%M} by {item.recorded_by.titled}."
    if judged is not None:
        said = "agrees" if judged.agreed else "does not agree"
        told = f"{here(judged.created_at):%Y-%m-%d at %H:%M}): {judged.private['words']}"
        yield f"    {judged.supervisor.titled} {said} that it is as it was recorded ({told}"


def _answers(rows: Iterable[tuple[str, object]]) -> Iterator[str]:
    yield from (f"    {label} {answer}" for label, answer in rows if answer)
