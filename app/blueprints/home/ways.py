"""The address at which a person works on a request: the same request has another page for each part in it."""

from __future__ import annotations

from flask import current_app, url_for

from app.access.actor import Actor
from app.domain.approvals import FILE_STATES
from app.models.request import FRRequest

#: capability -> endpoint of a request's page, tried in this order after the parts a person has in the request
UNIT_PAGES = (("approval.decide", "approval.file"), ("basis.confirm", "review.work"))


def way_to(request: FRRequest, actor: Actor) -> str | None:
    """The address of this request's page for this person, or None when they have none."""
    if request.requester_id == actor.id:
        return _address("requests.show", request)
    if request.discussing_supervisor_id == actor.id:
        return _address("requests.discussion", request)
    if request.state == "approved" and request.examiner_id == actor.id:
        return _address("approval.prepare", request)
    closed = {"approval.file"} if request.state not in FILE_STATES else set()
    endpoint = next((page for capability, page in UNIT_PAGES if actor.can(capability) and page not in closed), None)
    return _address(endpoint, request) if endpoint else None


def _address(endpoint: str, request: FRRequest) -> str | None:
    return url_for(endpoint, number=request.number) if endpoint in current_app.view_functions else None
