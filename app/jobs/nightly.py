"""The nightly work, asked for once a day by whichever scheduler looks first: recalculated standings, deleted jobs."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.calendar import today
from app.clauses import enforces
from app.domain.oversight.job_pruning import prune
from app.domain.retention.recalculation import recalculate
from app.extensions import db
from app.jobs.registry import handles
from app.models.engine import Job
from app.outbox import ask
from app.policy import policy
from app.unit_of_work import unit_of_work


@enforces("RET-11")
def ask_nightly() -> int:
    """Ask for the day's work once, and for the standings again under new rules. Opens its own unit of work.

    Answers how many jobs were asked for.
    """
    day = today().isoformat()
    wanted = {
        f"standings:{day}:{policy().version[:16]}": "recalculate_standings",
        f"pruning:{day}": "prune_jobs",
    }
    known = set(db.session.scalars(select(Job.once).where(Job.once.in_(wanted))))
    if known == set(wanted):
        return 0
    try:
        with unit_of_work():
            for once, kind in wanted.items():
                ask(kind, day, once)
    except IntegrityError:  # another process asked in the same moment
        return 0
    return len(wanted) - len(known)


@handles("recalculate_standings")
def run_recalculation(row: Job) -> None:
    """Calculate every standing anew; after a kill it goes on with those that are left."""
    recalculate()


@handles("prune_jobs")
def run_pruning(row: Job) -> None:
    """Delete the jobs that are done and long over."""
    prune()
