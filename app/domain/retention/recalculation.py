"""The recalculation of every standing, each night and under new rules, with a record of the differences (RET-11).

A standing whose day came is not a difference: the lists ask for the day themselves. So a difference says that the rules
changed, or that a change was not followed, which is a fault.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, func, or_, select

from app import audit
from app.access.actor import system_actor
from app.calendar import today
from app.clauses import enforces
from app.domain.retention.eligibility import Target
from app.domain.retention.stored_eligibility import Difference, calculate, missing
from app.extensions import db
from app.models.engine import AuditEvent
from app.models.retention import CaseRecord, PersonFile, StoredStanding
from app.policy import policy
from app.policy.retention.person import LOOK_UP
from app.unit_of_work import unit_of_work

#: records calculated in one unit of work: others who write wait for so many at most
BATCH = 100
RULES, UNFOLLOWED = "rules_changed", "not_followed"


@dataclass(frozen=True, slots=True)
class Tally:
    """The count of calculated standings, and of those that differed from the stored ones."""

    compared: int
    different: int


@enforces("RET-11")
def recalculate() -> Tally:
    """Recalculate what was not calculated today under the rules in force. Opens its own units; may be repeated."""
    day, compared, different = today(), 0, 0
    # case records first: a file stands as its case records do
    for model in (CaseRecord, PersonFile):
        for ids in _batches(model, day):
            with unit_of_work():
                found = calculate(model, ids, day)
                different += sum(_record(difference) for difference in found)
            compared += len(ids)
    with unit_of_work():
        audit.record(
            "retention.recalculated", actor=system_actor(), day=day.isoformat(), compared=compared, different=different
        )
    return Tally(compared, different)


def _batches(model: type[CaseRecord] | type[PersonFile], day: date) -> Iterator[list[int]]:
    column = StoredStanding.case_record_id if model is CaseRecord else StoredStanding.person_file_id
    last = 0
    while True:
        rows = select(StoredStanding.id, column).where(column.is_not(None), StoredStanding.id > last, outdated(day))
        found = db.session.execute(rows.order_by(StoredStanding.id).limit(BATCH)).all()
        db.session.rollback()
        if not found:
            break
        last = found[-1][0]
        yield [key for _, key in found if key is not None]
    while ids := list(missing(model, BATCH)):
        db.session.rollback()
        yield ids


def outdated(day: date) -> ColumnElement[bool]:
    """Select stored standings not calculated on this day under the rules in force."""
    return or_(
        StoredStanding.policy_version != policy().version,
        StoredStanding.calculated_on.is_(None),
        StoredStanding.calculated_on != day,
    )


def _record(difference: Difference) -> bool:
    """Record a difference; a first calculation is none."""
    before, after = difference.before, difference.after
    if not difference.under and before[0]:
        return False
    if after[1] == LOOK_UP and difference.under == policy().version:
        return False  # a look at the arrest records grew old, as a day comes
    audit.record(
        "retention.standing_differed",
        difference.target,
        actor=system_actor(),
        because=RULES if difference.under not in ("", policy().version) else UNFOLLOWED,
        before=before[0],
        before_rule=before[1],
        after=after[0],
        after_rule=after[1],
    )
    return True


# What is told of it ----------------------------------------------------------------------------------------


KINDS = (CaseRecord.subject_type, PersonFile.subject_type)


@dataclass(frozen=True, slots=True)
class RecordedDifference:
    """A recorded difference as a page shows it; `target` is None for a record that is gone from the lists."""

    at: datetime
    target: Target | None
    subject: str
    because: str
    before: str
    after: str
    rule: str


def under_other_rules() -> bool:
    """Tell whether a stored standing rests on other rules than those in force, or was never calculated."""
    column = StoredStanding.policy_version
    ends = db.session.execute(
        select(select(func.min(column)).scalar_subquery(), select(func.max(column)).scalar_subquery())
    ).one()
    return any(end is not None and end != policy().version for end in ends)


@dataclass(frozen=True, slots=True)
class Run(Tally):
    """A finished recalculation."""

    at: datetime


def last() -> Run | None:
    """Return the newest finished recalculation."""
    rows = select(AuditEvent).where(AuditEvent.event == "retention.recalculated").order_by(AuditEvent.sequence.desc())
    event = db.session.scalars(rows.limit(1)).first()
    if event is None:
        return None
    keys = json.loads(event.keys)
    return Run(keys["compared"], keys["different"], datetime.fromisoformat(event.at))


def differences() -> Select[AuditEvent]:
    """Select the recorded differences, newest first."""
    rows = select(AuditEvent).where(AuditEvent.event == "retention.standing_differed")
    return rows.order_by(AuditEvent.sequence.desc())


def recorded(events: Sequence[AuditEvent]) -> list[RecordedDifference]:
    """Return the differences of one page."""
    known: dict[tuple[str, str], Target] = {}
    wanted = {kind: [event.subject_id for event in events if event.subject_type == kind] for kind in KINDS}
    for record in db.session.scalars(select(CaseRecord).where(CaseRecord.case_number.in_(wanted["case_record"]))):
        known["case_record", record.case_number] = record
    for file in db.session.scalars(select(PersonFile).where(PersonFile.uid.in_(wanted["person_file"]))):
        known["person_file", file.uid] = file
    return [_recorded(event, known.get((event.subject_type or "", event.subject_id or ""))) for event in events]


def _recorded(event: AuditEvent, target: Target | None) -> RecordedDifference:
    keys = json.loads(event.keys)
    return RecordedDifference(
        datetime.fromisoformat(event.at),
        target,
        event.subject_id or "",
        keys["because"],
        keys["before"],
        keys["after"],
        keys["after_rule"],
    )
