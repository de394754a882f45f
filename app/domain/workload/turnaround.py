"""How long the unit takes, in figures without any case: from submission to report, by priority and by step (AUD-2).

Counted are requests whose first report was delivered within the period and that are not disposed of (of those the
priority is gone). Of few requests a median would be somebody's case and a 90th percentile a guess: see [workload] in
requests/rules.toml.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CTE, ColumnElement, Row, Select, Subquery, case, func, literal, select, union_all
from sqlalchemy.orm import aliased

from app.domain.workload.overview import deadline_in_sql, without_examiner
from app.extensions import db
from app.models import FRRequest, Transition
from app.models.sql_seconds import seconds
from app.policy import policy


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


def figures(moment: datetime, days: int) -> Figures:
    """The figures of the `days` before `moment`, and how things stand at `moment`."""
    found = _measured(moment - timedelta(days=days), moment)
    priorities = policy().request.priorities
    return Figures(
        tuple(_figure(one.title, found.get(f"priority {one.id}")) for one in priorities.values()),
        _figure("All", found.get("all")),
        tuple(
            replace(_figure(phase.title, found.get(phase.id)), late=None, whose=phase.whose)
            for phase in FRRequest.flow().phases
        ),
        _standing(moment),
    )


def _figure(label: str, row: Row[Any] | None) -> Figure:
    """Median and 90th percentile of as many durations as the rule asks for; else only their number."""
    if row is None:
        return Figure(label, 0, None, None, 0)
    rule, count = policy().request.workload, row.number
    median = _length(row.median) if count >= rule.least_for_median else None
    high = _length(row.high) if count >= rule.least_for_percentile else None
    return Figure(label, count, median, high, row.late)


def _length(count: float) -> timedelta:
    return timedelta(seconds=round(count, 3))


def _measured(since: datetime, until: datetime) -> dict[str, Row[Any]]:
    """Part -> its measures: each priority, all together, each step."""
    return {row.part: row for row in db.session.execute(measures(lengths(since, until)))}


def lengths(since: datetime, until: datetime) -> Subquery:
    """(part, seconds, whether late) of each answered request: in all, of its priority, in each step."""
    courses = _courses(since, until)
    return union_all(
        select(literal("priority ").concat(courses.c.priority).label("part"), courses.c.length, courses.c.late),
        select(literal("all").label("part"), courses.c.length, courses.c.late),
        _steps(courses),
    ).subquery("lengths")


def measures(found: Subquery) -> Select[Any]:
    """Number, median, 90th percentile (nearest rank) and how many were late, by part."""
    ranked = select(
        found,
        func.count().over(partition_by=found.c.part).label("number"),
        func.row_number().over(partition_by=found.c.part, order_by=found.c.length).label("place"),
    ).subquery("ranked")
    number, place = ranked.c.number, ranked.c.place
    middle = place.in_([(number + 1) // 2, (number + 2) // 2])
    return select(
        ranked.c.part,
        func.max(number).label("number"),
        func.sum(ranked.c.late).label("late"),
        func.avg(case((middle, ranked.c.length))).label("median"),
        func.max(case((place == (9 * number + 9) // 10, ranked.c.length))).label("high"),
    ).group_by(ranked.c.part)


def _courses(since: datetime, until: datetime) -> CTE:
    """The way of each answered request, from its first submission to its first report, where that is in the period.

    A report that replaced an earlier one does not answer the request a second time.
    """
    answered = select(Transition.subject_id).where(
        Transition.subject_type == "request",
        Transition.target == "reported",
        Transition.source != "reported",
        Transition.created_at >= since,
        Transition.created_at <= until,
    )
    ends = (
        select(
            Transition.subject_id.label("request_id"),
            func.min(case((Transition.verb == "submit", Transition.id))).label("begun"),
            func.min(case((Transition.target == "reported", Transition.id))).label("ended"),
        )
        .where(Transition.subject_type == "request", Transition.subject_id.in_(answered))
        .group_by(Transition.subject_id)
        .cte("ends")
    )
    first, last = aliased(Transition), aliased(Transition)
    at = seconds(last.created_at)
    return (
        select(
            ends,
            FRRequest.priority,
            (at - seconds(first.created_at)).label("length"),
            case((at > deadline_in_sql(), 1), else_=0).label("late"),
        )
        .join(FRRequest, FRRequest.id == ends.c.request_id)
        .join(first, first.id == ends.c.begun)
        .join(last, last.id == ends.c.ended)
        .where(FRRequest.state != "disposed", last.created_at >= since)
        .cte("courses")
    )


def _steps(courses: CTE) -> Select[Any]:
    """The time of all visits of a request to each step together, of the requests that came through it."""
    phases = {state.id: state.phase for state in FRRequest.flow().states if state.phase}
    step = case(phases, value=Transition.target)
    left = func.lead(Transition.created_at).over(partition_by=Transition.subject_id, order_by=Transition.id)
    spent = seconds(left) - seconds(Transition.created_at)
    visits = (
        select(Transition.subject_id, step.label("part"), spent.label("spent"))
        .join(courses, courses.c.request_id == Transition.subject_id)
        .where(Transition.subject_type == "request", Transition.id.between(courses.c.begun, courses.c.ended))
        .subquery("visits")
    )
    together = func.sum(visits.c.spent)
    return (
        select(visits.c.part, together.label("length"), literal(0).label("late"))
        .where(visits.c.part.is_not(None), visits.c.spent.is_not(None))
        .group_by(visits.c.subject_id, visits.c.part)
        .having(together > 0)
    )


def _standing(moment: datetime) -> tuple[Standing, ...]:
    rows = (
        select(
            FRRequest.priority,
            func.count(),
            _how_many(deadline_in_sql() < moment.timestamp()),
            _how_many(without_examiner()),
        )
        .where(FRRequest.having("due"))
        .group_by(FRRequest.priority)
    )
    found = {priority: counted for priority, *counted in db.session.execute(rows)}
    priorities = policy().request.priorities.values()
    return tuple(Standing(one.title, *found.get(one.id, (0, 0, 0))) for one in priorities)


def _how_many(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))
