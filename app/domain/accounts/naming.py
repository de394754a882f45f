"""How documents print people and times: a name with the person's part, a time in the department's time zone."""

from __future__ import annotations

from datetime import datetime
from typing import overload

from app.calendar import local
from app.documents.facts import Person
from app.models import Account

UNIT = "Facial Recognition Unit"


@overload
def here(moment: datetime) -> datetime: ...
@overload
def here(moment: None) -> None: ...
@overload
def here(moment: datetime | None) -> datetime | None: ...
def here(moment: datetime | None) -> datetime | None:
    """Return a time in the department's time zone; None stays None, which documents print as "not recorded"."""
    return local(moment) if moment is not None else None


@overload
def person_of(account: Account, role: str | None = None) -> Person: ...
@overload
def person_of(account: None, role: str | None = None) -> None: ...
@overload
def person_of(account: Account | None, role: str | None = None) -> Person | None: ...
def person_of(account: Account | None, role: str | None = None) -> Person | None:
    """Return a person who took part, as documents name them."""
    if account is None:
        return None
    return Person(account.display_name, account.title, role, account.command)
