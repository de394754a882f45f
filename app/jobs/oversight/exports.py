"""Writes a long list to its file, a slice at a time, so that no search waits for it (AUD-6, EXT-7)."""

from __future__ import annotations

import time

from app.clauses import enforces
from app.domain.oversight import exports
from app.jobs.registry import JobFailed, Retry, Unfinished, handles
from app.models.engine import Job
from app.storage import DiskFailure, StorageError

#: a search that comes meanwhile waits no longer than this and the part that is being written
SLICE_SECONDS = 5.0


@enforces("AUD-6", "EXT-7")
@handles(exports.JOB)
def write_export(row: Job) -> None:
    """Write parts until the list or the slice is at its end; what is written stays written after a kill."""
    uid, begun = row.uid, time.monotonic()
    try:
        while exports.write_part(uid):
            if time.monotonic() - begun >= SLICE_SECONDS:
                raise Unfinished
        exports.finish(uid)
    except DiskFailure as error:
        raise Retry(str(error)) from error
    except StorageError as error:
        raise JobFailed(str(error)) from error
