"""People and moments as documents print them: a name with its part, the department's own time."""

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
    """A moment in the department's time zone; None stays "not recorded"."""
    return local(moment) if moment is not None else None


@overload
def person_of(account: Account, role: str | None = None) -> Person: ...
@overload
def person_of(account: None, role: str | None = None) -> None: ...
@overload
def person_of(account: Account | None, role: str | None = None) -> Person | None: ...
def person_of(account: Account | None, role: str | None = None) -> Person | None:
    """Somebody who took part, as documents name them."""
    if account is None:
        return None
    return Person(account.display_name, account.title, role, account.command)
