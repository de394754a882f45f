"""Public figures (CAP-9): requests by the year they were filed and the class of the offense they name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, func, select

from app.calendar import day_of, start_of, today
from app.clauses import enforces
from app.extensions import db
from app.models.requests import FRRequest
from app.policy import policy


@dataclass(frozen=True, slots=True)
class YearOfRequests:
    """The requests of one year: by class (id -> how many), for which a crime was stated, and not asked for a class.

    `before` were filed under a use that asks today, before it did; `other` under a use that never asks.
    """

    year: int
    classes: dict[str, int]
    stated: int
    before: int
    other: int


@enforces("CAP-9")
def requests_by_class() -> list[YearOfRequests]:
    """Return the years, newest first. Drafts do not count, and requests that were disposed of not any more."""
    # one without a day was withdrawn before it was filed
    filed = (FRRequest.submitted_at.is_not(None), FRRequest.state != "draft", FRRequest.state != "disposed")
    first = db.session.scalar(select(func.min(FRRequest.submitted_at)).where(*filed))
    years = range(today().year, day_of(first).year - 1, -1) if first is not None else ()
    return [found for year in years if (found := _year(year, filed)) is not None]


def _year(year: int, filed: Iterable[ColumnElement[bool]]) -> YearOfRequests | None:
    """Count the requests of a year in the department's time zone; None where it has none."""
    rule, counted = policy().request.seriousness, Counter[str]()
    kinds = (FRRequest.use_id, FRRequest.offense_class, FRRequest.stated_class)
    within = (
        FRRequest.submitted_at >= start_of(date(year, 1, 1)),
        FRRequest.submitted_at < start_of(date(year + 1, 1, 1)),
    )
    rows = select(*kinds, func.count()).where(*filed, *within).group_by(*kinds)
    for use, named, stated, number in db.session.execute(rows):
        counted[named or ("before" if use in rule.uses else "other")] += number
        counted["stated"] += number if stated is not None else 0
    if not counted:
        return None
    classes = {one.id: counted[one.id] for one in rule.classes}
    return YearOfRequests(year, classes, counted["stated"], counted["before"], counted["other"])
