"""Naming people of the unit for one request that involves political activity, and who is still missing (LIM-7)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from app.access.actor import Actor, actor_last_seen
from app.access.clearance import cleared_account, is_cleared, is_member
from app.access.scoping import visible
from app.clauses import enforces
from app.domain.accounts.people import holders_of
from app.domain.notices.notifications import tell
from app.domain.workload.conditions import parts_of
from app.extensions import db
from app.models import Account, Clearance, FRRequest
from app.models.base import filled, now
from app.policy import policy
from app.policy.names import CapabilityId
from app.policy.reasons import gives_reason
from app.workflow.engine import advance
from app.workflow.facts import Facts
from app.workflow.registry import condition

#: what the unit does with a request: the capability, and how it is called where people are missing
WORK: tuple[tuple[CapabilityId, str], ...] = (
    ("examination.work", "examiner"),
    ("peer.review", "peer reviewer"),
    ("approval.decide", "supervisor of the unit"),
)

#: who is told on their own page that people are missing
ANSWERS: tuple[CapabilityId, ...] = ("clearance.name", "discussion.confirm", "approval.decide")


@condition("request_reserved", "LIM-7")
def request_reserved(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    return None if request.reserved else "This request involves no political activity."


@condition("person_may_be_cleared", "LIM-7")
def person_may_be_cleared(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    """`account`: who is to be named, or None; `receiver`: the same person as the directory has them now."""
    account, receiver = facts["account"], facts["receiver"]
    if account is None or receiver is None or not any(receiver.can(capability) for capability, _ in WORK):
        return "Choose a trained examiner or a supervisor of the unit."
    if account.id == actor.id:
        return "You cannot name yourself."
    if cleared_account(request, account):
        return f"{account.display_name} is cleared for this request already."
    return None


@condition("clearance_reasoned", "LIM-7")
def clearance_reasoned(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    least = policy().request.political.least_reason
    enough = gives_reason(policy(), facts["reason"], least)
    return None if enough else f"Write the reason, in at least {least} characters, in words."


@condition("clearance_stands", "LIM-7")
def clearance_stands(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    row = facts["clearance"]
    stands = row is not None and row.request_id == request.id and row.withdrawn_at is None
    return None if stands else "This person is not named for the request, or no longer."


@enforces("LIM-7", "ACC-6")
def clear(request: FRRequest, actor: Actor, account: Account | None, receiver: Actor | None, reason: str) -> None:
    """Name somebody for the request and tell them. `receiver`: the Actor as the directory has them. Raises Refused."""
    person = account.uid if account is not None else ""
    advance(request, "clear", actor, account=account, receiver=receiver, reason=reason, person=person)
    row = Clearance(request=request, account=filled(account), named_by_id=actor.id)
    row.seal(reason=reason.strip())
    db.session.add(row)
    db.session.flush()
    tell("clearance_given", [row.account_id], request)


@enforces("LIM-7", "ACC-6")
def end(request: FRRequest, actor: Actor, row: Clearance | None, reason: str) -> None:
    """Take back that somebody was named; the request exists for them no longer. Raises Refused."""
    person = row.account.uid if row is not None else ""
    advance(request, "end_clearance", actor, clearance=row, reason=reason, person=person)
    row = filled(row)
    row.withdrawn_at, row.withdrawn_by_id = now(), actor.id
    row.seal(withdrawn_because=reason.strip())


def standing(request: FRRequest) -> list[Clearance]:
    """Return who is named for the request now."""
    return [row for row in request.clearances if row.withdrawn_at is None]


def may_be_named(request: FRRequest) -> list[Account]:
    """Return the people of the unit, as last seen in the directory, who could be named and are not cleared yet."""
    return [
        account
        for account, actor in _people()
        if not is_cleared(request, actor) and any(actor.can(capability) for capability, _ in WORK)
    ]


@dataclass(frozen=True, slots=True)
class Missing:
    """So many people are cleared and trained for a kind of work, and so many are needed.

    `untrained`: who is cleared and holds the role, and whose training is not current. `why`: why it takes so many.
    """

    what: str
    cleared: int
    needed: int
    untrained: int = 0
    why: str = ""


@enforces("LIM-7")
def missing(request: FRRequest) -> list[Missing]:
    """Return the kinds of work for which too few are cleared, without those who hold a part that keeps them from it."""
    if not request.reserved or request.has("final"):
        return []
    apart = parts_of(request)
    peers = policy().review.peers.count
    # an examiner of the request cannot be its peer: both together need one more than the peers alone
    needed = {"examination.work": 1, "peer.review": peers + 1, "approval.decide": 1}
    held = {request.examiner_id, *apart}
    cleared = [actor for _, actor in _people() if is_cleared(request, actor)]
    found = []
    for capability, what in WORK:
        able = [actor for actor in cleared if capability in actor.capabilities]
        counted = [one for one in able if capability != "approval.decide" or one.id not in held]
        trained = sum(one.can(capability) for one in counted)
        if trained < needed[capability]:
            why = f"{peers} review, and whoever examines it cannot" if capability == "peer.review" else ""
            found.append(Missing(what, trained, needed[capability], len(counted) - trained, why))
    return found


@dataclass(frozen=True, slots=True)
class Short:
    """A reserved request for which people are missing."""

    request: FRRequest
    missing: list[Missing]


@enforces("LIM-7")
def ask_for_people(request: FRRequest) -> None:
    """Notify the office that names people, where too few are cleared for a request. Needs an open unit of work."""
    if missing(request):
        tell("people_missing", holders_of("clearance.name"), request)


@enforces("LIM-7")
def short_of_people(actor: Actor) -> list[Short]:
    """Return the reserved requests this person may know of and answers for, for which too few people are cleared.

    For the office that names, the supervisor of a discussion and supervisors of the unit.
    """
    if not any(actor.can(capability) for capability in ANSWERS):
        return []
    rows = visible(FRRequest, actor).where(FRRequest.is_reserved(), ~FRRequest.having("final"))
    found = (Short(one, missing(one)) for one in db.session.scalars(rows.order_by(FRRequest.id)))
    return [one for one in found if one.missing]


def namers() -> list[Account]:
    """Return who can name people: the Deputy Commissioner's office, members of the Bureau, as last seen."""
    return [account for account, actor in _people() if is_member(actor) and actor.can("clearance.name")]


def _people() -> list[tuple[Account, Actor]]:
    rows = select(Account).where(Account.enabled.is_(True)).order_by(Account.display_name)
    return [(account, actor_last_seen(account)) for account in db.session.scalars(rows)]
