"""The statement of a sealing order, whichever way it comes in, and the check for its faults."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from app.domain.gallery.intake_manifest import well_formed
from app.domain.gallery.tombstones import digest_of_person, keyed_digest
from app.models.sealing import KINDS
from app.storage import canonical_json
from app.storage.keys import Derived

MOST_RECORDS = 10_000
_LONGEST = {"order_number": ("The order's number", 80), "authority": ("The court or authority", 200)}
_EARLIEST = date(1900, 1, 1)


@dataclass(frozen=True, slots=True)
class OrderStatement:
    """What an order states. It names records, or everything of a person until its date, or both.

    kind: one of KINDS. records: record numbers, each once, in the order given.
    """

    kind: str
    order_number: str
    authority: str
    dated: date | None
    records: tuple[str, ...] = ()
    person_number: str = ""
    note: str = ""

    @property
    def digest(self) -> str:
        """Keyed (HMAC-SHA-256, hex): the same order stated again, in other capitals or spacing, has the same digest."""
        what = [
            self.kind,
            _plain(self.order_number),
            _plain(self.authority),
            str(self.dated),
            sorted(self.records),
            self.person_number,
        ]
        return keyed_digest(Derived.ORDERS, canonical_json(what))

    @property
    def person_digest(self) -> str | None:
        return digest_of_person(self.person_number) if self.person_number else None


def numbers_in(text: str) -> tuple[str, ...]:
    """Return the record numbers of a field or option, one per line or separated by commas or semicolons; each once."""
    return tuple(dict.fromkeys(part.strip() for part in re.split(r"[\n\r,;]+", text) if part.strip()))


def faults(statement: OrderStatement, today: date) -> dict[str, str]:
    """Return what is wrong with a statement: field -> sentence. The repository is not consulted."""
    found: dict[str, str] = {}
    if statement.kind not in KINDS:
        found["kind"] = f"The kind is one of {', '.join(KINDS)}."
    for field, (what, most) in _LONGEST.items():
        value = getattr(statement, field).strip()
        if not value:
            found[field] = f"{what} is missing; no record is sealed without it."
        elif len(value) > most:
            found[field] = f"{what} is longer than {most} characters."
    if statement.dated is None:
        found["dated"] = "The date of the order is missing, or is no date as year-month-day."
    elif not _EARLIEST <= statement.dated <= today:
        found["dated"] = f"The date of the order lies outside {_EARLIEST} to today."
    wrong = [number for number in statement.records if not well_formed(number)]
    if wrong:
        found["records"] = f"“{wrong[0][:40]}” is no record number: 1 to 40 letters, digits, spaces and . / _ : - only."
    elif len(statement.records) > MOST_RECORDS:
        found["records"] = f"An order names at most {MOST_RECORDS:,} records; state it in parts."
    elif not statement.records and not statement.person_number:
        found["records"] = "The order names neither a record nor a person."
    if statement.person_number and not well_formed(statement.person_number):
        found["person_number"] = "This is no person number: 1 to 40 letters, digits, spaces and . / _ : - only."
    return found


def sentences(found: Iterable[str]) -> str:
    """Return several faults as one line."""
    return " ".join(found)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
