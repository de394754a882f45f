"""The replay of a recorded search, asked for by a supervisor or an integrity officer."""

from __future__ import annotations

from sqlalchemy import select

from app.domain.identification.search_replays import CannotReplay, Replayed, keep, replay
from app.extensions import db
from app.jobs.registry import Retry, handles
from app.models import SearchReplay
from app.models.engine import Job
from app.storage.errors import DiskFailure
from app.unit_of_work import unit_of_work


def _load(uid: str) -> SearchReplay | None:
    row = db.session.scalars(select(SearchReplay).where(SearchReplay.uid == uid)).one_or_none()
    return row if row is not None and row.finished_at is None else None


def _failed(row: Job, cause: str) -> None:
    with unit_of_work():
        asked = _load(row.subject_id)
        if asked is not None:
            keep(asked, CannotReplay(cause))


@handles("replay", on_failure=_failed)
def run_replay(row: Job) -> None:
    """Run a replay that was asked for, once."""
    asked = _load(row.subject_id)
    if asked is None:
        return
    try:
        found: Replayed | CannotReplay = replay(asked.search)
    except CannotReplay as cannot:
        found = cannot
    except DiskFailure as error:
        raise Retry(str(error)) from error
    with unit_of_work():
        asked = _load(row.subject_id)
        if asked is not None:
            keep(asked, found)
