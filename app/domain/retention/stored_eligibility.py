"""The stored standings for lists and counts, updated in the unit of work that changes their facts (RET-11).

Which records a unit touched is read from the rows it writes, whoever writes them, so that no verb has to remember it.
Nothing is decided by what is kept here: a proposal and an erasure ask the rules (`eligibility.not_due`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Delete, event, select
from sqlalchemy.orm import ORMExecuteState, Session
from sqlalchemy.orm.attributes import instance_state

from app.calendar import today
from app.domain.matters.numbers import of_matters
from app.domain.retention.eligibility import Target, disclosure_ended, request_ended
from app.domain.retention.eligibility_many import standings_of_cases, standings_of_files
from app.extensions import db
from app.models.base import Model
from app.models.disclosures import Disclosure
from app.models.matters import CaseNumber
from app.models.requests import FRRequest
from app.models.retention import CaseHistory, CasePerson, CaseRecord, LegalHold, PersonFile, StoredStanding
from app.policy import policy
from app.policy.names import StateName
from app.policy.retention.types import Standing
from app.unit_of_work import BEFORE_COMMIT

#: what a unit touched: a case by its number, a case record or a person file by its id; the days of a file's person
#: decide about its case records too
Touched = tuple[str, Any]


class Unfollowed(RuntimeError):
    """Rows that standings depend on were written past the session, so that nobody knows whose (a fault of ours)."""


# What a row touches ----------------------------------------------------------------------------------------


def _case(row: FRRequest | Disclosure) -> Iterator[Touched]:
    """Return the case it belongs to, and the one it belonged to before."""
    yield from (
        ("case", number) for number in {row.case_number, *instance_state(row).attrs.case_number.history.deleted}
    )


def _number(row: CaseNumber) -> Iterator[Touched]:
    yield "case", row.number


def _record(row: CaseRecord) -> Iterator[Touched]:
    yield "record", row.id


def _history(row: CaseHistory) -> Iterator[Touched]:
    yield "record", row.case_record_id


def _file(row: PersonFile) -> Iterator[Touched]:
    yield "person", row.id


def _link(row: CasePerson) -> Iterator[Touched]:
    yield from (("record", row.case_record_id), ("file", row.person_file_id))


def _hold(row: LegalHold) -> Iterator[Touched]:
    yield ("record", row.case_record_id) if row.case_record_id is not None else ("file", row.person_file_id)


DEPENDS: dict[type[Model], Callable[[Any], Iterator[Touched]]] = {
    FRRequest: _case,
    Disclosure: _case,
    CaseNumber: _number,
    CaseRecord: _record,
    CaseHistory: _history,
    PersonFile: _file,
    CasePerson: _link,
    LegalHold: _hold,
}
#: of what goes through many states: whether a state is an end, for nothing else of it decides
ENDS: dict[type[Model], Callable[[StateName], bool]] = {FRRequest: request_ended, Disclosure: disclosure_ended}


def _note(row: Any, touched: Iterable[Touched]) -> None:
    session = db.session()
    if session.info.get("unit"):
        session.info["touched"] |= {("table", row.__tablename__), *touched}


def _note_whole(_mapper: Any, _connection: Any, row: Any) -> None:
    _note(row, DEPENDS[type(row)](row))


def _note_change(_mapper: Any, _connection: Any, row: Any) -> None:
    _note(row, () if _only_goes_on(row) else DEPENDS[type(row)](row))


def _only_goes_on(row: Any) -> bool:
    """Tell whether a request or disclosure stays with its case, was not filed, and neither ended nor reopened."""
    ended, attributes = ENDS.get(type(row)), instance_state(row).attrs
    # what is filed after a closing voids it
    if ended is None or any(attributes[name].history.has_changes() for name in ("case_number", "submitted_at")):
        return False
    state = instance_state(row).attrs.state.history
    before = list(state.deleted)
    return not state.has_changes() or (bool(before) and ended(before[0]) == ended(row.state))


for _model in DEPENDS:
    # ids are known after an insert; what was before is known before an update
    event.listen(_model, "after_insert", _note_whole)
    event.listen(_model, "before_update", _note_change)
    event.listen(_model, "before_delete", _note_whole)


@event.listens_for(db.session, "do_orm_execute")
def _note_deleted(state: ORMExecuteState) -> None:
    """Rows deleted by one statement are looked at before they go."""
    model = state.bind_mapper.class_ if state.bind_mapper is not None else None
    if isinstance(state.statement, Delete) and model in DEPENDS and state.session.info.get("unit"):
        touched = state.session.info["touched"]
        touched.add(("table", model.__tablename__))
        which = state.statement.whereclause
        for row in state.session.scalars(select(model) if which is None else select(model).where(which)):
            touched.update(DEPENDS[model](row))


# Before the commit -----------------------------------------------------------------------------------------


def _follow(session: Session) -> None:
    """Recalculate the standings of what the unit touched."""
    noted = session.info["touched"]
    written = session.connection().info.get("changed", set())
    loose = {model.__tablename__ for model in DEPENDS} & written - {name for kind, name in noted if kind == "table"}
    if loose:
        raise Unfollowed(f"rows of {', '.join(sorted(loose))} were written past the session")

    def named(kind: str) -> set[Any]:
        return {value for what, value in noted if what == kind}

    if not noted - {("table", name) for name in named("table")}:
        return
    cases, people = named("case"), named("person")
    records = named("record")
    records |= set(session.scalars(select(CasePerson.case_record_id).where(CasePerson.person_file_id.in_(people))))
    cases |= set(session.scalars(select(CaseRecord.case_number).where(CaseRecord.id.in_(records))))
    # the records of one matter keep each other
    together = set().union(*of_matters(cases).values())
    records |= set(session.scalars(select(CaseRecord.id).where(CaseRecord.case_number.in_(together))))
    calculate(CaseRecord, records, today())
    # asked once the standings of the records are locked: whoever links a file meanwhile calculates it after us
    linked = select(CasePerson.person_file_id).where(CasePerson.case_record_id.in_(records))
    calculate(PersonFile, named("file") | people | set(session.scalars(linked)), today())


BEFORE_COMMIT.append(_follow)


# The calculation -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Difference:
    """A record whose kept standing was another than the rules give: its status and rule before and now.

    `under`: the policy version it was kept under; empty where none was kept, or never calculated.
    """

    target: Target
    before: tuple[str, str]
    after: tuple[str, str]
    under: str


def calculate(model: type[CaseRecord] | type[PersonFile], ids: Collection[int], day: date) -> list[Difference]:
    """Keep where these records stand on a day; what is disposed of is kept no longer. Answers what was otherwise.

    Needs an open unit of work. Two that touch one record go one by one, each with all that the other committed.
    """
    if not ids:
        return []
    column = StoredStanding.case_record_id if model is CaseRecord else StoredStanding.person_file_id
    rows = select(StoredStanding).where(column.in_(ids)).order_by(StoredStanding.id).with_for_update()
    kept = {
        row.case_record_id or row.person_file_id: row
        for row in db.session.scalars(rows.execution_options(populate_existing=True))
    }
    found = standings_of_cases(ids, day) if model is CaseRecord else standings_of_files(ids, day)
    differences = []
    for key in sorted(ids):
        row = kept.get(key)
        if key not in found:
            if row is not None:
                db.session.delete(row)
            continue
        if row is None:
            row = StoredStanding(policy_version="", **{column.key: key})
            db.session.add(row)
        before = (status_on(row, day), row.earliest, row.rule)
        under = row.policy_version
        _keep(row, found[key], day)
        after = (status_on(row, day), row.earliest, row.rule)
        if before != after:
            target = db.session.get_one(CaseRecord, key) if model is CaseRecord else db.session.get_one(PersonFile, key)
            differences.append(Difference(target, (before[0], before[2] or ""), (after[0], after[2]), under))
    db.session.flush()
    return differences


def _keep(row: StoredStanding, standing: Standing, day: date) -> None:
    row.status, row.earliest, row.rule = standing.status, standing.earliest, deciding(standing).rule_id
    row.policy_version, row.calculated_on = policy().version, day


def deciding(standing: Standing) -> Any:
    """Return the first of the deciding reasons, or the whole where none decides alone."""
    return next((reason for reason in standing.why.children if reason.decides), standing.why)


def status_on(row: StoredStanding, day: date) -> str:
    """Return the stored status on a day: a record with a day is due from then on, whenever it was calculated."""
    if row.earliest is None:
        return row.status or ""
    return "disposable" if row.earliest <= day else "upcoming"


def missing(model: type[CaseRecord] | type[PersonFile], limit: int) -> Iterable[int]:
    """Return the ids of records not disposed of that have no stored standing."""
    column = StoredStanding.case_record_id if model is CaseRecord else StoredStanding.person_file_id
    rows = select(model.id).where(model.disposed_at.is_(None), ~select(column).where(column == model.id).exists())
    return db.session.scalars(rows.order_by(model.id).limit(limit)).all()
