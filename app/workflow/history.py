"""The history of a subject: the steps it took."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from app.extensions import db
from app.models.engine import Transition


def steps_of(subject: Any) -> list[Transition]:
    """Return every step of the subject, oldest first."""
    rows = (
        select(Transition)
        .where(Transition.subject_type == subject.subject_type, Transition.subject_id == subject.id)
        .order_by(Transition.id)
    )
    return list(db.session.scalars(rows))


def steps_left_out(request: Any) -> set[str]:
    """Return the steps of the unit's progress bar that a request passed over: it never stood in a state of theirs."""
    flow = request.flow()
    been = {flow.initial, *(row.target for row in steps_of(request))}
    return set(flow.unit_steps[: flow.unit_place(request.state)]) - {flow.state(one).unit_step for one in been}


def who_took(subject: Any, verbs: Iterable[str]) -> set[int]:
    """Return the accounts that took one of these steps with the subject."""
    steps = select(Transition.actor_id).where(
        Transition.subject_type == subject.subject_type,
        Transition.subject_id == subject.id,
        Transition.verb.in_(list(verbs)),
    )
    return {person for person in db.session.scalars(steps) if person is not None}
