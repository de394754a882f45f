"""The ledger of evidence as it stands (USE-8): when a possible match was received, what is on record besides it.

Both are asked of the matter, not of the one request: whoever files a second request, or has a report recalled and
issued again, does not come by a later day or an empty ledger.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, func, select

from app.calendar import local
from app.clauses import enforces
from app.domain.requests.one_matter import together
from app.extensions import db
from app.models.approval import Arrest, EvidenceItem, Report
from app.models.base import filled, now
from app.models.requests import FRRequest
from app.policy import policy
from app.policy.evidence import (
    Dating,
    Item,
    arrested_at,
    basis_of,
    check_arrest,
    check_item,
    contradicts_request,
    in_hand,
    item_of,
    named,
    same_words,
)
from app.policy.facts import Fault
from app.policy.words import visible
from app.storage import StorageError

Row = TypeVar("Row", EvidenceItem, Arrest)


def present() -> datetime:
    """Return the present moment as people type it."""
    return local(now()).replace(tzinfo=None)


def lead_received(request: FRRequest) -> datetime | None:
    """Return when a possible match of the matter was first delivered, to the minute; a recall does not undo it."""
    first = db.session.scalar(
        select(func.min(Report.delivered_at))
        .join(FRRequest, FRRequest.id == Report.request_id)
        .where(FRRequest.id.in_(together(request)), Report.kind == "possible_match")
    )
    return None if first is None else local(first).replace(tzinfo=None, second=0, microsecond=0)


@dataclass(frozen=True, slots=True)
class Standing:
    """How an item stands: how it is dated, whether it depends on the result, what a supervisor says of it."""

    dating: Dating
    depends: bool
    agreed: bool
    awaits: bool

    @property
    def independent(self) -> bool:
        """Tell whether it stands without the result, as a second person agrees."""
        return self.agreed and not self.depends

    @property
    def dated_before(self) -> bool:
        """Tell whether it was recorded after the result and is dated before it."""
        return self.dating != "no"


@enforces("USE-8", "USE-7")
def standing_of(row: EvidenceItem) -> Standing:
    """Return how an item stands now. What its writer says decides nothing: it waits for the supervisor's word.

    Only what depends on the result, and speaks for the person, counts nowhere and is not asked about.
    """
    dating: Dating = row.private.get("dated") or ("uncited" if row.timing == "before_lead" else "no")
    agreed = row.judgment is not None and row.judgment.agreed
    return Standing(dating, row.depends, agreed, row.awaits_word)


def awaiting(request: FRRequest) -> list[EvidenceItem]:
    """Return the request's own items on which the word of the supervisor named in it is missing."""
    return [row for row in request.evidence if row.awaits_word]


def with_unjudged() -> ColumnElement[bool]:
    """Test row by row whether a request has an item of evidence on which nobody was heard."""
    return FRRequest.evidence.any(~EvidenceItem.judgment.has())


def items(request: FRRequest) -> list[Item]:
    """Return what is on record besides the results of the matter, as the rules see it."""
    return [_counted(row) for row in evidence_of_matter(request)]


def _counted(row: EvidenceItem) -> Item:
    uncited = row.private.get("dated") == "uncited"
    recorded = local(row.created_at).replace(tzinfo=None) if uncited else None
    standing = standing_of(row)
    return item_of(row.private["facts"], standing.depends, recorded, agreed=standing.agreed)


def evidence_of_matter(request: FRRequest) -> Sequence[EvidenceItem]:
    """Return the items of evidence of every request under a number of the matter, oldest first.

    None of a reserved one carries another request: who closes on it could neither read nor name it (LIM-7).
    """
    return _of_matter(EvidenceItem, request, request.in_same_matter())


def arrests_of_matter(request: FRRequest) -> Sequence[Arrest]:
    """Return the arrests reported in every request of the matter, oldest first; of a reserved one only to its own."""
    return _of_matter(Arrest, request, FRRequest.id.in_(together(request)))


@enforces("USE-8", "LIM-7")
def _of_matter(model: type[Row], request: FRRequest, related: ColumnElement[bool]) -> Sequence[Row]:
    rows = select(model).join(FRRequest, FRRequest.id == model.request_id).where(related)
    if not request.reserved:
        rows = rows.where(~FRRequest.is_reserved())
    return db.session.scalars(rows.order_by(model.id)).all()


def matter_day(request: FRRequest) -> date | None:
    """Return the day of the matter as the request states it, where it does."""
    try:
        return date.fromisoformat(str((request.private.get("circumstances") or {}).get("date") or ""))
    except ValueError:
        return None


def matter_began(request: FRRequest) -> date | None:
    """Return the earliest day that a filed request of the matter states, where one does and can still be read."""
    filed = db.session.scalars(select(FRRequest).where(request.in_same_matter(), FRRequest.state != "draft"))
    days = []
    for one in filed:
        with suppress(StorageError):
            days.append(matter_day(one))
    return min(filter(None, days), default=None)


def faults_of_item(request: FRRequest, kind: str, facts: Mapping[str, object]) -> list[Fault]:
    """Return everything wrong with an item of evidence to be recorded; the same words twice are one item."""
    found = check_item(policy(), kind, facts, present(), matter_began(request))
    known = evidence_of_matter(request) if not found else ()
    again = any(same_words(row.private["facts"].get("what"), facts.get("what")) for row in known)
    if again:
        found.append(Fault("what", "This item is on record already.", policy().request.evidence.id))
    cited = str(facts.get("stood_in") or "")
    if not found and any(named(number, cited) for number in _own_numbers(request)):
        said = "Cite where it stood before the result: this is a paper of the portal."
        found.append(Fault("stood_in", said, policy().request.evidence.id))
    return found


def _own_numbers(request: FRRequest) -> list[str]:
    """Return the numbers of the portal's own papers in the matter: none of them shows what was there before."""
    rows = select(FRRequest.number, Report.number).outerjoin(Report, Report.request_id == FRRequest.id)
    return [number for row in db.session.execute(rows.where(request.in_same_matter())) for number in row if number]


def faults_of_arrest(request: FRRequest, facts: Mapping[str, object]) -> list[Fault]:
    """Return everything wrong with what is said of an arrest; one of the same number was made when it was."""
    lead, day = lead_received(request), matter_day(request)
    found = check_arrest(policy(), facts, lead=lead, matter=day, present=present(), use=request.use_id)
    cited = str(facts.get("record_in") or "")
    if not found and any(named(number, cited) for number in _own_numbers(request)):
        said = "Cite where the arrest stood before the result: this is a paper of the portal."
        found.append(Fault("record_in", said, "arrest_possible"))
    known = same_arrest(request, facts)
    if not found and known is not None and arrested_at(known.private["facts"]) != arrested_at(facts):
        at = arrested_at(known.private["facts"])
        told = f"This arrest was reported as made on {at:%Y-%m-%d at %H:%M}."
        if known.request.requester_id != request.requester_id:  # of one matter or not: it opens nothing of the other
            told = "In another request of this matter the arrest was reported as made at another time."
        found.append(Fault("arrested_on", told, "arrest_possible"))
    return found


def faults_of_no_arrest(request: FRRequest, outcome_id: str, facts: Mapping[str, object]) -> list[Fault]:
    """Check that an outcome without arrest answers to an arrest that does not end this request by itself.

    Which request it was reported in, and when, is not told: that two numbers are linked opens nothing of the other.
    """
    outcome = policy().request.outcomes.get(outcome_id)
    if outcome is None or not outcome.without_arrest or visible(str(facts.get("despite") or "")):
        return []
    reported = arrests_of_matter(request)
    if not reported:
        return []
    own = all(row.request_id == request.id for row in reported)
    told = "An arrest is on record here" if own else "An arrest was reported in this matter"
    if own and all(row.basis == "before_lead" for row in reported):
        told = "An arrest that is said to be before the result is on record here"
    return [Fault("despite", f"{told}: say why this request ends without one.", "matter_arrest_answered")]


def same_arrest(request: FRRequest, facts: Mapping[str, object]) -> Arrest | None:
    """Return the arrest of the matter reported under the same number, however it is written; it counts once."""
    number = facts.get("arrest_number")
    reported = arrests_of_matter(request)
    return next((row for row in reported if same_words(row.private["facts"]["arrest_number"], number)), None)


@dataclass(frozen=True, slots=True)
class ArrestStanding:
    """What stands beside an arrest: whether it contradicts its request, what was recorded after it was reported."""

    contradicts: bool
    recorded_after: int


@enforces("USE-8", "AUD-7")
def arrest_standing(arrest: Arrest) -> ArrestStanding:
    """Return what is shown beside an arrest; nothing of it changes what was in hand when the arrest was reported."""
    later = [row for row in evidence_of_matter(arrest.request) if row.created_at > arrest.created_at]
    return ArrestStanding(contradicts(arrest), sum(_counted(row).independent for row in later))


def contradicts(arrest: Arrest) -> bool:
    """Tell whether an arrest said to be before the result lies before its request asked who the person is."""
    request, arrested = arrest.request, arrested_at(arrest.private["facts"])
    filed = None if request.submitted_at is None else local(request.submitted_at).replace(tzinfo=None)
    early = arrest.basis == "before_lead" and arrested is not None
    return early and contradicts_request(policy(), filled(arrested), filed, request.use_id)


@enforces("USE-8", "AUD-7")
def rest_anew(request: FRRequest) -> list[Arrest]:
    """Say anew on what the arrests of the matter rest, after two matters became one; answer those that changed.

    One that was reported before any result was received rests on none. What is recorded after an arrest was reported
    was not in hand at it.
    """
    lead, changed = lead_received(request), []
    for arrest in arrests_of_matter(request):
        arrested, reported = arrested_at(arrest.private["facts"]), local(arrest.created_at).replace(tzinfo=None)
        if lead is None or arrested is None or reported < lead:
            continue
        basis = basis_of(arrested, lead)
        if basis != arrest.basis:
            known = [row for row in evidence_of_matter(arrest.request) if row.created_at <= arrest.created_at]
            arrest.basis, arrest.in_hand = basis, in_hand([_counted(row) for row in known], arrested)
            changed.append(arrest)
    return changed
