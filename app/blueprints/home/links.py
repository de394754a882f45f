"""The address at which a person works on a subject: each part in a request has its own page."""

from __future__ import annotations

from flask import current_app, url_for

from app.access.actor import Actor
from app.domain.approval.verbs import file_is_open
from app.domain.identification.lineage import last_asked
from app.models.base import Stateful
from app.models.requests import FRRequest
from app.policy.names import CapabilityId

#: capability -> endpoint of a request's page, tried in this order after the parts a person has in the request
UNIT_PAGES: tuple[tuple[CapabilityId, str], ...] = (
    ("approval.decide", "approval.file"),
    ("basis.confirm", "review.work"),
    ("work.assign", "workload.show"),
)
#: subject type -> endpoint of its page, for subjects that have one page for everybody who may know of them
PAGES: dict[str, str] = {
    "case_record": "retention.case",
    "disclosure": "disclosures.show",
    "disposal": "retention.disposal",
    "hold": "retention.hold",
    "incident": "disclosures.incident",
    "sealing": "retention.sealing",
    "line_up": "review.line_up",
}


def address_for(subject: Stateful, actor: Actor) -> str | None:
    """Return the address of this subject's page for this person, or None when they have none."""
    if isinstance(subject, FRRequest):
        return _way_to_request(subject, actor)
    endpoint = PAGES.get(subject.subject_type)
    return url_for(endpoint, **{subject.lookup: getattr(subject, subject.lookup)}) if endpoint else None


def _way_to_request(request: FRRequest, actor: Actor) -> str | None:
    if request.requester_id == actor.id:
        return _address("requests.show", request)
    if request.discussing_supervisor_id == actor.id:
        return _address("requests.discussion", request)
    if request.state == "approved" and request.examiner_id == actor.id:
        return _address("approval.prepare", request)
    if request.state == "probe_selected" and actor.can("approval.decide") and request.examiner_id != actor.id:
        asked = last_asked(request.current_search) if request.current_search is not None else None
        return _address("repeats.repeat", request) if asked is not None else None
    closed = set() if file_is_open(request) else {"approval.file"}
    endpoint = next((page for capability, page in UNIT_PAGES if actor.can(capability) and page not in closed), None)
    return _address(endpoint, request) if endpoint else None


def _address(endpoint: str, request: FRRequest) -> str | None:
    return url_for(endpoint, number=request.number) if endpoint in current_app.view_functions else None
