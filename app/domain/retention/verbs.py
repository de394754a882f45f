"""The records officer's verbs on a case record: closed, reopened, what happened, its class (RET-1 to RET-11).

Every function that changes something needs an open unit of work and raises Refused; none commits.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select

from app import audit
from app.access.actor import Actor, system_actor
from app.clauses import enforces
from app.domain.matters import numbers
from app.domain.retention.eligibility import (
    Target,
    facts_of,
    facts_of_person,
    history_of,
    locked,
    not_due,
    reasons,
    requests_of,
    standing_of,
    today,
)
from app.extensions import db, stores
from app.models.base import now
from app.models.requests import FRRequest
from app.models.retention import CaseHistory, CaseRecord
from app.policy import policy
from app.policy import retention as rules
from app.policy.retention.types import Proposal
from app.workflow.engine import advance, explain, refuse_if

__all__ = [
    "adopt",
    "case_record_for",
    "classify",
    "close_case",
    "facts_of",
    "facts_of_person",
    "history_of",
    "not_due",
    "propose_classes",
    "reasons",
    "record_disposition",
    "record_event",
    "reopen",
    "requests_of",
    "standing_of",
    "today",
]


@enforces("RET-11")
def case_record_for(case_number: str) -> CaseRecord:
    """Return the record of a case, begun when there is none; a disposed case gets a new one under its own key.

    Refused while the earlier record is being erased. Needs an open unit of work.
    """
    record = db.session.scalars(
        select(CaseRecord).where(CaseRecord.case_number == case_number).with_for_update()
    ).one_or_none()
    numbers.begin(case_number)
    if record is None:
        record = CaseRecord(case_number=case_number, key_id=stores().keys.create(), policy_version=policy().version)
        db.session.add(record)
        db.session.flush()
        audit.record("case_record.created", record, actor=system_actor(), case_number=case_number)
    elif record.state == "disposed":
        refused = explain(record, "begin_again", system_actor())
        if refused is not None:
            raise refused
        # set before the step: an open record with a day of disposal would break the table's own check
        record.disposed_at, record.sealed = None, None
        record.key_id, record.policy_version = stores().keys.create(), policy().version
        with db.session.no_autoflush:
            advance(record, "begin_again", system_actor())
    return record


@enforces("RET-11")
def adopt() -> int:
    """Begin the records of requests from before there were any; returns how many. Needs an open unit of work."""
    known = select(CaseRecord.case_number)
    numbers = db.session.scalars(
        select(FRRequest.case_number)
        .where(FRRequest.case_number.not_in(known), FRRequest.state != "draft", FRRequest.state != "disposed")
        .distinct()
        .order_by(FRRequest.case_number)
    ).all()
    for number in numbers:
        case_record_for(number)
    return len(numbers)


def _add_line(record: CaseRecord, actor: Actor, kind: str, on: date, value: str, note: str) -> CaseHistory:
    line = CaseHistory(record=record, kind=kind, on=on, value=value, recorded_by_id=actor.id)
    if note.strip():
        line.seal(note=note.strip())
    db.session.add(line)
    db.session.flush()
    return line


@enforces("RET-11")
def close_case(record: CaseRecord, actor: Actor, reason: str, on: date, note: str = "") -> CaseHistory:
    """Record that the case was closed, for one of the four reasons. Raises Refused."""
    advance(record, "close_case", actor, kind="closed", reason=reason, day=on, on=_written(on))
    return _add_line(record, actor, "closed", on, reason, note)


@enforces("RET-11")
def reopen(record: CaseRecord, actor: Actor, on: date, reason: str) -> CaseHistory:
    """Record that the case was reopened: its closing no longer counts, its class must be confirmed anew."""
    advance(record, "reopen", actor, kind="reopened", day=on, on=_written(on), reason=reason)
    return _add_line(record, actor, "reopened", on, "", reason)


@enforces("RET-1")
def record_event(record: CaseRecord, actor: Actor, event: str, on: date, note: str = "") -> CaseHistory:
    """Record that a person was located, a firearm recovered or destroyed, a warrant ended. Raises Refused."""
    return _record(record, actor, "event", event, on, note)


@enforces("RET-11")
def record_disposition(record: CaseRecord, actor: Actor, class_id: str, on: date, note: str = "") -> CaseHistory:
    """Record what an arrestee was convicted of or pleaded to, or how the case ended otherwise. Raises Refused."""
    return _record(record, actor, "disposition", class_id, on, note)


def _record(record: CaseRecord, actor: Actor, kind: str, value: str, on: date, note: str) -> CaseHistory:
    advance(record, "record_history", actor, kind=kind, value=value, day=on, on=_written(on), source=note)
    return _add_line(record, actor, kind, on, value, note)


def _written(on: date | None) -> str | None:
    return on.isoformat() if isinstance(on, date) else None


def propose_classes(record: CaseRecord) -> Proposal:
    """Return the classes that the rules propose from the history; a person confirms them."""
    return rules.proposal(policy().retention, history_of(record))


@enforces("RET-11")
def classify(
    record: CaseRecord, actor: Actor, classes: Sequence[str], reason: str = "", *, history_seen: int | None = None
) -> None:
    """Confirm the classes of a closed case; `history_seen` is how many lines of its history the person looked at.

    Raises Refused: without a class, when the history changed meanwhile, or without a reason where another class than
    the proposed one is confirmed.
    """
    record = locked(record)
    chosen, proposed = list(dict.fromkeys(classes)), list(propose_classes(record).classes)
    seen = len(record.history) if history_seen is None else history_seen
    facts = {"classes": chosen, "proposed": proposed, "history_seen": seen, "reason": reason}
    refused = explain(record, "classify", actor, **facts)
    if refused is not None:
        raise refused
    # set before the step: a classified record without its confirmation would break the table's own check
    record.classified_by_id, record.classified_at = actor.id, now()
    with db.session.no_autoflush:
        advance(record, "classify", actor, **facts)
    record.classes, record.proposed, record.history_seen = chosen, proposed, seen
    record.policy_version = policy().version
    record.seal(classification_reason=reason.strip())
    db.session.flush()


def refuse_while_disposed(target: Target, rule_id: str) -> None:
    """Refuse a disposed record: nothing is added to what remains."""
    refuse_if(rule_id, target.disposed_at is not None, "The record was disposed of.")
