"""The erasure of a disposal's records one at a time, each step safe to repeat after a kill (RET-11).

1. `mark` (one unit): the record is asked once more whether it is due. If not it is spared, with the rule. If so, record
   and requests become disposed of, so that no page opens them any more, and what is to be destroyed is written down.
   There is no way back from here, and none is needed: nothing can place a hold on it any more.
2. `destroy` (no unit): keys first, for then everything is unreadable at once, in backups of the database too; then the
   files. Both may be repeated.
3. `delete` (one unit): the identifying rows go; the event tells how much.
4. `scrub` (no unit): what the database's files may still hold of deleted rows is overwritten.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import delete as delete_from
from sqlalchemy import select

from app import audit
from app.access.actor import system_actor
from app.clauses import enforces
from app.domain.gallery import index_snapshot
from app.domain.gallery import verbs as gallery
from app.domain.matters.links import links_with_words
from app.domain.oversight import exports
from app.domain.retention.eligibility import NotDue, label, locked, not_due, requests_of
from app.domain.retention.erasure_plan import run
from app.domain.retention.erasure_rows import ErasurePlan, arrest_counts, delete_rows, plan_of
from app.domain.sealing.copies import take_out
from app.extensions import db, stores
from app.models import CaseHistory, CasePerson, CaseRecord, Disposal, DisposalItem, FRRequest, PersonFile
from app.models.base import filled, now
from app.storage import StorageError
from app.storage.errors import DiskFailure
from app.workflow.engine import advance

#: what follows the last record of a disposal, before the database's files are cleaned; an area that keeps copies of
#: what was erased adds what destroys them. Each may run twice.
AFTERWARDS: list[Callable[[], object]] = [gallery.finish_erasures, index_snapshot.forget, exports.forget_register]
#: how long the cleaning of the database's files waits for others, each time
BUSY_SECONDS = 10.0
#: a write that a crash cut short is older than this; younger ones may be under way
CUT_SHORT_SECONDS = 3600


def begin(disposal: Disposal) -> None:
    """Start the execution of a disposal that two people approved. Needs an open unit of work; raises Refused."""
    advance(disposal, "begin", system_actor())
    disposal.started_at = now()
    db.session.flush()


def item_by_uid(uid: str) -> DisposalItem:
    """Return an item, locked until the unit ends where one is open."""
    rows = select(DisposalItem).where(DisposalItem.uid == uid).with_for_update()
    return db.session.scalars(rows.execution_options(populate_existing=True)).one()


# Step 1 ----------------------------------------------------------------------------------------------------


@enforces("RET-1", "RET-2", "RET-3", "RET-4", "RET-5", "RET-6", "RET-7", "RET-8", "RET-9", "RET-10", "RET-11")
def mark(uid: str, orphans: Sequence[str] = ()) -> str:
    """Decide, once, whether an item is erased or spared; returns its state. Needs an open unit of work.

    orphans: blobs of no row that were found to be sealed under the item's keys.
    """
    item = item_by_uid(uid)
    if item.state != "pending":
        return item.state
    target = locked(item.target)
    found = not_due(target) or _kept_with_its_record(item)
    if found is not None:
        _spare(item, found)
    elif isinstance(target, CaseRecord):
        _mark_record(item, target, orphans)
    else:
        _mark_file(item, target)
    db.session.flush()
    return item.state


def _kept_with_its_record(item: DisposalItem) -> NotDue | None:
    """RET-10, file_with_records: the records of a file were to go before it; one that was spared keeps it."""
    if item.person_file is None:
        return None
    for link in item.person_file.links:
        if link.record.state != "disposed":
            return NotDue("file_with_records", f"{label(link.record).capitalize()}, to which it belongs, is kept.")
    return None


def _spare(row: DisposalItem, found: NotDue) -> None:
    row.state, row.spared_because, row.spared_by_rule = "spared", found.sentence[:300], found.rule_id
    audit.record("disposal.item_spared", row.disposal, actor=system_actor(), item=row.uid, rule=found.rule_id)


def _mark_record(item: DisposalItem, record: CaseRecord, orphans: Sequence[str]) -> None:
    requests = [request for request in requests_of(record) if request.state != "disposed"]
    plan = plan_of(requests)
    plan.add(ErasurePlan([record.key_id], list(orphans)))
    # what people wrote of its links may tell of the case; that there was a link remains
    plan.add(ErasurePlan([filled(row.key_id) for row in links_with_words(record.case_number)]))
    number = item.disposal.number
    # set before the step: a disposed record without its day would break the table's own check
    record.disposed_at = now()
    with db.session.no_autoflush:
        advance(record, "dispose", system_actor(), disposal=number)
    for request in requests:
        advance(request, "dispose", system_actor(), disposal=number)
    _begin_erasing(item, plan, [request.number for request in requests])


def _mark_file(item: DisposalItem, file: PersonFile) -> None:
    plan = ErasurePlan([file.key_id])
    person = file.gallery_person
    if person is not None:
        # their photographs leave the repository in this unit, so that no search lists them from here on
        plan.add(
            ErasurePlan(
                [person.key_id, *(photo.key_id for photo in person.photos)], [photo.blob_id for photo in person.photos]
            )
        )
        held = gallery.held_of(person)
        if held:
            take_out(held, gallery.DISPOSED)
    file.disposed_at = now()
    audit.record("person_file.disposed", file, actor=system_actor(), disposal=item.disposal.number)
    _begin_erasing(item, plan, [])


def _begin_erasing(row: DisposalItem, plan: ErasurePlan, requests: list[str]) -> None:
    row.state, row.begun_at = "erasing", now()
    row.erased = {"keys": plan.keys, "blobs": plan.blobs, "requests": requests}
    row.delivered = plan.delivered


def orphans_of(uid: str) -> list[str]:
    """Blobs that are in no row and open with a key of this item: what a crash between file and row left behind.

    Reads only; slow where there are many orphans, so it is done before the unit.
    """
    item = db.session.scalars(select(DisposalItem).where(DisposalItem.uid == uid)).one()
    if item.state != "pending" or item.case_record is None:
        return []
    keys = [item.case_record.key_id, *(request.key_id for request in requests_of(item.case_record))]
    usable = [key for key in keys if stores().keys.exists(key)]
    known = referenced_blobs()
    found = []
    for blob_id in stores().blobs.iter_ids():
        if blob_id not in known and any(_opens(blob_id, key) for key in usable):
            found.append(blob_id)
    return found


def _opens(blob_id: str, key_id: str) -> bool:
    try:
        return stores().blobs.sealed_under(blob_id, key_id)
    except DiskFailure:
        raise
    except StorageError:
        return False  # the key went meanwhile


def referenced_blobs() -> set[str]:
    """Return the ids of every blob that a row names, in any column whose name ends in blob_id."""
    known: set[str] = set()
    for table in db.metadata.tables.values():
        for column in table.columns:
            if column.name.endswith("blob_id"):
                known |= set(db.session.scalars(select(column).where(column.is_not(None))))
    return known


# Steps 2 and 3 ---------------------------------------------------------------------------------------------


@enforces("RET-11", "ACC-10")
def destroy(uid: str) -> None:
    """Destroy the keys and files of an item whose erasure has begun; may be repeated. Raises DiskFailure."""
    item = db.session.scalars(select(DisposalItem).where(DisposalItem.uid == uid)).one()
    if item.state != "erasing":
        return
    keys, blobs = list(item.erased["keys"]), list(item.erased["blobs"])
    db.session.rollback()
    stores().erase(keys, blobs)


@enforces("RET-11")
def delete(uid: str) -> None:
    """Delete the identifying rows of an item; a second run finds it erased. Needs an open unit of work."""
    row = item_by_uid(uid)
    if row.state != "erasing":
        return
    plan = dict(row.erased)
    if any(not stores().keys.is_destroyed(key_id) for key_id in plan["keys"]):
        raise RuntimeError(f"{uid}: rows are deleted only after their keys are destroyed")
    arrests: list[list[Any]] = []
    if row.case_record is not None:
        arrests = arrest_counts(plan["requests"])
        rows = delete_rows(_planned(plan["requests"]))
        _clear(rows, _clear_record(filled(item_by_uid(uid).case_record)))
    else:
        rows = {}
        _clear(rows, _clear_file(filled(row.person_file)))
    row = item_by_uid(uid)
    row.erased = {**plan, "rows": rows, "arrests": arrests}
    row.state, row.erased_at = "erased", now()
    db.session.flush()
    audit.record(
        "disposal.item_erased",
        row.disposal,
        actor=system_actor(),
        item=row.uid,
        keys=len(plan["keys"]),
        blobs=len(plan["blobs"]),
        rows=rows,
    )


def _planned(numbers: Iterable[str]) -> list[FRRequest]:
    return list(db.session.scalars(select(FRRequest).where(FRRequest.number.in_(list(numbers)))))


def _clear(rows: dict[str, int], more: dict[str, int]) -> None:
    rows.update({table: rows.get(table, 0) + count for table, count in more.items() if count})


def _clear_record(record: CaseRecord) -> dict[str, int]:
    """Blank a record except case number, state, dates and accounts. Links stay with files that outlive it."""
    record.sealed = None
    record.classes, record.proposed, record.history_seen = [], [], 0
    for hold in record.holds:
        hold.sealed = None
    for row in links_with_words(record.case_number):
        row.sealed, row.key_id = None, None
    db.session.flush()
    gone = run(delete_from(CaseHistory).where(CaseHistory.case_record_id == record.id))
    db.session.expire(record)
    return {"case_history": gone}


def _clear_file(file: PersonFile) -> dict[str, int]:
    file.sealed, file.gallery_person = None, None
    for hold in file.holds:
        hold.sealed = None
    db.session.flush()
    gone = run(delete_from(CasePerson).where(CasePerson.person_file_id == file.id))
    db.session.expire(file)
    return {"case_person": gone}


# Step 4 ----------------------------------------------------------------------------------------------------


class StillRead(Exception):
    """Raised when a long read kept the database's log from being emptied; tried again later."""


@enforces("RET-11")
def scrub() -> None:
    """Overwrite what the database's own files may still hold of rows that are gone. Raises StillRead.

    SQLite: deleted bytes are overwritten by `secure_delete`, but the log keeps older pages until it is emptied, and
    pages keep remains of rows that moved. So the file is written anew, then the log is emptied. PostgreSQL: VACUUM
    frees the space; its log and backups keep old pages until they are recycled, which is why keys are destroyed first.
    """
    db.session.rollback()
    raw = db.engine.raw_connection()
    try:
        if db.engine.dialect.name == "postgresql":
            _vacuum_postgresql(raw)
        else:
            _vacuum_sqlite(filled(raw.driver_connection))
    finally:
        raw.close()


def _vacuum_postgresql(raw: Any) -> None:
    raw.driver_connection.autocommit = True
    try:
        raw.driver_connection.execute("VACUUM")
    finally:
        raw.driver_connection.autocommit = False


def _vacuum_sqlite(connection: sqlite3.Connection) -> None:
    patience = connection.execute("PRAGMA busy_timeout").fetchone()[0]
    connection.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
    try:
        connection.execute("VACUUM")
        busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.OperationalError as error:
        raise StillRead(f"The database's files could not be cleaned: {error}.") from error
    finally:
        connection.execute(f"PRAGMA busy_timeout = {patience}")
    if busy:
        raise StillRead("The database's log could not be emptied, for somebody is reading; it is tried again.")


def sweep_cut_short() -> int:
    """Destroy files that a crash cut short while they were written: no row can refer to them. Answers how many."""
    known = referenced_blobs()
    found = [
        blob_id
        for blob_id in stores().blobs.iter_ids(older_than=CUT_SHORT_SECONDS)
        if blob_id not in known and not stores().blobs.exists(blob_id)
    ]
    for blob_id in found:
        stores().blobs.destroy(blob_id)
    return len(found)
