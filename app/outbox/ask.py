"""The outbox: a job is a row written in the caller's transaction, sent to the queue only after the commit.

Measured: after SIGKILL a job of an in-process RQ worker stays STARTED and is not retried. So the row, not the queue, is
the truth; the queue carries its uid and may be lost at any time.
"""

from __future__ import annotations

from sqlalchemy import select

from app.extensions import db
from app.models.engine import Job
from app.outbox.kinds import KINDS
from app.outbox.send import send
from app.unit_of_work import after_commit


def ask(kind: str, subject_id: str, once: str) -> Job:
    """Ask for a job inside the open unit of work; the same `once` asked twice is one job."""
    known = db.session.scalars(select(Job).where(Job.once == once)).one_or_none()
    if known is not None:
        return known
    row = Job(kind=kind, queue=KINDS[kind].queue, subject_id=subject_id, once=once)
    db.session.add(row)
    db.session.flush()
    uid, queue = row.uid, row.queue
    after_commit(lambda: send(queue, uid))
    return row


def last_job(kind: str, subject_id: str) -> Job | None:
    """Return the newest job of this kind for a subject, or None."""
    rows = select(Job).where(Job.kind == kind, Job.subject_id == subject_id).order_by(Job.id.desc())
    return db.session.scalars(rows.limit(1)).first()


def ask_once(kind: str, subject_id: str) -> Job:
    """Ask for the one job that a subject needs; for another only after the last one gave up."""
    rows = select(Job).where(Job.kind == kind, Job.subject_id == subject_id).order_by(Job.id.desc())
    tried = db.session.scalars(rows).all()
    if tried and tried[0].state != "failed":
        return tried[0]
    return ask(kind, subject_id, once=f"{kind}:{subject_id}:{len(tried)}")
