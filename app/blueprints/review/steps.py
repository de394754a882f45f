"""The working page's further facts: the job of a search and the evaluation status of the algorithm."""

from __future__ import annotations

from app.calendar import today
from app.domain.algorithms import registry as algorithms
from app.matching.nist import NistStatus
from app.models import Search
from app.models.engine import Job
from app.outbox import last_job


def job_of(search: Search | None) -> Job | None:
    """Return the job that searches the repository for the probe."""
    return last_job("search", search.uid) if search is not None else None


def algorithm_status() -> NistStatus:
    """Return whether the installed algorithm has a current NIST evaluation record (FAIR-2)."""
    return algorithms.status(today())
