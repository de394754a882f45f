"""The register of disclosures: request, basis, decision and hand-over of each (EXT-7, AUD-6)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Select, false, func, select
from sqlalchemy.orm import selectinload

from app.access.actor import Actor
from app.calendar import end_of, start_of
from app.clauses import enforces
from app.domain.disclosures.leaving import staying
from app.domain.disclosures.verbs import person_digest
from app.domain.matters.numbers import known
from app.extensions import db
from app.models.approval import Report
from app.models.disclosures import Disclosure, DisclosureDecision, DisclosureItem
from app.models.examination import Round
from app.models.gallery import GalleryPerson
from app.models.identification import Candidate
from app.models.matters import in_matter_of
from app.policy import policy
from app.policy.words import visible
from app.storage import KeyDestroyed, StorageError

COLUMNS = (
    "number",
    "submitted",
    "case_number",
    "recipient_kind",
    "recipient",
    "affiliation",
    "basis",
    "purpose",
    "state",
    "asked_by",
    "decided_by",
    "decision",
    "items",
    "package_sha256",
    "handed_out",
    "received",
)
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

    A person is found by a keyed digest of the name as it was typed, in any order of its words, and in whatever holds a
    report of which they are the candidate: by that name too, and by the number of their file through its blind index.
    """
    found = _fitting(filters)
    if "disclosure.register" not in actor.capabilities:
        return found.where(false())
    return found.order_by(Disclosure.submitted_at.desc(), Disclosure.id.desc())


def _fitting(filters: Filters) -> Select[Any]:
    found = select(Disclosure).where(Disclosure.submitted_at.is_not(None))
    if filters.person.strip():
        typed = Disclosure.person_digest == person_digest(filters.person)
        found = found.where(typed | Disclosure.id.in_(_about(filters.person)))
    if filters.case_number.strip():
        found = found.where(in_matter_of(Disclosure.case_number, known(filters.case_number)))
    for column, value in (
        (Disclosure.recipient_kind, filters.recipient_kind),
        (Disclosure.basis, filters.basis),
        (Disclosure.state, filters.state),
    ):
        if value:
            found = found.where(column == value)
    if filters.since is not None:
        found = found.where(Disclosure.submitted_at >= start_of(filters.since))
    if filters.until is not None:
        found = found.where(Disclosure.submitted_at < end_of(filters.until))
    return found


@enforces("EXT-7", "ACC-10")
def _about(person: str) -> set[int]:
    """Return the keys of the disclosures that ask for a report whose candidate has this name or this number.

    The number is compared by its blind index; the names are sealed, and only those of candidates in disclosures are
    opened, each once.
    """
    of_reports = (
        select(DisclosureItem.disclosure_id, Candidate.person_id)
        .join(Report, Report.id == DisclosureItem.report_id)
        .join(Round, Round.id == Report.round_id)
        .join(Candidate, Candidate.id == Round.nominee_id)
        .where(Report.kind == "possible_match")
    )
    asked = db.session.execute(of_reports).all()
    people = select(GalleryPerson).where(GalleryPerson.id.in_({one for _, one in asked}))
    numbered = set(db.session.scalars(select(GalleryPerson.id).where(GalleryPerson.person_number == visible(person))))
    digest = person_digest(person)
    named = {one.id for one in db.session.scalars(people) if one.id in numbered or _digest_of(one) == digest}
    return {disclosure for disclosure, one in asked if one in named}


def _digest_of(person: GalleryPerson) -> str | None:
    """Return the digest of a sealed name; of one that is erased, of no name."""
    with suppress(StorageError):
        return person_digest(str(person.private.get("name") or "")) or ""
    return ""


def newest() -> int:
    """Return the key of the newest disclosure."""
    return db.session.scalar(select(func.max(Disclosure.id))) or 0


def count(filters: Filters, through: int) -> int:
    """Count the disclosures that fit, up to a given key."""
    fitting = _fitting(filters).where(Disclosure.id <= through).subquery()
    return db.session.scalar(select(func.count()).select_from(fitting)) or 0


def lines(filters: Filters, through: int, limit: int) -> list[tuple[int, Sequence[object]]]:
    """(key, cells in the order of COLUMNS) of the newest disclosures that fit, from `through` down.

    By the key, which never changes: one that is submitted again meanwhile is not passed over.
    """
    found = _fitting(filters).where(Disclosure.id <= through).order_by(Disclosure.id.desc()).limit(limit)
    found = found.options(
        selectinload(Disclosure.asked_by),
        selectinload(Disclosure.items),
        selectinload(Disclosure.packages),
        selectinload(Disclosure.decisions).selectinload(DisclosureDecision.decided_by),
    )
    return [(row.id, tuple(line_of(row)[column] for column in COLUMNS)) for row in db.session.scalars(found)]


def line_of(disclosure: Disclosure) -> dict[str, str]:
    """Return one line of the register in words, by column; erased values say so."""
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
        "items": str(_leaving(disclosure)),
        "package_sha256": package.sha256 if package else "",
        "handed_out": _moment(package.fetched_at) if package and package.fetched_at else "",
        "received": disclosure.received_on.isoformat() if disclosure.received_on else "",
    }


def _leaving(disclosure: Disclosure) -> int:
    """Count the items that left, or may leave as it stands; before a decision those asked for."""
    included = disclosure.included_items
    return len(included) - len(staying(disclosure, included)) if included else len(disclosure.items)


def _moment(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC") if at else ""
