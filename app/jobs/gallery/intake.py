"""One chunk of an import of photographs (CAP-3, CAP-4): examined, embedded and written by whichever worker has it."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select

from app.domain.gallery import imports
from app.domain.gallery.intake import import_chunk
from app.domain.gallery.intake_manifest import IntakeError
from app.extensions import db
from app.jobs.registry import JobFailed, Retry, handles
from app.matching.errors import MatchingError
from app.models import ImportChunk
from app.models.engine import Job
from app.outbox.kinds import LOCAL
from app.storage import DiskFailure, StorageError
from app.unit_of_work import unit_of_work


def _chunk(uid: str) -> ImportChunk | None:
    return db.session.scalars(select(ImportChunk).where(ImportChunk.uid == uid)).one_or_none()


def _given_up(row: Job, cause: str) -> None:
    """Mark the chunk as given up; running the import again takes it up again."""
    with unit_of_work():
        chunk = _chunk(row.subject_id)
        if chunk is not None:
            chunk.error = cause[:300]


@handles(imports.JOB, on_failure=_given_up)
def run_chunk(row: Job) -> None:
    """Work off a chunk; a second run finds it done and changes nothing. A chunk that was dropped is none.

    Raises Retry when the disk fails, others change the same records, or this worker does not see the folder; JobFailed
    when the models are missing or a key is destroyed.
    """
    chunk, local = _chunk(row.subject_id), row.queue == LOCAL
    if chunk is None:
        return
    of = chunk.of
    if not Path(of.folder).is_dir():
        raise Retry(f"The folder {of.folder} is not there for this worker.")
    try:
        import_chunk(chunk.id, imports.source_of_import(of))
    except (IntakeError, DiskFailure) as trouble:
        raise Retry(str(trouble)) from trouble
    except (MatchingError, StorageError) as fault:
        raise JobFailed(str(fault)) from fault
    if not local:
        imports.hand_over(of, 1)
        imports.finish(of)
