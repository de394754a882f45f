"""Whose turn it is with a disclosure, for lists and the home page: the rules that later allow the step answer."""

from __future__ import annotations

from sqlalchemy import func, select

from app.access.actor import Actor
from app.access.scoping import visible
from app.extensions import db
from app.models.disclosure import Disclosure
from app.models.incident import Incident
from app.policy import policy
from app.policy.types import Next
from app.workflow.engine import allowed

DECISIONS = ("approve", "determine")
#: a package is fetched first, its receipt recorded afterwards
HANDING_OUT = ("fetch", "acknowledge")


def may_decide(disclosure: Disclosure, actor: Actor) -> bool:
    """Whether the actor is one who decides on this disclosure: its basis says whether that must be the officer."""
    if not {row.verb for row in allowed(disclosure, actor)} & set(DECISIONS):
        return False
    basis = policy().disclosure.bases.get(disclosure.basis or "")
    return "disclosure.decide" in actor.capabilities or (basis is not None and basis.decided_by != "privacy_officer")


def task(disclosure: Disclosure, actor: Actor) -> str:
    """What this person is asked to do with the disclosure now, or empty."""
    return next((step.text for step in disclosure.stands.next if _asked(disclosure, step, actor)), "")


def _asked(disclosure: Disclosure, step: Next, actor: Actor) -> bool:
    """Whether this person is asked for a step that is due."""
    if step.verb in DECISIONS:
        return may_decide(disclosure, actor)
    if step.verb in HANDING_OUT:
        package = disclosure.current_package
        if package is None or (package.fetched_at is None) is (step.verb == "acknowledge"):
            return False
    return disclosure.asked_by_id == actor.id


def waiting_for(actor: Actor) -> list[tuple[Disclosure, str]]:
    """(disclosure, what to do) of everything that is this person's turn, longest waiting first."""
    if "disclosure.read" not in actor.capabilities:
        return []
    rows = visible(Disclosure, actor).where(Disclosure.awaiting()).order_by(Disclosure.state_since)
    return [(row, words) for row in db.session.scalars(rows) if (words := task(row, actor))]


def open_incidents() -> int:
    """How many incidents are not closed."""
    return db.session.scalar(select(func.count(Incident.id)).where(~Incident.having("final"))) or 0
