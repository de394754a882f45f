"""Public figures (CAP-9): requests by the year they were filed and the class of the offense they name."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import select

from app.calendar import day_of
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
    rule, counted = policy().request.seriousness, Counter[tuple[int, str]]()
    rows = select(FRRequest.submitted_at, FRRequest.use_id, FRRequest.offense_class, FRRequest.stated_class)
    for submitted, use, named, stated in db.session.execute(
        rows.where(FRRequest.state != "draft", FRRequest.state != "disposed")
    ):
        if submitted is None:
            continue  # withdrawn before it was filed
        year = day_of(submitted).year
        counted[year, named or ("before" if use in rule.uses else "other")] += 1
        counted[year, "stated"] += stated is not None
    years = sorted({year for year, _ in counted}, reverse=True)
    return [
        YearOfRequests(
            year,
            {one.id: counted[year, one.id] for one in rule.classes},
            counted[year, "stated"],
            counted[year, "before"],
            counted[year, "other"],
        )
        for year in years
    ]
