"""The department's calendar: which day it is, and when it ends, where the law applies (decision 0022).

Moments are kept in UTC; a day that a rule or a person names is a day in the department's time zone.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.extensions import settings
from app.models.base import now


def time_zone() -> ZoneInfo:
    """The department's time zone: what people type and read is meant in it."""
    return ZoneInfo(settings().time_zone)


def as_utc(at: datetime) -> datetime:
    """An aware datetime; one without a zone is UTC, as the database stores it."""
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def local(at: datetime) -> datetime:
    """A moment in the department's time zone, as pages and documents print it."""
    return as_utc(at).astimezone(time_zone())


def day_of(moment: datetime) -> date:
    """The day in the department's time zone on which a moment lies."""
    return moment.astimezone(time_zone()).date()


def today() -> date:
    """The present day: a period has run when its last day is over where the law applies."""
    return day_of(now())


def end_of(day: date) -> datetime:
    """The moment at which a day is over, in UTC."""
    return datetime.combine(day + timedelta(days=1), time(), time_zone()).astimezone(UTC)
