"""Embedding the repository with both algorithms of a change: slice by slice, so that nothing else waits long.

What is missing is asked of the database before every batch, so a slice that was killed is simply done again, and two at
once do no harm.
"""

from __future__ import annotations

import time

import structlog
from sqlalchemy import select

from app.clauses import enforces
from app.domain.algorithms import changes as algorithm_changes
from app.domain.algorithms import networks
from app.domain.gallery import embedding, loaded_index
from app.extensions import db
from app.jobs.registry import JobFailed, Retry, handles
from app.matching.errors import MatchingError
from app.models import AlgorithmChange
from app.models.engine import Job
from app.outbox import ask
from app.storage.errors import DiskFailure
from app.unit_of_work import unit_of_work

log = structlog.get_logger()

#: photographs embedded in one transaction, and after how long a slice gives way to other work
BATCH_PHOTOS = 50
SLICE_SECONDS = 20.0


def _load(uid: str) -> AlgorithmChange | None:
    """Load the change, while both sets of templates are kept up."""
    change = db.session.scalars(select(AlgorithmChange).where(AlgorithmChange.uid == uid)).one_or_none()
    return change if change is not None and change.has("kept_up") else None


@enforces("FAIR-3", "CAP-3")
@handles("embed")
def run_embedding(row: Job) -> None:
    """Embed for a while; then ask for the next slice, or say that nothing is missing."""
    uid, once = row.subject_id, row.once
    try:
        finished = _slice(uid, row)
    except DiskFailure as error:
        raise Retry(str(error)) from error
    except MatchingError as error:
        raise JobFailed(str(error)) from error
    with unit_of_work():
        change = _load(uid)
        if change is None:
            return
        if not finished or algorithm_changes.accounted_for(change):
            ask("embed", uid, _after(once))
        elif change.state == "embedding":
            algorithm_changes.embedded(change)
    if finished:
        _bring_up(uid)


def _slice(uid: str, row: Job) -> bool:
    """Embed one slice; returns whether nothing is missing any more."""
    began, done = time.monotonic(), 0
    while True:
        db.session.rollback()
        change = _load(uid)
        if change is None:
            return True
        todo = _next(change)
        if todo is None:
            return True
        digest, photos = todo
        done += embedding.embed(photos, networks.extractor_of(digest), change).done
        seconds = time.monotonic() - began
        with unit_of_work():
            row.progress = {"photographs": done, "seconds": round(seconds, 3)}
        if seconds >= SLICE_SECONDS:
            return False


def _next(change: AlgorithmChange) -> tuple[str, list[int]] | None:
    """The next photographs and the algorithm they miss; the one that searches use comes first."""
    digests = (change.source_digest, change.target_digest)
    for digest in digests if change.state != "in_use" else reversed(digests):
        photos = embedding.missing(digest, change=change, limit=BATCH_PHOTOS)
        if photos:
            return digest, photos
    return None


def _after(once: str) -> str:
    """Return the id of the next slice; a slice that is run twice asks for the same one."""
    start, dash, number = once.rpartition("+")
    return f"{start}+{int(number) + 1}" if dash else f"{once}+1"


def _bring_up(uid: str) -> None:
    """Have the index of the other algorithm stand beside the one in use before anybody cuts over."""
    change = _load(uid)
    if change is None:
        return
    try:
        for digest in (change.source_digest, change.target_digest):
            loaded_index.repository(networks.extractor_of(digest)).refresh()
    except MatchingError as error:
        log.error("index_not_ready", change=change.number, cause=str(error))
