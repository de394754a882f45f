"""The template filters by which pages print times, days, counts and digests."""

from datetime import date, datetime

from app.calendar import as_utc, local, today


def when(at: datetime) -> str:
    """`23 Nov 2026, 03:47 −05:00` in the department's time zone (TIME_ZONE)."""
    here = local(at)
    offset = f"{here:%z}".replace("-", "−")
    return f"{here.day} {here:%b %Y, %H:%M} {offset[:3]}:{offset[3:]}"


def clock(at: datetime) -> str:
    """`10:42` in the department's time zone, with the day when it was not today."""
    here = local(at)
    return f"{here:%H:%M}" if here.date() == today() else f"{here.day} {here:%b %Y, %H:%M}"


def day(at: date) -> str:
    """`23 Nov 2026`; a datetime is first taken to the department's time zone."""
    here = local(at) if isinstance(at, datetime) else at
    return f"{here.day} {here:%b %Y}"


def day_typed(text: str) -> str:
    """A day as a form sends it, printed like every other day of a page; anything else as it was typed."""
    try:
        return day(date.fromisoformat(text))
    except ValueError:
        return text


def iso(at: date) -> str:
    """The value of a ``datetime`` attribute: ISO 8601, UTC for a datetime."""
    return as_utc(at).isoformat(timespec="seconds") if isinstance(at, datetime) else at.isoformat()


def ago(at: datetime, now: datetime) -> str:
    """The coarse distance of `at` from `now`: `3 hours ago`, `in 2 days`, `just now`."""
    seconds = (as_utc(now) - as_utc(at)).total_seconds()
    size = abs(seconds)
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if size >= length:
            distance = plural(int(size // length), unit)
            return f"{distance} ago" if seconds > 0 else f"in {distance}"
    return "just now"


def plural(count: int, singular: str, several: str | None = None) -> str:
    """The count with its noun: `1 image`, `2 images`, `3 entries` when `several` is given."""
    return f"{count:,} {singular if count == 1 else several or singular + 's'}"


def digest_short(digest: str) -> str:
    """The first twelve characters of a hex digest: enough to tell versions apart on a page."""
    return digest[:12]
