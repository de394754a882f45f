"""Matters that are reserved to the Intelligence Bureau: no request beside a reserved one opens them (LIM-7).

Whoever splits what involves political activity over two requests, two numbers of the matter or two uses of one
photograph comes by no search that the whole unit sees.
"""

from __future__ import annotations

from sqlalchemy import Select, or_, select

from app.access.actor import Actor
from app.access.clearance import cleared_account, is_cleared
from app.clauses import enforces
from app.domain.requests.earlier_refusals import with_images
from app.extensions import db
from app.models.accounts import Account
from app.models.requests import FRRequest
from app.workflow.facts import Facts
from app.workflow.history import steps_of
from app.workflow.registry import condition

RESERVED = "This matter, or a photograph of this request, is in an investigation reserved to the Intelligence Bureau."


def _reserved_beside(request: FRRequest) -> Select[FRRequest]:
    related = or_(request.in_same_matter(), with_images(request.current_images))
    return select(FRRequest).where(FRRequest.is_reserved(), FRRequest.id != request.id, related)


@enforces("LIM-7")
def beside_a_reserved(request: FRRequest) -> bool:
    """Tell whether a reserved request is of the same matter or holds one of this one's photographs.

    One that was withdrawn or refused counts too: its matter is none the less political for it.
    """
    return bool(db.session.scalar(select(_reserved_beside(request).exists())))


@condition("matter_not_reserved", "LIM-7", written_by=("submit", "resubmit"))
def matter_not_reserved(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    """Judge as the form's own: a draft's page would tell whoever types numbers into it which are reserved."""
    return RESERVED if not request.political and beside_a_reserved(request) else None


@condition("reserved_matter_cleared", "LIM-7", "ACC-1")
def reserved_matter_cleared(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    """Ask it past the search, where nothing can be withdrawn: who acts is cleared for every request beside."""
    if request.political:
        return None
    beside = db.session.scalars(_reserved_beside(request))
    return None if all(is_cleared(one, actor) for one in beside) else RESERVED


@condition("reserved_result_cleared", "LIM-7", "ACC-1")
def reserved_result_cleared(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    """Ask it of who brought the request to where it stands: a reserved one may have come after that decision."""
    beside = [] if request.political else db.session.scalars(_reserved_beside(request)).all()
    if not beside:
        return None
    decided = next((step.actor_id for step in reversed(steps_of(request)) if step.source != step.target), None)
    account = db.session.get(Account, decided) if decided is not None else None
    cleared = account is not None and all(cleared_account(one, account) for one in beside)
    return None if cleared else RESERVED
