"""The unit's queue: urgent first, then oldest; what is due, and whose it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, or_, select
from sqlalchemy.orm import joinedload

from app.access.actor import Actor
from app.access.scoping import visible
from app.clauses import enforces
from app.domain.identification import is_available
from app.domain.overview import deadline
from app.extensions import db
from app.models import Account, FRRequest
from app.policy import policy

#: an examiner of the unit does the next step
WAITING = (
    "submitted", "documented", "probe_selected", "search_failed", "searched", "under_examination", "continued",
    "approved",
)  # fmt: skip
ENDED = ("closed", "refused", "reported", "negative")
NOT_IN_THE_UNIT = ("draft", "withdrawn")
#: only these can lack an examiner who is available (see WF-take-over)
ASSIGNED = (
    "submitted",
    "accepted",
    "documented",
    "probe_selected",
    "search_failed",
    "searched",
    "under_examination",
    "approved",
)


@dataclass(frozen=True, slots=True)
class Line:
    """One request of the queue."""

    item: FRRequest
    due: datetime
    overdue: bool
    assigned: str


#: when the unit should have acted, by the priority's own hours
due_at = deadline


def unavailable_examiners() -> set[int]:
    """The accounts of examiners with open work who left, were disabled or are no longer trained (ACC-2).

    Raises DirectoryUnavailable.
    """
    holding = select(FRRequest.examiner_id).where(FRRequest.state.in_(ASSIGNED))
    examiners = db.session.scalars(select(Account).where(Account.id.in_(holding)))
    return {examiner.id for examiner in examiners if not is_available(examiner)}


@enforces("SRC-4", "ACC-2")
def assignment(request: FRRequest, actor: Actor, unavailable: set[int]) -> str:
    """Whose work it is, without a name: whoever reads the queue may become a peer, who must not know the examiner."""
    if request.state == "continued" or request.examiner_id is None:
        return "Unassigned"
    if request.examiner_id == actor.id:
        return "You"
    if request.state in ASSIGNED and request.examiner_id in unavailable:
        return "Unassigned: take over"
    return "Another examiner"


def queue(actor: Actor, chosen: Mapping[str, str], unavailable: set[int]) -> Select[Any]:
    """The requests that `chosen` (show, state, priority) asks for, urgent first, then oldest."""
    rows = visible(FRRequest, actor).where(FRRequest.state.not_in(NOT_IN_THE_UNIT))
    # what the unit's member has filed as an investigator is no work of theirs here
    rows = rows.where(FRRequest.requester_id != actor.id)
    match chosen.get("show"):
        case "mine":
            rows = rows.where(FRRequest.examiner_id == actor.id, FRRequest.state.not_in((*ENDED, "continued")))
        case "unassigned":
            left = (FRRequest.state.in_(ASSIGNED)) & FRRequest.examiner_id.in_(unavailable)
            free = (FRRequest.state == "submitted") & FRRequest.examiner_id.is_(None)
            rows = rows.where(or_(free, FRRequest.state == "continued", left))
        case "open":
            rows = rows.where(FRRequest.state.not_in(ENDED))
        case "ended":
            rows = rows.where(FRRequest.state.in_(ENDED))
        case _:
            rows = rows.where(FRRequest.state.in_(WAITING))
    if chosen.get("state"):
        rows = rows.where(FRRequest.state == chosen["state"])
    if chosen.get("priority"):
        rows = rows.where(FRRequest.priority == chosen["priority"])
    urgency = {name: place for place, name in enumerate(policy().request.priorities)}
    return rows.options(joinedload(FRRequest.requester)).order_by(
        case(urgency, value=FRRequest.priority, else_=len(urgency)), FRRequest.submitted_at, FRRequest.id
    )


def lines(requests: list[FRRequest], actor: Actor, unavailable: set[int], moment: datetime) -> list[Line]:
    """The lines of one page of the queue."""
    made = []
    for request in requests:
        due = due_at(request)
        late = due < moment and request.state not in ENDED
        made.append(Line(request, due, late, assignment(request, actor, unavailable)))
    return made
