"""Who already holds a part in a subject, whatever their roles.

A request: requester ≠ examiner ≠ each peer ≠ supervisor. A disclosure: who asks ≠ who decides ≠ who hands out.
A hold: who placed it does not release it. A disposal: proposer, first and second approver are three people.
"""

from __future__ import annotations

from sqlalchemy import select

from app.extensions import db
from app.models.assignment import Assignment
from app.models.base import Stateful
from app.models.disclosure import Disclosure
from app.models.disposal import Disposal
from app.models.engine import Transition
from app.models.request import FRRequest
from app.models.retention import LegalHold
from app.workflow.registry import separation


@separation("requester", "REQ-4", "SRC-4", "SRC-5")
def requester(request: FRRequest) -> set[int]:
    return {request.requester_id}


#: whoever took one of these steps has seen, or could have seen, what a peer must not
EXAMINERS_STEPS = ("prepare_probe", "select_probe", "start_search", "begin_examination", "take_over")


@separation("examiner", "SRC-4", "SRC-5")
def examiner(request: FRRequest) -> set[int]:
    """The examiner of the request and of every round and search, earlier ones and those replaced included.

    Whoever handed the examination over, and whoever held it in between without a step of their own, stays one.
    """
    people = {request.examiner_id, *(r.examiner_id for r in request.rounds), *(s.examiner_id for s in request.searches)}
    passed = select(Assignment.from_id, Assignment.to_id).where(
        Assignment.request_id == request.id, Assignment.state.in_(request.flow().states_that("examined"))
    )
    people |= {person for row in db.session.execute(passed) for person in row}
    return {person for person in people if person is not None} | _took(request, EXAMINERS_STEPS)


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


@separation("disclosure_asker", "ACC-12", "EXT-7")
def disclosure_asker(disclosure: Disclosure) -> set[int]:
    """Whoever filed the disclosure request, or ever submitted it."""
    return {disclosure.asked_by_id} | _took(disclosure, ("submit", "resubmit"))


@separation("disclosure_decider", "ACC-12", "EXT-7")
def disclosure_decider(disclosure: Disclosure) -> set[int]:
    """Whoever decided on the disclosure, on an earlier submission too."""
    return {decision.decided_by_id for decision in disclosure.decisions}


def _took(subject: Stateful, verbs: tuple[str, ...]) -> set[int]:
    steps = select(Transition.actor_id).where(
        Transition.subject_type == subject.subject_type, Transition.subject_id == subject.id,
        Transition.verb.in_(verbs),
    )  # fmt: skip
    return {person for person in db.session.scalars(steps) if person is not None}


@separation("hold_placer", "RET-11")
def hold_placer(hold: LegalHold) -> set[int]:
    return {hold.placed_by_id}


@separation("disposal_proposer", "RET-11")
def disposal_proposer(disposal: Disposal) -> set[int]:
    return {disposal.proposed_by_id}


@separation("disposal_first_approver", "RET-11")
def disposal_first_approver(disposal: Disposal) -> set[int]:
    """Whoever approved already, as the rows and as the trail of steps have it."""
    steps = select(Transition.actor_id).where(
        Transition.subject_type == disposal.subject_type, Transition.subject_id == disposal.id,
        Transition.verb == "approve",
    )  # fmt: skip
    people = {disposal.first_approver_id, *db.session.scalars(steps)}
    return {person for person in people if person is not None}
