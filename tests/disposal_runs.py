"""Helpers for tests of disposals: running the handler as a worker does, and killing it at a chosen call."""

from __future__ import annotations

from sqlalchemy import select

from app.domain.oversight import trail_check
from app.domain.retention import verbs as retention
from app.extensions import db
from app.jobs.retention import disposals as disposal_job
from app.models import (
    CaseRecord,
    Disposal,
    FRRequest,
    Job,
)

CASE = "2026-075-07777"
KEPT = "2026-075-08888"


def request_of(record: CaseRecord) -> FRRequest:
    return retention.requests_of(record)[0]


def chain_faults() -> list:
    """Return the faults of the trail, with those of each step and its event."""
    db.session.rollback()
    with trail_check.one_moment() as session:
        return list(trail_check.faults(session))


class Killed(BaseException):
    """Raised in place of a kill: nothing in the program catches it, and open work is rolled back, as after a crash."""


def killing(monkeypatch, owner, name: str, *, after: bool, nth: int = 1) -> None:
    """Make the n-th call of a function the last thing that happens, done or not."""
    original, calls = getattr(owner, name), []

    def last(*args, **kwargs):
        calls.append(name)
        if len(calls) == nth and not after:
            raise Killed(name)
        answer = original(*args, **kwargs)
        if len(calls) == nth:
            raise Killed(name)
        return answer

    monkeypatch.setattr(owner, name, last)


def run(disposal: Disposal) -> None:
    """Run the handler as a worker does, in a session of its own."""
    db.session.rollback()
    job = db.session.scalars(select(Job).where(Job.kind == "disposal", Job.subject_id == disposal.number)).one()
    disposal_job.execute_disposal(job)
