"""An import as a whole: listed once, cut into chunks that are jobs, resumed after any interruption.

The rows wait sealed under a key of the import's own, which dies when nothing waits any more. A chunk is worked off by
this command, by processes it starts, or by the portal's running workers: see `app.jobs.gallery.import_workers`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

from sqlalchemy import ColumnElement, delete, exists, func, or_, select, update

from app import audit
from app.domain.gallery import samples
from app.domain.gallery.intake_manifest import Row
from app.domain.gallery.intake_sources import FolderSource, ItlSource, Source, surveyed
from app.extensions import db, stores
from app.models import GalleryImport, ImportChunk, ImportOutcome, ImportSample, Job
from app.models.base import now
from app.outbox.kinds import LOCAL
from app.outbox.send import send
from app.unit_of_work import after_commit, unit_of_work

JOB = "import_chunk"
QUEUE = "gallery"
#: records of a chunk: some five seconds of one processor
CHUNK_ROWS = 50
#: chunks listed in one transaction
_PLANNED = 100
Item = TypeVar("Item")


def begin(source: Source) -> GalleryImport:
    """Resume the unfinished import of this very list, or begin a new one; afterwards all its records wait in chunks.

    A manifest is read through before anything is kept. Raises IntakeError, StorageError.
    """
    records, content = surveyed(source)
    unfinished = GalleryImport.state.in_(("planning", "running"))
    found = db.session.scalars(select(GalleryImport).where(GalleryImport.content == content, unfinished)).first()
    if found is None:
        found = _new(source, records, content)
    if found.state == "planning":
        _plan(found, source)
    return found


def _new(source: Source, records: int, content: str) -> GalleryImport:
    folder, key_id = str(source.folder.resolve()), stores().keys.create()
    with unit_of_work():
        for earlier in db.session.scalars(
            select(GalleryImport).where(
                GalleryImport.folder == folder, GalleryImport.state.in_(("planning", "running"))
            )
        ):
            _replace(earlier)
        made = GalleryImport(kind=source.kind, folder=folder, content=content, key_id=key_id, records=records, tally={})
        db.session.add(made)
        db.session.add(ImportSample(of=made, number=1))
        db.session.flush()
        audit.record("gallery.import_started", made, batch=made.uid, records=records)
    return made


def _replace(earlier: GalleryImport) -> None:
    """End an import whose list was changed: the new list holds what is still to be done."""
    chunks = select(ImportChunk.uid).where(ImportChunk.import_id == earlier.id)
    db.session.execute(delete(Job).where(Job.kind == JOB, Job.subject_id.in_(chunks), Job.state != "running"))
    db.session.execute(delete(ImportChunk).where(ImportChunk.import_id == earlier.id))
    earlier.state, earlier.finished_at = "replaced", now()
    audit.record("gallery.import_replaced", earlier, batch=earlier.uid, records=earlier.done)
    # what entered of it stays, and somebody signs for it too
    samples.draw(earlier)
    key_id = earlier.key_id
    after_commit(lambda: stores().keys.destroy(key_id))


def _plan(of: GalleryImport, source: Source) -> None:
    """Cut the remaining records into chunks; a killed run is resumed where it stopped."""
    number, planned = db.session.execute(
        select(func.count(), func.coalesce(func.sum(ImportChunk.records), 0)).where(ImportChunk.import_id == of.id)
    ).one()
    rows = islice(source.rows(), planned, None)
    for several in _grouped(_grouped(rows, CHUNK_ROWS), _PLANNED):
        with unit_of_work():
            for chunk_rows in several:
                number += 1
                _add_chunk(of, number, chunk_rows)
    with unit_of_work():
        of.state = "running"
        audit.record("gallery.import_planned", of, batch=of.uid, chunks=number)


def _add_chunk(of: GalleryImport, number: int, rows: Sequence[Row]) -> None:
    chunk = ImportChunk(of=of, number=number, records=len(rows))
    db.session.add(chunk)
    chunk.seal(rows=[[row.line, dict(row.values)] for row in rows])
    db.session.add(Job(kind=JOB, queue=LOCAL, subject_id=chunk.uid, once=f"import:{chunk.uid}"))


def _grouped(items: Iterator[Item], size: int) -> Iterator[list[Item]]:
    while group := list(islice(items, size)):
        yield group


def source_of_import(of: GalleryImport) -> Source:
    """Return the source from which a chunk's records are opened, wherever the worker runs."""
    return FolderSource(Path(of.folder)) if of.kind == "folder" else ItlSource(Path(of.folder))


def _jobs_of(of: GalleryImport) -> ColumnElement[bool]:
    """Select the jobs of an import's chunks that are still to be done."""
    waiting = select(ImportChunk.uid).where(ImportChunk.import_id == of.id, ImportChunk.done.is_(False))
    return (Job.kind == JOB) & Job.subject_id.in_(waiting)


def take_back(of: GalleryImport, *, all_local: bool) -> None:
    """Requeue what failed or was left by a dead process, for this machine's own processes; called before a run.

    all_local: no process of this machine works on it (the caller holds the import lock), so that its leases are void.
    """
    free = or_(Job.state.in_(("queued", "failed")), Job.lease_until < now())
    if all_local:
        free = or_(free, Job.queue == LOCAL)
    with unit_of_work() as rows:
        rows.execute(
            update(Job)
            .where(_jobs_of(of), free)
            .values(
                state="queued",
                queue=LOCAL,
                attempts=0,
                sent_at=None,
                not_before=now(),
                lease_until=None,
                lease_owner=None,
                finished_at=None,
                error=None,
            )
            .execution_options(synchronize_session=False)
        )
        rows.execute(
            update(ImportChunk)
            .where(ImportChunk.import_id == of.id)
            .values(error=None)
            .execution_options(synchronize_session=False)
        )


def hand_over(of: GalleryImport, count: int) -> None:
    """Give some waiting chunks to the portal's running workers. Each that ends hands over the next: the queue never
    holds a whole import, or it would be sent again by every sweep.
    """
    with unit_of_work():
        jobs = db.session.scalars(
            select(Job).where(_jobs_of(of), Job.queue == LOCAL, Job.state == "queued").order_by(Job.id).limit(count)
        ).all()
        for job in jobs:
            job.queue = QUEUE
            after_commit(partial(send, QUEUE, job.uid))


def next_job(of: GalleryImport) -> str | None:
    """Return the uid of the next job that a process of this machine may take up, in the order of the list."""
    moment = now()
    return db.session.scalar(
        select(Job.uid)
        .where(
            _jobs_of(of),
            Job.queue == LOCAL,
            or_(
                (Job.state == "queued") & (Job.not_before <= moment),
                (Job.state == "running") & (Job.lease_until < moment),
            ),
        )
        .order_by(Job.id)
        .limit(1)
    )


def waiting(of: GalleryImport) -> int:
    """Count the chunks that this machine still has to do, now or after a pause."""
    return (
        db.session.scalar(
            select(func.count()).select_from(Job).where(_jobs_of(of), Job.queue == LOCAL, Job.state == "queued")
        )
        or 0
    )


def trouble(of: GalleryImport) -> str | None:
    """Return why a chunk was given up, or None."""
    return db.session.scalar(
        select(ImportChunk.error).where(ImportChunk.import_id == of.id, ImportChunk.error.is_not(None)).limit(1)
    )


def tried_again(of: GalleryImport) -> Job | None:
    """Return the newest chunk that waits for another try after a passing failure, or None."""
    rows = select(Job).where(_jobs_of(of), Job.state == "queued", Job.error.is_not(None)).order_by(Job.id.desc())
    return db.session.scalars(rows.limit(1)).first()


def last_sign(of: GalleryImport) -> datetime:
    """Return when a chunk was last taken up or kept alive; the import's beginning when none was."""
    beat = db.session.scalar(
        select(func.max(Job.lease_until)).where(
            Job.kind == JOB, Job.subject_id.in_(select(ImportChunk.uid).where(ImportChunk.import_id == of.id))
        )
    )
    return max(of.created_at, beat or of.created_at)


def finish(of: GalleryImport) -> bool:
    """Close an import when nothing waits any more; returns whether it is closed. Called by whoever ends a chunk."""
    with unit_of_work():
        db.session.refresh(of, with_for_update=True)
        left = db.session.scalar(select(exists().where(ImportChunk.import_id == of.id, ImportChunk.done.is_(False))))
        if of.state == "running" and not left:
            of.state, of.finished_at = "done", now()
            audit.record("gallery.import_finished", of, batch=of.uid, outcomes=dict(of.tally))
            samples.draw(of)
            key_id = of.key_id
            after_commit(lambda: stores().keys.destroy(key_id))
        return of.state == "done"


def destroy_spent_keys() -> None:
    """Destroy keys of imports that ended and whose process was killed before it could."""
    spent = db.session.scalars(select(GalleryImport.key_id).where(GalleryImport.state.in_(("done", "replaced"))))
    for key_id in spent:
        if stores().keys.exists(key_id):
            stores().keys.destroy(key_id)


def outcomes(of: GalleryImport, *, only_kept_out: bool = False) -> Iterator[ImportOutcome]:
    """Yield the outcome of each record, in the order of the list."""
    wanted = select(ImportOutcome).where(ImportOutcome.import_id == of.id).order_by(ImportOutcome.line)
    if only_kept_out:
        wanted = wanted.where(ImportOutcome.outcome.not_in(("enrolled", "already")))
    return iter(db.session.scalars(wanted.execution_options(yield_per=1000)))
