"""The lists of retention, counted and paged by the database from the stored standings (RET-11).

The lines of one page are calculated anew all the same, for their reasons name what is kept nowhere.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, func, select

from app.access.actor import Actor
from app.access.scoping import visible
from app.domain.retention.eligibility import Target
from app.domain.retention.eligibility_many import standings_of_cases, standings_of_files
from app.extensions import db
from app.models.base import filled
from app.models.retention import CaseRecord, Disposal, DisposalItem, PersonFile, StoredStanding
from app.policy.retention.types import Standing

#: list -> the statuses it shows
LISTS = {
    "due": ("disposable",),
    "upcoming": ("upcoming",),
    "held": ("held",),
    "permanent": ("permanent",),
    "unclassified": ("unclassified", "unknown"),
    "open": ("open",),
}


#: a table and the id of one of its rows
Key = tuple[type[Target], int]


@dataclass(frozen=True, slots=True)
class ListedRecord:
    """One line of a list: a case record or person file, where it stands, the disposal that has taken it up."""

    target: Target
    standing: Standing
    taken: Disposal | None


def counts(actor: Actor, day: date) -> dict[str, int]:
    """Count the records of each list on a day, and "all", in this person's scope."""
    kept = visible(StoredStanding, actor).subquery()
    come = (kept.c.earliest <= day).label("come")
    rows = select(kept.c.status, come, func.count()).group_by(kept.c.status, come)
    found = dict.fromkeys((*LISTS, "all"), 0)
    for status, due, count in db.session.execute(rows):
        now = status if due is None else "disposable" if due else "upcoming"
        found[next(name for name, statuses in LISTS.items() if now in statuses)] += count
        found["all"] += count
    return found


def rows_of(actor: Actor, which: str, day: date) -> Select[StoredStanding]:
    """Select the stored standings of a list (LISTS, or "all"), earliest due first. Raises KeyError for no such list."""
    rows = visible(StoredStanding, actor)
    if which == "all":
        return rows.order_by(StoredStanding.earliest.asc().nulls_last(), StoredStanding.id)
    return rows.where(_in_list(which, day)).order_by(StoredStanding.earliest, StoredStanding.id)


def _in_list(which: str, day: date) -> ColumnElement[bool]:
    # what has a day is due from that day on, whether it was calculated since or not
    if which == "due":
        return StoredStanding.earliest <= day
    if which == "upcoming":
        return StoredStanding.earliest > day
    return StoredStanding.status.in_(LISTS[which])


def lines(kept: Sequence[StoredStanding], day: date) -> list[ListedRecord]:
    """Return the lines of one page, in its order."""
    cases = [row.case_record_id for row in kept if row.case_record_id is not None]
    files = [row.person_file_id for row in kept if row.person_file_id is not None]
    targets: dict[Key, Target] = {}
    for record in db.session.scalars(select(CaseRecord).where(CaseRecord.id.in_(cases))):
        targets[CaseRecord, record.id] = record
    for file in db.session.scalars(select(PersonFile).where(PersonFile.id.in_(files))):
        targets[PersonFile, file.id] = file
    standings: dict[Key, Standing] = {(CaseRecord, key): at for key, at in standings_of_cases(cases, day).items()}
    standings |= {(PersonFile, key): at for key, at in standings_of_files(files, day).items()}
    taken = _taken(CaseRecord, cases) | _taken(PersonFile, files)
    found = []
    for row in kept:
        key = _key(row)
        found.append(ListedRecord(targets[key], standings[key], taken.get(key)))
    return found


def _key(row: StoredStanding) -> Key:
    if row.case_record_id is not None:
        return CaseRecord, row.case_record_id
    return PersonFile, filled(row.person_file_id)


def _taken(model: type[Target], ids: Collection[int]) -> dict[Key, Disposal]:
    """Map (table, id) to the open disposal that holds the record."""
    column = DisposalItem.case_record_id if model is CaseRecord else DisposalItem.person_file_id
    rows = (
        select(column, Disposal)
        .join(DisposalItem.disposal)
        .where(column.in_(ids), Disposal.having("under_way"))
        .order_by(Disposal.id.desc())
    )
    return {(model, key): disposal for key, disposal in db.session.execute(rows) if key is not None}
