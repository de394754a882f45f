"""Upkeep during a change of algorithm: every photograph that enters gets templates of both (FAIR-3, CAP-3)."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from app.clauses import enforces
from app.domain.algorithms import registry as algorithms
from app.extensions import db
from app.models import AlgorithmChange
from app.models.engine import Job
from app.outbox import ask
from app.unit_of_work import Conflict


def running() -> AlgorithmChange | None:
    """Return the running change, or None; there is never more than one."""
    return db.session.scalars(select(AlgorithmChange).where(AlgorithmChange.having("kept_up"))).one_or_none()


@enforces("FAIR-3", "CAP-3")
def enrolled(digests: Collection[str], generation: int) -> None:
    """Ask for the missing templates of photographs that entered with these algorithms while a change runs.

    Raises Conflict for an algorithm that is neither in use nor part of the change: it was cut over meanwhile.
    """
    change = running()
    kept_up = {algorithms.active().sha256}
    if change is not None:
        kept_up |= {change.source_digest, change.target_digest}
    if not set(digests) <= kept_up:
        raise Conflict("the algorithm in use became another one meanwhile")
    if change is None:
        return
    waiting = select(Job.id).where(Job.kind == "embed", Job.subject_id == change.uid, Job.state == "queued")
    if db.session.scalars(waiting).first() is None:
        ask("embed", change.uid, f"embed:{change.uid}:g{generation}")
