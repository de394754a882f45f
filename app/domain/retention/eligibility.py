"""The eligibility of a case record or person file: facts from the rows, then the calculation (RET-1 to RET-11).

Reads only. Everything else about retention, conditions and pages included, asks here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, func, select

from app.calendar import day_of, today
from app.clauses import enforces
from app.domain.matters.numbers import of_matter
from app.domain.retention.matter_days import beginning_of, filings_of_matters, last_filings, suspected_from
from app.extensions import db
from app.models.disclosures import Disclosure
from app.models.gallery import GalleryHold
from app.models.matters import in_matter_of
from app.models.requests import FRRequest, ProbeImage
from app.models.retention import CasePerson, CaseRecord, Disposal, DisposalItem, LegalHold, PersonFile
from app.policy import policy
from app.policy import retention as rules
from app.policy.names import StateName
from app.policy.retention.dates import anniversary, said
from app.policy.retention.person import LOOK_UP
from app.policy.retention.types import (
    CaseFacts,
    HistoryEntry,
    Hold,
    LinkedCase,
    LinkedPerson,
    PersonFacts,
    Reason,
    Standing,
)

Target = CaseRecord | PersonFile
Record = TypeVar("Record", bound=Target)


def is_disposed(target: Target) -> bool:
    """Tell whether the erasure of a record has begun, which cannot be undone."""
    return target.state == "disposed" if isinstance(target, CaseRecord) else target.disposed_at is not None


def label(target: Target) -> str:
    """Return how a record is named where no person's name may be printed."""
    return f"case {target.case_number}" if isinstance(target, CaseRecord) else f"person file {target.uid[:8]}"


def requests_of(record: CaseRecord) -> list[FRRequest]:
    """Return every request under the record's case number, oldest first."""
    rows = select(FRRequest).where(FRRequest.case_number == record.case_number).order_by(FRRequest.id)
    return list(db.session.scalars(rows))


@enforces("RET-11")
def request_ended(state: StateName) -> bool:
    """Whether nothing is waited for any more; a draft is not at an end, for it may still be submitted."""
    return state in FRRequest.flow().states_that("final")


@enforces("RET-11")
def disclosure_ended(state: StateName) -> bool:
    """Whether nothing is waited for any more; a draft is not at an end, for it may still be submitted."""
    return state in Disclosure.flow().states_that("final")


def requests_at_work() -> ColumnElement[bool]:
    """Return the requests that have not ended."""
    return ~FRRequest.having("final")


def disclosures_at_work() -> ColumnElement[bool]:
    """Return the disclosures that have not ended."""
    return ~Disclosure.having("final")


def open_requests(record: CaseRecord) -> int:
    """Count the requests of the matter that have not ended."""
    rows = select(func.count()).select_from(FRRequest)
    return (
        db.session.scalar(rows.where(in_matter_of(FRRequest.case_number, record.case_number), requests_at_work())) or 0
    )


def open_disclosures(record: CaseRecord) -> int:
    """Count the disclosures from the matter that have not ended."""
    rows = select(func.count()).select_from(Disclosure)
    in_matter = in_matter_of(Disclosure.case_number, record.case_number)
    return db.session.scalar(rows.where(in_matter, disclosures_at_work())) or 0


def _day(text: Any) -> date | None:
    return date.fromisoformat(text) if text else None


def _holds(holds: list[LegalHold]) -> tuple[Hold, ...]:
    return tuple(Hold(hold.number, hold.kind, day_of(hold.created_at)) for hold in holds)


def history_of(record: CaseRecord) -> tuple[HistoryEntry, ...]:
    """Return the record's history in the order recorded, as the calculation takes it."""
    return tuple(HistoryEntry(line.kind, line.on, line.value) for line in record.history)


def _linked(link: CasePerson) -> LinkedPerson:
    private = link.file.private
    return LinkedPerson(
        ref=link.file.uid[:8],
        role=link.role,
        born_on=_day(private.get("born_on")),
        died_on=_day(private.get("died_on")),
        last_arrest_on=_day(private.get("last_arrest_on")),
        child_victim=link.child_victim,
        juvenile=link.juvenile,
    )


def filed_on(record: CaseRecord) -> date | None:
    """Return the day on which the last request of the matter was filed."""
    return max(last_filings(of_matter(record.case_number)).values(), default=None)


def others_of_matter(record: CaseRecord) -> list[CaseRecord]:
    """Return the case records of the other numbers of the matter."""
    rows = select(CaseRecord).where(
        in_matter_of(CaseRecord.case_number, record.case_number), CaseRecord.id != record.id
    )
    return list(db.session.scalars(rows.order_by(CaseRecord.case_number)))


def facts_of(record: CaseRecord, day: date | None = None) -> CaseFacts:
    """Gather from the rows the facts that decide on a case record; `day`: on which the others of its matter stand."""
    day = day or today()
    own = case_facts(record, open_requests(record), open_disclosures(record), filed_on(record))
    others = others_of_matter(record)
    alone = {
        other.id: rules.standing_of_case(
            policy().retention, case_facts(other, own.open_requests, own.open_disclosures, own.filed_on), day
        )
        for other in others
        if other.disposed_at is None
    }
    return replace(own, matter=tuple(linked_case(other, alone) for other in others))


def case_facts(record: CaseRecord, requests: int, disclosures: int, filed: date | None) -> CaseFacts:
    """Gather the facts that decide on a case record; the caller finds its open work and last filing."""
    people = tuple(_linked(link) for link in record.people if link.file.disposed_at is None)
    aged = any(person.child_victim or person.juvenile for person in people)
    return CaseFacts(
        classes=tuple(record.classes),
        history_seen=record.history_seen,
        history=history_of(record),
        people=people,
        open_requests=requests,
        open_disclosures=disclosures,
        filed_on=filed,
        began_on=beginning_of(record.case_number) if aged else None,
        holds=_holds(record.holds_in_force),
    )


def facts_of_person(file: PersonFile, day: date) -> PersonFacts:
    """Gather the facts that decide on a person file on a day, with the standings of its case records."""
    standings = {link.record.id: standing_of(link.record, day) for link in file.links if _kept(link)}
    return person_facts(file, standings, filings_of_matters([link.record.case_number for link in file.links]))


def person_facts(file: PersonFile, standings: Mapping[int, Standing], filed: Mapping[str, date]) -> PersonFacts:
    """Gather the facts that decide on a person file.

    `standings` of its case records not disposed of, by their id; `filed`: the last filing of each of its cases.
    """
    private = file.private
    roles = {link.record.case_number: link.role for link in file.links}
    began = suspected_from(roles) if private.get("died_on") else {}
    suspect = any(link.role == "suspect" for link in file.links)
    return PersonFacts(
        role="criminal_or_suspect" if suspect else "associated",
        born_on=_day(private.get("born_on")),
        died_on=_day(private.get("died_on")),
        last_arrest_on=_day(private.get("last_arrest_on")),
        arrests_checked_on=_day(private.get("arrests_checked_on")),
        cases=tuple(
            replace(
                linked_case(link.record, standings),
                filed_on=filed.get(link.record.case_number),
                suspected_from=began.get(link.record.case_number),
            )
            for link in file.links
        ),
        holds=_holds(file.holds_in_force),
    )


def _kept(link: CasePerson) -> bool:
    return link.record.disposed_at is None


def linked_case(record: CaseRecord, standings: Mapping[int, Standing]) -> LinkedCase:
    """Return a case record as another thing that goes with it sees it; `standings` of those not disposed of, by id."""
    if record.disposed_at is not None:
        return LinkedCase(record.case_number, None, day_of(record.disposed_at))
    return LinkedCase(record.case_number, standings[record.id])


def standing_of(target: Target, day: date | None = None) -> Standing:
    """Calculate the standing of a case record or person file on a day (today by default).

    What was disposed of has no standing: LookupError.
    """
    if is_disposed(target):
        raise LookupError(f"{label(target)} was disposed of")
    day = day or today()
    if isinstance(target, CaseRecord):
        return rules.standing_of_case(policy().retention, facts_of(target, day), day)
    return rules.standing_of_person(policy().retention, facts_of_person(target, day), day)


@dataclass(frozen=True, slots=True)
class NotDue:
    """The reason why a record may not be disposed of: the rule, and a sentence without names."""

    rule_id: str
    sentence: str


@enforces("RET-1", "RET-2", "RET-3", "RET-4", "RET-5", "RET-6", "RET-7", "RET-8", "RET-9", "RET-10", "RET-11")
def not_due(target: Target, day: date | None = None) -> NotDue | None:
    """Return why a record may not be disposed of on a day, or None when it may."""
    if is_disposed(target):
        return NotDue("every_item_due", f"{label(target).capitalize()} was disposed of already.")
    standing = standing_of(target, day)
    if standing.status != "disposable":
        return NotDue(standing.why.rule_id, standing.why.sentence)
    if isinstance(target, CaseRecord):
        waiting = _undecided_look_alikes(target)
        if waiting:
            return NotDue("probe-look-alike", "A photograph that looks like a probe of this case waits for a decision.")
        if _images_at_work(target):
            return NotDue("closed_cases_only", "An image of this case is still being checked.")
        return None
    photographed = arrest_on_record(target, day or today())
    if photographed is not None:
        words = f"Kept: the repository holds an arrest photograph of the person, taken on {said(photographed)}."
        return NotDue(LOOK_UP, words)
    return None


@enforces("RET-9")
def arrest_on_record(file: PersonFile, day: date) -> date | None:
    """Return the last arrest, within the years free of arrest, of which the repository holds a photograph.

    Whoever looked the arrest records up may have missed it. None for a file kept with its cases, and for the dead.
    """
    rule = next(rule for rule in policy().retention.files.values() if rule.role == "criminal_or_suspect")
    suspect = any(link.role == "suspect" for link in file.links)
    if file.gallery_person is None or not suspect or file.private.get("died_on"):
        return None
    photos = (p for p in file.gallery_person.photos if p.removed_at is None and p.source == "arrest")
    last = max((photo.taken_on for photo in photos), default=None)
    return last if last is not None and anniversary(last, rule.arrest_free or 0) > day else None


def _images_at_work(record: CaseRecord) -> bool:
    """A worker may be about to store a copy of it: what is destroyed must not grow meanwhile."""
    found = (
        select(ProbeImage.id)
        .join(FRRequest, ProbeImage.request_id == FRRequest.id)
        .where(
            FRRequest.case_number == record.case_number, ProbeImage.state == "checking", ProbeImage.removed_at.is_(None)
        )
    )
    return db.session.scalar(found.limit(1)) is not None


def _undecided_look_alikes(record: CaseRecord) -> int:
    """CAP-4: photographs held because they look like a probe of this case; a person decides before the probe goes."""
    return (
        db.session.scalar(
            select(func.count())
            .select_from(GalleryHold)
            .join(ProbeImage, GalleryHold.probe_image_id == ProbeImage.id)
            .join(FRRequest, ProbeImage.request_id == FRRequest.id)
            .where(FRRequest.case_number == record.case_number, GalleryHold.decision.is_(None))
        )
        or 0
    )


def reasons(standing: Standing) -> list[dict[str, str | None]]:
    """Return the deciding steps of a standing, outermost first: rule ids, clauses and the day of each; no names.

    The periods of the confirmed classes stand too, whichever of them decides. Beside the day of the whole only a period
    that runs from the closing keeps its day: others (of a birth, of a death) tell more than a record of a disposal
    needs.
    """
    classes = policy().retention.classes
    found: list[dict[str, str | None]] = []

    def walk(reason: Reason, top: bool) -> None:
        rule = classes.get(reason.rule_id)
        counted = reason.on if rule is not None and (rule.keep == "years_after_closure" or reason.decides) else None
        day = standing.earliest if top else counted
        on = day.isoformat() if day else None
        entry = {"rule": reason.rule_id, "clause": reason.clause, "on": on}
        if all((known["rule"], known["clause"]) != (reason.rule_id, reason.clause) for known in found):
            found.append(entry)
        for child in reason.children:
            if child.decides or child.rule_id in classes:
                walk(child, False)

    walk(standing.why, True)
    return found


def under_way(target: Target) -> Disposal | None:
    """Return the open disposal that holds this record, or None."""
    column = DisposalItem.case_record_id if isinstance(target, CaseRecord) else DisposalItem.person_file_id
    return db.session.scalars(
        select(Disposal)
        .join(DisposalItem)
        .where(column == target.id, Disposal.having("under_way"))
        .order_by(Disposal.id)
    ).first()


def being_erased(target: Target) -> bool:
    """Tell whether the destruction of this record is going on."""
    column = DisposalItem.case_record_id if isinstance(target, CaseRecord) else DisposalItem.person_file_id
    found = select(DisposalItem.id).where(column == target.id, DisposalItem.state == "erasing")
    return db.session.scalar(found.limit(1)) is not None


def locked(target: Record) -> Record:
    """Lock the row until the unit ends, so that holds and erasure marks on it are serialized."""
    model = type(target)
    return db.session.scalars(
        select(model).where(model.id == target.id).with_for_update().execution_options(populate_existing=True)
    ).one()
