"""The department's calendar: which day it is, and when it ends, where the law applies (decision 0022).

Moments are kept in UTC; a day that a rule or a person names is a day in the department's time zone.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from app.models.base import now
from app.web import time_zone


def day_of(moment: datetime) -> date:
    """The day in the department's time zone on which a moment lies."""
    return moment.astimezone(time_zone()).date()


def today() -> date:
    """The present day: a period has run when its last day is over where the law applies."""
    return day_of(now())


def end_of(day: date) -> datetime:
    """The moment at which a day is over, in UTC."""
    return datetime.combine(day + timedelta(days=1), time(), time_zone()).astimezone(UTC)
