"""The department's calendar: which day it is, and when it ends, in the department's time zone (decision 0022).

Times are kept in UTC; a day that a rule or a person names is a day in that zone.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.extensions import settings
from app.models.base import now


def time_zone() -> ZoneInfo:
    """Return the department's time zone, in which people type and read times."""
    return ZoneInfo(settings().time_zone)


def as_utc(at: datetime) -> datetime:
    """Return an aware datetime; one without a zone is UTC, as the database stores it."""
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def local(at: datetime) -> datetime:
    """Return a time in the department's time zone, as pages and documents print it."""
    return as_utc(at).astimezone(time_zone())


def day_of(moment: datetime) -> date:
    """Return the day of a time in the department's time zone."""
    return local(moment).date()


def today() -> date:
    """Return the present day in the department's time zone, in which periods run."""
    return day_of(now())


def start_of(day: date) -> datetime:
    """Return the time at which a day begins, in UTC; the earliest there is, where that would be before it."""
    try:
        return datetime.combine(day, time(), time_zone()).astimezone(UTC)
    except OverflowError:  # the first day of the calendar, or the last west of Greenwich
        return (datetime.min if day == date.min else datetime.max).replace(tzinfo=UTC)


def end_of(day: date) -> datetime:
    """Return the time at which a day is over, in UTC; the latest there is for the calendar's last day."""
    return start_of(day + timedelta(days=1)) if day < date.max else datetime.max.replace(tzinfo=UTC)
