"""The conditions of assigning and handing over a request's work (SRC-2, SRC-4, ACC-2)."""

from __future__ import annotations

from app.access.actor import Actor
from app.access.clearance import is_cleared
from app.models.requests import FRRequest
from app.policy import policy
from app.policy.reasons import gives_reason
from app.workflow.facts import Facts
from app.workflow.registry import SEPARATIONS, condition

#: the parts that keep an examiner from working on a request
PARTS = ("requester", "peer", "supervisor", "discussing_supervisor")


@condition("work_unassigned", "SRC-2", "ACC-7")
def work_unassigned(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    if request.examiner_id is None:
        return None
    return "You have it already." if request.examiner_id == actor.id else "Another examiner has it."


@condition("actor_holds_work", "SRC-2", "ACC-7")
def actor_holds_work(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    return None if request.examiner_id is not None and request.examiner_id == actor.id else "You do not have it."


def parts_of(request: FRRequest) -> set[int]:
    """Return whoever holds a part that keeps them from examining the request."""
    return {person for name in PARTS for person in SEPARATIONS[name](request)}


@condition("receiver_may_examine", "ACC-2", "ACC-4", "SRC-4", "REQ-4")
def receiver_may_examine(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    """`receiver`: the Actor as the directory has them now, or None: see app.domain.workload.verbs.receiver_of."""
    receiver = facts.get("receiver")
    if receiver is None or not receiver.can("examination.work"):
        return "Choose an examiner who is in the unit and currently trained."
    if not is_cleared(request, receiver):
        return f"This examiner is not cleared for the request. {policy().request.political.who_names}"
    if receiver.id == request.examiner_id:
        return "The request is with this examiner already."
    if receiver.id in parts_of(request):
        return "This examiner holds another part in the request."
    return None


@condition("hand_over_noted", "SRC-2")
def hand_over_noted(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    """Require notes unless nobody had the work."""
    least = policy().request.workload.min_notes
    if request.examiner_id is None or gives_reason(policy(), facts.get("notes"), least):
        return None
    return f"Write where the work stands, in at least {least} characters, in words."
