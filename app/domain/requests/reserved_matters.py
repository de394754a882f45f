"""Matters that are reserved to the Intelligence Bureau: no request beside a reserved one opens them (LIM-7).

Whoever splits what involves political activity over two requests, two numbers of the matter or two uses of one
photograph comes by no search that the whole unit sees.
"""

from __future__ import annotations

from sqlalchemy import exists, or_, select

from app.access.actor import Actor
from app.clauses import enforces
from app.domain.requests.earlier_refusals import with_images
from app.extensions import db
from app.models.requests import FRRequest
from app.workflow.facts import Facts
from app.workflow.registry import condition


@enforces("LIM-7")
def beside_a_reserved(request: FRRequest) -> bool:
    """Tell whether a reserved request is of the same matter or holds one of this one's photographs.

    One that was withdrawn or refused counts too: its matter is none the less political for it.
    """
    related = or_(request.in_same_matter(), with_images(request.current_images))
    found = select(exists().where(FRRequest.is_reserved(), FRRequest.id != request.id, related))
    return bool(db.session.scalar(found))


@condition("matter_not_reserved", "LIM-7", written_by=("submit", "resubmit"))
def matter_not_reserved(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    """Judge as the form's own: a draft's page would tell whoever types numbers into it which are reserved."""
    if request.political or not beside_a_reserved(request):
        return None
    return "This matter, or a photograph of this request, is in an investigation reserved to the Intelligence Bureau."
