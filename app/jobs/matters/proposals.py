"""Compares a filed request with those of other numbers, and proposes what may be one matter (REQ-2, RET-11)."""

from __future__ import annotations

from sqlalchemy import select

from app.domain.matters import proposals
from app.domain.matters.comparison import evidence_for
from app.extensions import db
from app.jobs.registry import handles
from app.models.engine import Job
from app.models.requests import FRRequest
from app.unit_of_work import unit_of_work


@handles(proposals.JOB)
def compare_matters(row: Job) -> None:
    """Compare one request; texts are opened before the unit begins. A second run finds nothing that is new."""
    request = db.session.scalars(select(FRRequest).where(FRRequest.number == row.subject_id)).one_or_none()
    if request is None:
        return
    found = evidence_for(request)
    if found:
        with unit_of_work():
            proposals.propose(request, found)
