"""Who may know of a request in an investigation that involves political activity, and who may do what with it (LIM-7).

The Intelligence Bureau files, discusses and concludes it, and it alone reads the narrative. Steps of the unit are open
to its members who hold the role and the training, and to whoever was named for this one request. The scopes ask
`cleared_rows`, the workflow `check_clearance`, and whoever picks people asks `is_cleared`: there is no other way in.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, literal, select, true

from app.access.actor import Actor, actor_last_seen
from app.clauses import enforces
from app.extensions import db
from app.models.accounts import Account
from app.models.requests import Clearance, FRRequest
from app.policy import policy
from app.policy.names import CapabilityId
from app.policy.refused import Refused


def is_member(actor: Actor) -> bool:
    """Tell whether the directory has this person in the Intelligence Bureau."""
    return policy().request.political.member in actor.capabilities


def is_member_account(account: Account) -> bool:
    """Tell the same of an account, as the directory had it last."""
    return policy().request.political.member in policy().capabilities_of(account.roles)


@enforces("LIM-7")
def is_cleared(request: FRRequest, actor: Actor, capability: CapabilityId | None = None) -> bool:
    """Tell whether this person may know of the request and, with a capability, act on it so."""
    if not request.reserved or actor.id is None or is_member(actor):
        return True
    if capability in policy().request.political.bureau:
        return False
    return any(row.account_id == actor.id and row.withdrawn_at is None for row in request.clearances)


@enforces("LIM-7")
def may_know(request: FRRequest, actor: Actor) -> bool:
    """Tell whether this person may learn that there is the request: cleared for it, or by a duty for every case."""
    return is_cleared(request, actor) or not actor.capabilities.isdisjoint(policy().request.political.duties)


@enforces("LIM-7")
def cleared_rows(actor: Actor) -> ColumnElement[bool]:
    """Test row by row whether this person may know of a request, as `is_cleared` does for one."""
    if is_member(actor):
        return true()
    named = select(literal(1)).where(
        Clearance.request_id == FRRequest.id, Clearance.account_id == actor.id, Clearance.withdrawn_at.is_(None)
    )
    return ~FRRequest.is_reserved() | named.correlate(FRRequest).exists()


@enforces("LIM-7")
def check_clearance(subject: Any, actor: Actor, capability: CapabilityId) -> None:
    """Refuse a step of a reserved request to whoever is not cleared for it."""
    if isinstance(subject, FRRequest) and not is_cleared(subject, actor, capability):
        rule = policy().request.political
        raise Refused(rule.id, f"You are not cleared for this request. {rule.who_names}")


def cleared_account(request: FRRequest, account: Account) -> bool:
    """Tell whether an account may know of the request, by the roles the directory had for it last."""
    return not request.reserved or is_cleared(request, actor_last_seen(account))


def cleared_among(request: FRRequest, people: set[int]) -> set[int]:
    """Return those of the accounts (ids) that may know of the request."""
    if not request.reserved:
        return people
    accounts = db.session.scalars(select(Account).where(Account.id.in_(people)))
    return {account.id for account in accounts if cleared_account(request, account)}


def private_for(request: FRRequest, actor: Actor) -> dict[str, Any]:
    """Return the private text of a request as this person may read it."""
    return {**request.private, "narrative": narrative_for(request, actor)}


def narrative_for(request: FRRequest, actor: Actor | None) -> str:
    """Return the narrative, or in its place that it is reserved; without an actor, for a document that others read."""
    if request.reserved and (actor is None or not is_member(actor)):
        return policy().request.political.withheld
    return str(request.private.get("narrative") or "")
