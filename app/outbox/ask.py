"""Slow work is a row first: written in the caller's transaction, sent to the queue only after the commit.

Measured: after SIGKILL a job of an in-process RQ worker stays STARTED and is not retried. So the row, not the queue, is
the truth; the queue carries its uid and may be lost at any time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from app.extensions import db
from app.models.engine import Job
from app.outbox.send import send
from app.unit_of_work import after_commit

Handler = Callable[[Job], None]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of job: its queue, its handler, how often it is tried."""

    name: str
    queue: str
    handler: Handler
    tries: int
    on_failure: Callable[[Job, str], None] | None


KINDS: dict[str, Kind] = {}


class Retry(Exception):
    """Raised by a handler for a passing trouble; the job runs again after a while."""


class Unfinished(Exception):
    """Raised by a handler that has worked long enough at a time: the job goes on once others had their turn.

    What was done so far must be kept, for the next turn is counted as a first try.
    """


class JobFailed(Exception):
    """Raised by a handler for a named cause that trying again does not mend; the message is shown to people."""


def job(
    name: str, *, queue: str, tries: int = 5, on_failure: Callable[[Job, str], None] | None = None
) -> Callable[[Handler], Handler]:
    """Register a handler: it takes the job row, is idempotent, checks the workflow again, opens its own unit."""

    def keep(handler: Handler) -> Handler:
        KINDS[name] = Kind(name, queue, handler, tries, on_failure)
        return handler

    return keep


def ask(kind: str, subject_id: str, once: str) -> Job:
    """Ask for a piece of work inside the open unit of work; the same `once` asked twice is one job."""
    known = db.session.scalars(select(Job).where(Job.once == once)).one_or_none()
    if known is not None:
        return known
    if kind not in KINDS:
        # the portal asks, the worker works: here the handlers may not have been imported yet
        from app.jobs import handlers

        handlers.load()
    row = Job(kind=kind, queue=KINDS[kind].queue, subject_id=subject_id, once=once)
    db.session.add(row)
    db.session.flush()
    uid, queue = row.uid, row.queue
    after_commit(lambda: send(queue, uid))
    return row


def last_job(kind: str, subject_id: str) -> Job | None:
    """The piece of work of this kind that was asked for last for a subject, or None."""
    rows = select(Job).where(Job.kind == kind, Job.subject_id == subject_id).order_by(Job.id.desc())
    return db.session.scalars(rows.limit(1)).first()


def ask_once(kind: str, subject_id: str) -> Job:
    """Ask for the one piece of work that a subject needs; for another run only after the last one gave up."""
    rows = select(Job).where(Job.kind == kind, Job.subject_id == subject_id).order_by(Job.id.desc())
    tried = db.session.scalars(rows).all()
    if tried and tried[0].state != "failed":
        return tried[0]
    return ask(kind, subject_id, once=f"{kind}:{subject_id}:{len(tried)}")


def delay(attempts: int) -> timedelta:
    """How long to wait before the next try: 2, 4, 8 … seconds, at most five minutes."""
    return timedelta(seconds=min(2**attempts, 300))
