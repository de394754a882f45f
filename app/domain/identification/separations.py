"""The separations of an examiner: whoever worked on a request or saw its probe or candidates."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from sqlalchemy import select

from app.extensions import db
from app.models import Assignment, FRRequest, Transition
from app.models.base import filled
from app.policy.names import Verb
from app.workflow.history import who_took
from app.workflow.registry import separation

#: whoever took one of these steps has seen, or could have seen, what a peer must not
EXAMINERS_STEPS: tuple[Verb, ...] = ("prepare_probe", "select_probe", "start_search", "begin_examination", "take_over")


@separation("examiner", "SRC-4", "SRC-5")
def examiner(request: FRRequest) -> set[int]:
    """The examiner of the request and of every round and search, earlier ones and those replaced included.

    Whoever handed the examination over, and whoever held it in between without a step of their own, stays one.
    """
    people = {request.examiner_id, *(r.examiner_id for r in request.rounds), *(s.examiner_id for s in request.searches)}
    people |= _held(request)
    return {person for person in people if person is not None} | _step_takers(request)


def _held(request: FRRequest) -> set[int | None]:
    """Return whoever gave or received the request once its probe or candidates could be seen."""
    known = _read.get()
    return known[0][request.id] if known and request.id in known[0] else _held_by([request.id])[request.id]


def _step_takers(request: FRRequest) -> set[int]:
    """Return whoever took one of the examiner's steps."""
    known = _read.get()
    return known[1][request.id] if known and request.id in known[1] else who_took(request, EXAMINERS_STEPS)


# For lists -------------------------------------------------------------------------------------------------

_Held = dict[int, set[int | None]]
_Took = dict[int, set[int]]
_read: ContextVar[tuple[_Held, _Took] | None] = ContextVar("read", default=None)


@contextmanager
def read_together(requests: Collection[FRRequest]) -> Iterator[None]:
    """Let separations answer from one reading of all these requests inside the block; for lists that decide nothing."""
    ids = [request.id for request in requests]
    token = _read.set((_held_by(ids), _took_by(ids)))
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


def _took_by(ids: Collection[int]) -> _Took:
    found: _Took = {key: set() for key in ids}
    steps = select(Transition.subject_id, Transition.actor_id).where(
        Transition.subject_type == FRRequest.subject_type,
        Transition.subject_id.in_(ids),
        Transition.verb.in_(EXAMINERS_STEPS),
        Transition.actor_id.is_not(None),
    )
    for key, person in db.session.execute(steps):
        found[key].add(filled(person))
    return found
