"""The address at which a person works on a subject: each part in a request has its own page."""

from __future__ import annotations

from flask import current_app, url_for

from app.access.actor import Actor
from app.domain.approval.verbs import file_is_open
from app.domain.examination.conditions import nominee_left
from app.domain.identification.lineage import last_asked
from app.domain.workload.overview import asked_of
from app.models.base import Stateful
from app.models.requests import FRRequest
from app.policy.names import CapabilityId, RequestVerb
from app.workflow.options import options

#: capability -> endpoint of a request's page, tried in this order after the parts a person has in the request
UNIT_PAGES: tuple[tuple[CapabilityId, str], ...] = (
    ("approval.decide", "approval.file"),
    ("basis.confirm", "review.work"),
    ("work.assign", "workload.show"),
    ("clearance.name", "requests.clearance"),
)
#: step asked of a supervisor of the unit while others have the request -> endpoint of the page where it is taken
STEP_PAGES: dict[str, str] = {"agree_to_answer": "answers.contradictions", "agree_to_repeat": "repeats.repeat"}
#: the step that nobody is asked for, and whose page shows a supervisor how the peers stand
PEERS: RequestVerb = "stop_peer_review"
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
    if actor.can("approval.decide"):
        step = asked_of(request, actor)
        if step is not None and step.verb in STEP_PAGES:
            return _address(STEP_PAGES[step.verb], request)
        if request.takes(PEERS) and not nominee_left(request):
            able = options(request, actor).permits(PEERS)
            return _address("peer_review.peers" if able else "workload.show", request)
    if request.state == "probe_selected" and actor.can("approval.decide") and request.examiner_id != actor.id:
        asked = last_asked(request.current_search) if request.current_search is not None else None
        return _address("repeats.repeat", request) if asked is not None else None
    closed = set() if file_is_open(request) else {"approval.file"}
    endpoint = next((page for capability, page in UNIT_PAGES if actor.can(capability) and page not in closed), None)
    return _address(endpoint, request) if endpoint else None


def _address(endpoint: str, request: FRRequest) -> str | None:
    return url_for(endpoint, number=request.number) if endpoint in current_app.view_functions else None
