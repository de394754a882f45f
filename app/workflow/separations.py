"""Who already holds a part in a request: requester ≠ examiner ≠ each peer ≠ supervisor, whatever their roles."""

from __future__ import annotations

from sqlalchemy import select

from app.extensions import db
from app.models.engine import Transition
from app.models.request import FRRequest
from app.workflow.registry import separation


@separation("requester", "REQ-4", "SRC-4", "SRC-5")
def requester(request: FRRequest) -> set[int]:
    return {request.requester_id}


#: whoever took one of these steps has seen, or could have seen, what a peer must not
EXAMINERS_STEPS = ("prepare_probe", "select_probe", "start_search", "begin_examination", "take_over")


@separation("examiner", "SRC-4", "SRC-5")
def examiner(request: FRRequest) -> set[int]:
    """The examiner of the request and of every round and search, earlier ones and those replaced included."""
    steps = select(Transition.actor_id).where(
        Transition.subject_type == request.subject_type, Transition.subject_id == request.id,
        Transition.verb.in_(EXAMINERS_STEPS),
    )  # fmt: skip
    people = {request.examiner_id, *(r.examiner_id for r in request.rounds), *(s.examiner_id for s in request.searches)}
    return {person for person in people | set(db.session.scalars(steps)) if person is not None}


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
