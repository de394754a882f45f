"""The pruning of finished jobs: what a job did is an event, and look-ups of jobs stay quick with fewer rows.

All jobs of a subject go together, or none: several kinds number their next job by those there are, and a page offers to
try again what its last job failed at. Nothing is done a second time for it: whoever asks for a job first asks the
subject's own state.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from app.extensions import db, settings
from app.models.base import now
from app.models.engine import Job
from app.unit_of_work import unit_of_work

#: subjects looked at in one unit of work
BATCH = 200
#: kinds whose row alone says that the work was done
KEPT = ("warn_of_lapse",)


def prune() -> int:
    """Delete the jobs of subjects on which nothing happened for the days of the setting; returns how many."""
    before, last, gone = now() - timedelta(days=settings().keep_jobs_days), 0, 0
    while True:
        rows = select(Job.id, Job.subject_id).where(
            Job.id > last, Job.state == "done", Job.finished_at < before, Job.kind.not_in(KEPT)
        )
        found = db.session.execute(rows.order_by(Job.id).limit(BATCH)).all()
        db.session.rollback()
        if not found:
            return gone
        last = found[-1][0]
        with unit_of_work():
            gone += _prune({subject for _, subject in found}, before)


def _prune(subjects: set[str], before: datetime) -> int:
    by_subject: dict[str, list[Job]] = {subject: [] for subject in subjects}
    for job in db.session.scalars(select(Job).where(Job.subject_id.in_(subjects)).order_by(Job.id)):
        by_subject[job.subject_id].append(job)
    spent = [job.id for jobs in by_subject.values() if _spent(jobs, before) for job in jobs]
    db.session.execute(delete(Job).where(Job.id.in_(spent)).execution_options(synchronize_session=False))
    return len(spent)


def _spent(jobs: Iterable[Job], before: datetime) -> bool:
    """Select subjects whose jobs are all long over, the last of each kind having succeeded."""
    last = {job.kind: job for job in jobs}
    over = all(job.finished_at is not None and job.finished_at < before for job in jobs)
    return over and all(job.state == "done" and job.kind not in KEPT for job in last.values())
