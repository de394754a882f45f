"""The days of a matter that the portal knows by itself: when it began, when a request of it was filed (RET-11).

What a person types of births, deaths and arrests is held against them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date

from sqlalchemy import ColumnElement, func, select

from app.calendar import day_of
from app.domain.matters.numbers import of_matter, of_matters
from app.extensions import db
from app.models.base import filled
from app.models.requests import FRRequest
from app.storage.errors import StorageError


def last_filings(numbers: Collection[str]) -> dict[str, date]:
    """Map numbers to the day of the last request filed under each, without drafts and what was disposed of."""
    return _last(numbers, FRRequest.state != "disposed")


def filings_of_matters(numbers: Collection[str]) -> dict[str, date]:
    """Map numbers to the day of the last request ever filed in the matter of each, erased ones included.

    A personal information file outlives the record of its case.
    """
    matters = of_matters(numbers)
    filed = _last(set().union(*matters.values()))
    found = {number: [filed[one] for one in matters[number] if one in filed] for number in matters}
    return {number: max(days) for number, days in found.items() if days}


def _last(numbers: Collection[str], *where: ColumnElement[bool]) -> dict[str, date]:
    rows = select(FRRequest.case_number, func.max(FRRequest.submitted_at)).where(
        FRRequest.case_number.in_(numbers), FRRequest.submitted_at.is_not(None), *where
    )
    found = db.session.execute(rows.group_by(FRRequest.case_number))
    return {number: day_of(moment) for number, moment in found if moment is not None}


def beginning_of(case_number: str) -> date | None:
    """Return the earliest day of a matter that the portal knows: of its circumstances, or of a filing; None without.

    The earliest, since the people of a matter were youngest then. A request that cannot be opened says only when it
    was filed.
    """
    rows = select(FRRequest).where(
        FRRequest.case_number.in_(of_matter(case_number)),
        FRRequest.submitted_at.is_not(None),
        FRRequest.state != "disposed",
    )
    days = [day for request in db.session.scalars(rows) for day in _days(request)]
    return min(days, default=None)


def _days(request: FRRequest) -> list[date]:
    days = [day_of(filled(request.submitted_at))]
    try:
        stated = (request.private.get("circumstances") or {}).get("date")
        return [*days, date.fromisoformat(str(stated))] if stated else days
    except (StorageError, ValueError):
        return days


def suspected_from(roles: Mapping[str, str]) -> dict[str, date]:
    """Map the numbers of the cases in which a person is a suspect to the beginning of each; `roles` by number."""
    found = {number: beginning_of(number) for number, role in roles.items() if role == "suspect"}
    return {number: day for number, day in found.items() if day is not None}
