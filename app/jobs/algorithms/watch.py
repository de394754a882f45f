"""The warning that the evaluation record of the algorithm in use lapses soon (FAIR-3)."""

from __future__ import annotations

import json

from sqlalchemy import select

from app import audit
from app.calendar import today
from app.clauses import enforces
from app.domain.accounts.people import holders_of
from app.domain.algorithms import registry as algorithms
from app.domain.notices.notifications import tell
from app.extensions import db
from app.jobs.registry import handles
from app.matching.catalogue import Extractor
from app.models import AuditEvent
from app.models.engine import Job
from app.outbox import ask
from app.policy.names import CapabilityId
from app.unit_of_work import unit_of_work

#: whoever searches, approves what was searched, or keeps the registry
WARNED: tuple[CapabilityId, ...] = ("search.run", "approval.decide", "algorithm.read")


def watch() -> None:
    """Ask for the warning when it is due, once for each record. Opens its own unit of work."""
    if algorithms.lapse_warning(today()) is None:
        return
    entry = algorithms.active()
    once = f"lapse:{entry.sha256}:{_due(entry)}"
    if db.session.scalars(select(Job.id).where(Job.once == once)).first() is None:
        with unit_of_work():
            ask("warn_of_lapse", entry.sha256[:40], once)


def _due(entry: Extractor) -> str:
    return algorithms.due_of(entry.nist).isoformat() if entry.nist is not None else ""


def _was_warned(entry: Extractor) -> bool:
    """Tell whether the warning of this record was given; the job may have been killed right after it."""
    warned = db.session.scalars(select(AuditEvent.keys).where(AuditEvent.event == "algorithm.lapse_warned"))
    given = (json.loads(keys) for keys in warned)
    return any((keys["algorithm"], keys["due"]) == (entry.sha256, _due(entry)) for keys in given)


@enforces("FAIR-3")
@handles("warn_of_lapse")
def run_warning(row: Job) -> None:
    """Leave a notice for everybody concerned, once for each record."""
    if algorithms.lapse_warning(today()) is None:
        return
    entry = algorithms.active()
    people = {account for capability in WARNED for account in holders_of(capability)}
    with unit_of_work():
        if _was_warned(entry):
            return
        tell("algorithm_lapses", people)
        audit.record("algorithm.lapse_warned", algorithm=entry.sha256, due=_due(entry), people=len(people))
