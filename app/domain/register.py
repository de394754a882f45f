"""The register of disclosures: what was asked for, on which basis, decided how, handed out when (EXT-7, AUD-6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Select, false, select

from app.access.actor import Actor
from app.csv_lines import safe_cell
from app.domain.disclosures import person_digest
from app.models.disclosure import Disclosure
from app.policy import policy
from app.policy.enforcement import enforces
from app.policy.facts import normal_case_number
from app.storage import KeyDestroyed

COLUMNS = (
    "number", "submitted", "case_number", "recipient_kind", "recipient", "affiliation", "basis", "purpose", "state",
    "asked_by", "decided_by", "decision", "items", "package_sha256", "handed_out", "received",
)  # fmt: skip
ERASED = "erased"


@dataclass(frozen=True, slots=True)
class Filters:
    """What the register is narrowed to; empty fields narrow nothing. Both days of the period are included."""

    person: str = ""
    case_number: str = ""
    recipient_kind: str = ""
    basis: str = ""
    state: str = ""
    since: date | None = None
    until: date | None = None


@enforces("EXT-7", "ACC-7")
def rows(filters: Filters, actor: Actor) -> Select[Any]:
    """A SELECT of the disclosures that were ever submitted, newest first; none for whoever may not read the register.

    A person is found by a keyed digest of the name as it was typed, in any order of its words.
    """
    found = select(Disclosure).where(Disclosure.submitted_at.is_not(None))
    if "disclosure.register" not in actor.capabilities:
        return found.where(false())
    if filters.person.strip():
        found = found.where(Disclosure.person_digest == person_digest(filters.person))
    if filters.case_number.strip():
        found = found.where(Disclosure.case_number == normal_case_number(filters.case_number))
    for column, value in (
        (Disclosure.recipient_kind, filters.recipient_kind),
        (Disclosure.basis, filters.basis),
        (Disclosure.state, filters.state),
    ):
        if value:
            found = found.where(column == value)
    if filters.since is not None:
        found = found.where(Disclosure.submitted_at >= _midnight(filters.since))
    if filters.until is not None:
        found = found.where(Disclosure.submitted_at < _midnight(filters.until + timedelta(days=1)))
    return found.order_by(Disclosure.submitted_at.desc(), Disclosure.id.desc())


def csv_rows(disclosures: Iterable[Disclosure]) -> Iterator[list[str]]:
    """The register as lines of cells for a CSV file, the heading first; no cell can be taken for a formula."""
    yield list(COLUMNS)
    for disclosure in disclosures:
        line = line_of(disclosure)
        yield [safe_cell(line[column]) for column in COLUMNS]


def line_of(disclosure: Disclosure) -> dict[str, str]:
    """One line of the register in words, by column; what was erased says so."""
    erased = {"name": ERASED, "affiliation": ERASED}
    try:
        recipient = erased if disclosure.erased_at is not None else disclosure.private.get("recipient", {})
    except KeyDestroyed:
        recipient = erased
    rules, decision = policy().disclosure, disclosure.current_decision
    package = disclosure.current_package
    kind = rules.recipients.get(disclosure.recipient_kind or "")
    purpose = rules.purposes.get(disclosure.purpose or "")
    return {
        "number": disclosure.number,
        "submitted": _moment(disclosure.submitted_at),
        "case_number": disclosure.case_number,
        "recipient_kind": kind.title if kind else "",
        "recipient": str(recipient.get("name") or ""),
        "affiliation": str(recipient.get("affiliation") or ""),
        "basis": disclosure.basis or "",
        "purpose": purpose.title if purpose else "",
        "state": disclosure.stands.title,
        "asked_by": disclosure.asked_by.display_name,
        "decided_by": decision.decided_by.display_name if decision else "",
        "decision": decision.kind if decision else "",
        "items": str(len(disclosure.included_items or disclosure.items)),
        "package_sha256": package.sha256 if package else "",
        "handed_out": _moment(package.fetched_at) if package and package.fetched_at else "",
        "received": disclosure.received_on.isoformat() if disclosure.received_on else "",
    }


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _moment(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC") if at else ""
