"""Whose turn it is with a disclosure, for lists and the home page: the rules that later allow the step answer."""

from __future__ import annotations

from sqlalchemy import func, select

from app.access.actor import Actor
from app.access.scoping import visible
from app.domain.disclosures import OPEN_STATES
from app.extensions import db
from app.models.disclosure import Disclosure
from app.models.incident import Incident
from app.policy import policy
from app.workflow.engine import allowed

#: the states in which it is somebody's turn
OPEN = ("draft", "returned", "submitted", "approved", "released")
DECISIONS = ("approve", "determine")


def may_decide(disclosure: Disclosure, actor: Actor) -> bool:
    """Whether the actor is one who decides on this disclosure: its basis says whether that must be the officer."""
    if not {row.verb for row in allowed(disclosure, actor)} & set(DECISIONS):
        return False
    basis = policy().disclosure.bases.get(disclosure.basis or "")
    return "disclosure.decide" in actor.capabilities or (basis is not None and basis.decided_by != "privacy_officer")


def task(disclosure: Disclosure, actor: Actor) -> str:
    """What this person is asked to do with the disclosure now, or empty."""
    if disclosure.state == "submitted":
        return "Decide on it" if may_decide(disclosure, actor) else ""
    if disclosure.asked_by_id != actor.id:
        return ""
    if disclosure.state in OPEN_STATES:
        return "Complete and submit it" if disclosure.state == "draft" else "Change it and submit it again"
    if disclosure.state == "approved":
        return "Have the package built"
    if disclosure.state == "released" and disclosure.current_package is not None:
        return "Record the receipt" if disclosure.current_package.fetched_at else "Fetch the package"
    return ""


def waiting_for(actor: Actor) -> list[tuple[Disclosure, str]]:
    """(disclosure, what to do) of everything that is this person's turn, longest waiting first."""
    if "disclosure.read" not in actor.capabilities:
        return []
    rows = visible(Disclosure, actor).where(Disclosure.state.in_(OPEN)).order_by(Disclosure.state_since)
    return [(row, words) for row in db.session.scalars(rows) if (words := task(row, actor))]


def open_incidents() -> int:
    """How many incidents are not closed."""
    return db.session.scalar(select(func.count(Incident.id)).where(Incident.state != "closed")) or 0
