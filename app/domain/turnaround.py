"""How long the unit takes, in figures without any case: from submission to report, by priority and by step (AUD-2).

Counted are requests whose first report was delivered within the period and that are not disposed of (of those the
priority is gone). Of few requests a median would be somebody's case and a 90th percentile a guess: see [workload] in
request.toml.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import select

from app.domain.overview import deadline, unassigned
from app.extensions import db
from app.models import FRRequest, Transition
from app.policy import policy
from app.policy.types import Phase


@dataclass(frozen=True, slots=True)
class Figure:
    """`count` requests; median and 90th percentile (nearest rank) are None where there are too few to say."""

    label: str
    count: int
    median: timedelta | None
    percentile: timedelta | None
    late: int | None = None
    whose: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """Of one priority: how many requests are open now, past their time, and without an examiner."""

    label: str
    open: int
    overdue: int
    unassigned: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything the page shows."""

    priorities: tuple[Figure, ...]
    together: Figure
    steps: tuple[Figure, ...]
    standing: tuple[Standing, ...]


@dataclass(frozen=True, slots=True)
class Course:
    """One answered request: its priority, how long it took in all and in each state, whether it was late."""

    priority: str
    total: timedelta
    states: dict[str, timedelta]
    late: bool


def figures(moment: datetime, days: int) -> Figures:
    """The figures of the `days` before `moment`, and how things stand at `moment`."""
    courses = _courses(moment - timedelta(days=days), moment)
    priorities = policy().request.priorities
    return Figures(
        tuple(_answered(one.title, [c for c in courses if c.priority == one.id]) for one in priorities.values()),
        _answered("All", courses),
        tuple(_phase(phase, courses) for phase in FRRequest.flow().phases),
        _standing(moment),
    )


def summary(label: str, durations: Sequence[timedelta], *, late: int | None = None, whose: str = "") -> Figure:
    """Median and 90th percentile of as many durations as the rule asks for; else only their number."""
    rule, ordered = policy().request.workload, sorted(durations)
    count = len(ordered)
    median = statistics.median(d.total_seconds() for d in ordered) if count >= rule.least_for_median else None
    high = ordered[math.ceil(0.9 * count) - 1] if count >= rule.least_for_percentile else None
    return Figure(label, count, timedelta(seconds=median) if median is not None else None, high, late, whose)


def _answered(label: str, courses: Sequence[Course]) -> Figure:
    return summary(label, [course.total for course in courses], late=sum(course.late for course in courses))


def _phase(phase: Phase, courses: Sequence[Course]) -> Figure:
    """The time of all visits to the phase together, of the requests that came through it."""
    states = {state.id for state in FRRequest.flow().states if state.phase == phase.id}
    spent = [sum((c.states[s] for s in states if s in c.states), timedelta()) for c in courses]
    return summary(phase.title, [duration for duration in spent if duration], whose=phase.whose)


def _courses(since: datetime, until: datetime) -> list[Course]:
    answered = select(Transition.subject_id).where(
        Transition.subject_type == "request", Transition.target == "reported", Transition.source != "reported",
        Transition.created_at >= since, Transition.created_at <= until,
    )  # fmt: skip
    rows = select(FRRequest).where(FRRequest.id.in_(answered), FRRequest.state != "disposed")
    requests = {request.id: request for request in db.session.scalars(rows)}
    steps = select(Transition).where(Transition.subject_type == "request", Transition.subject_id.in_(requests))
    by_request: dict[int, list[Transition]] = {}
    for step in db.session.scalars(steps.order_by(Transition.id)):
        by_request.setdefault(step.subject_id, []).append(step)
    found = (_course(request, by_request.get(key, [])) for key, request in requests.items())
    # a report that replaced an earlier one does not answer the request a second time
    return [course for course, at in filter(None, found) if at >= since]


def _course(request: FRRequest, steps: Sequence[Transition]) -> tuple[Course, datetime] | None:
    """The course up to the first report, and when that was; None for a request without one."""
    begun = next((n for n, step in enumerate(steps) if step.verb == "submit"), None)
    ended = next((n for n, step in enumerate(steps) if step.target == "reported"), None)
    if begun is None or ended is None:
        return None
    states: dict[str, timedelta] = {}
    for step, following in pairwise(steps[begun : ended + 1]):
        states[step.target] = states.get(step.target, timedelta()) + (following.created_at - step.created_at)
    at = steps[ended].created_at
    return Course(request.priority, at - steps[begun].created_at, states, at > deadline(request)), at


def _standing(moment: datetime) -> tuple[Standing, ...]:
    rows = list(db.session.scalars(select(FRRequest).where(FRRequest.having("due"))))
    found = []
    for priority in policy().request.priorities.values():
        own = [request for request in rows if request.priority == priority.id]
        free = [request for request in own if unassigned(request)]
        late = [request for request in own if moment > deadline(request)]
        found.append(Standing(priority.title, len(own), len(late), len(free)))
    return tuple(found)
