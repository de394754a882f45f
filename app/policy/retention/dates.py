"""Calendar arithmetic of retention periods."""

import re
from datetime import date

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def anniversary(day: date, years: int) -> date:
    """Return the same day ``years`` later; February 29 becomes March 1 in a common year (INT-y).

    The later of the two possible days is taken, since a period is a minimum and nothing may be disposed of before
    it has run. A person born on February 29 attains an age on March 1 of a common year for the same reason.
    Raises OverflowError when the year lies beyond the calendar.
    """
    year = day.year + years
    if year > date.max.year:
        raise OverflowError(f"The year {year} lies beyond the calendar.")
    try:
        return day.replace(year=year)
    except ValueError:
        return date(year, 3, 1)


def said(day: date) -> str:
    """Return a day as the pages write it, whatever the machine's language: `4 May 2020`."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def as_documents_say(text: str) -> str:
    """Return a sentence of `said` days with each as documents write it, so that one has one form: `2020-05-04`."""
    months = {name: number for number, name in enumerate(MONTHS, 1)}

    def iso(day: re.Match[str]) -> str:
        return f"{day[3]}-{months[day[2]]:02d}-{int(day[1]):02d}"

    return re.sub(rf"\b(\d{{1,2}}) ({'|'.join(MONTHS)}) (\d{{4}})\b", iso, text)
