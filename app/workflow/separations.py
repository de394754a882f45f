"""Who already holds a part in a request: requester ≠ examiner ≠ each peer ≠ supervisor, whatever their roles."""

from __future__ import annotations

from app.models.request import FRRequest
from app.workflow.registry import separation


@separation("requester", "REQ-4", "SRC-4", "SRC-5")
def requester(request: FRRequest) -> set[int]:
    return {request.requester_id}


@separation("examiner", "SRC-4", "SRC-5")
def examiner(request: FRRequest) -> set[int]:
    """The examiner of the request and of every round and search, earlier ones included."""
    people = {request.examiner_id, *(r.examiner_id for r in request.rounds), *(s.examiner_id for s in request.searches)}
    return {person for person in people if person is not None}


@separation("peer", "SRC-4", "FAIR-1")
def peer(request: FRRequest) -> set[int]:
    """Peers of every round: after a round opens its verdicts are known, so a later peer must be a fresh one."""
    return {review.peer_id for round_ in request.rounds for review in round_.peer_reviews}


@separation("supervisor", "SRC-5")
def supervisor(request: FRRequest) -> set[int]:
    return {review.supervisor_id for round_ in request.rounds for review in round_.final_reviews}


@separation("discussing_supervisor", "AUD-1")
def discussing_supervisor(request: FRRequest) -> set[int]:
    return {request.discussing_supervisor_id} if request.discussing_supervisor_id is not None else set()
