"""What the working page asks beside the steps: the job of a search and the standing of the algorithm."""

from __future__ import annotations

from app.domain.algorithms import registry as algorithms
from app.matching.nist import NistStatus
from app.models import Search
from app.models.base import now
from app.models.engine import Job
from app.outbox import last_job


def job_of(search: Search | None) -> Job | None:
    """The work that compares the probe with the repository."""
    return last_job("search", search.uid) if search is not None else None


def algorithm_status() -> NistStatus:
    """FAIR-2: whether the installed algorithm has a current NIST evaluation record."""
    return algorithms.status(now().date())
