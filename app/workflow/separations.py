"""Who already holds a part in a subject, whatever their roles.

A request: requester ≠ examiner ≠ each peer ≠ supervisor. A disclosure: who asks ≠ who decides ≠ who hands out.
A hold: who placed it does not release it. A disposal: proposer, first and second approver are three people.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from sqlalchemy import select

from app.extensions import db
from app.models.base import Stateful
from app.models.disclosures import Disclosure
from app.models.engine import Transition
from app.models.requests import FRRequest
from app.models.retention import Disposal, LegalHold
from app.models.workload import Assignment
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
    people |= _held(request)
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


def _held(request: FRRequest) -> set[int | None]:
    """Whoever gave or received the request while its probe or its candidates were before their eyes."""
    known = _read.get()
    return known[0][request.id] if known and request.id in known[0] else _held_by([request.id])[request.id]


def _took(subject: Stateful, verbs: tuple[str, ...]) -> set[int]:
    known = _read.get()
    if known and isinstance(subject, FRRequest) and subject.id in known[1]:
        steps = known[1][subject.id]
    else:
        steps = _steps_of(subject.subject_type, [subject.id], verbs)[subject.id]
    return {person for verb, person in steps if verb in verbs and person is not None}


# For lists -------------------------------------------------------------------------------------------------

_Held = dict[int, set[int | None]]
_Steps = dict[int, set[tuple[str, int | None]]]
_read: ContextVar[tuple[_Held, _Steps] | None] = ContextVar("read", default=None)


@contextmanager
def read_together(requests: Collection[FRRequest]) -> Iterator[None]:
    """Inside, separations of these requests are told what was read of all at once: for a list that decides nothing."""
    ids = [request.id for request in requests]
    token = _read.set((_held_by(ids), _steps_of(FRRequest.subject_type, ids, EXAMINERS_STEPS)))
    try:
        yield
    finally:
        _read.reset(token)


def _held_by(ids: Collection[int]) -> _Held:
    found: _Held = {key: set() for key in ids}
    passed = select(Assignment.request_id, Assignment.from_id, Assignment.to_id).where(
        Assignment.request_id.in_(ids), Assignment.state.in_(FRRequest.flow().states_that("examined"))
    )
    for key, *people in db.session.execute(passed):
        found[key].update(people)
    return found


def _steps_of(subject_type: str, ids: Collection[int], verbs: tuple[str, ...]) -> _Steps:
    found: _Steps = {key: set() for key in ids}
    steps = select(Transition.subject_id, Transition.verb, Transition.actor_id).where(
        Transition.subject_type == subject_type, Transition.subject_id.in_(ids), Transition.verb.in_(verbs)
    )
    for key, verb, person in db.session.execute(steps):
        found[key].add((verb, person))
    return found


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
