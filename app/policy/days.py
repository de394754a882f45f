"""The day on which a rule is asked: the department's, also where neither the portal nor its calendar is known."""

from datetime import UTC, date, datetime, tzinfo

_zone: tzinfo = UTC


def days_run_in(zone: tzinfo) -> None:
    """Say in which time zone the days begin on which a rule applies."""
    global _zone
    _zone = zone


def present_day() -> date:
    """Return the present day in the time zone in which the rules' days run; UTC until one is said."""
    return datetime.now(_zone).date()
