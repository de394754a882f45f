"""The unit's queue: urgent first, then oldest; what is due, and whose it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, select
from sqlalchemy.orm import joinedload

from app.access.actor import Actor
from app.access.scoping import visible
from app.clauses import enforces
from app.domain.identification.verbs import is_available
from app.domain.workload.overview import deadline, unassigned, without_examiner
from app.extensions import db
from app.models import Account, FRRequest
from app.policy import policy


@dataclass(frozen=True, slots=True)
class QueueLine:
    """One request of the queue."""

    item: FRRequest
    due: datetime
    overdue: bool
    assigned: str


#: when the unit should have acted, by the priority's own hours
due_at = deadline


def unavailable_examiners() -> set[int]:
    """Return the accounts of examiners with open work who left, were disabled or are no longer trained (ACC-2).

    Raises DirectoryUnavailable.
    """
    holding = select(FRRequest.examiner_id).where(FRRequest.having("assigned"))
    examiners = db.session.scalars(select(Account).where(Account.id.in_(holding)))
    return {examiner.id for examiner in examiners if not is_available(examiner)}


@enforces("SRC-4", "ACC-2")
def assignment(request: FRRequest, actor: Actor, unavailable: set[int]) -> str:
    """Return whose work it is, without a name: a reader may become a peer, who must not know the examiner."""
    if request.examiner_id is None or unassigned(request):
        return "Unassigned"
    if request.examiner_id == actor.id:
        return "You"
    if request.takes("take_over") and request.examiner_id in unavailable:
        return "Unassigned: take over"
    return "Another examiner"


def queue(actor: Actor, chosen: Mapping[str, str], unavailable: set[int]) -> Select[Any]:
    """Select the requests that `chosen` (show, state, priority) asks for, urgent first, then oldest."""
    rows = visible(FRRequest, actor).where(FRRequest.having("filed"))
    # what the unit's member has filed as an investigator is no work of theirs here
    rows = rows.where(FRRequest.requester_id != actor.id)
    match chosen.get("show"):
        case "mine":
            rows = rows.where(FRRequest.examiner_id == actor.id, ~FRRequest.having("answered"), ~without_examiner())
        case "unassigned":
            left = FRRequest.taking("take_over") & FRRequest.examiner_id.in_(unavailable)
            rows = rows.where(without_examiner() | left)
        case "open":
            rows = rows.where(~FRRequest.having("answered"))
        case "ended":
            rows = rows.where(FRRequest.having("answered"))
        case _:
            rows = rows.where(FRRequest.awaiting("examiner"))
    if chosen.get("state"):
        rows = rows.where(FRRequest.state == chosen["state"])
    if chosen.get("priority"):
        rows = rows.where(FRRequest.priority == chosen["priority"])
    urgency = {name: place for place, name in enumerate(policy().request.priorities)}
    return rows.options(joinedload(FRRequest.requester)).order_by(
        case(urgency, value=FRRequest.priority, else_=len(urgency)), FRRequest.submitted_at, FRRequest.id
    )


def lines(requests: list[FRRequest], actor: Actor, unavailable: set[int], moment: datetime) -> list[QueueLine]:
    """Return the lines of one page of the queue."""
    made = []
    for request in requests:
        due = due_at(request)
        late = due < moment and request.has("due")
        made.append(QueueLine(request, due, late, assignment(request, actor, unavailable)))
    return made
