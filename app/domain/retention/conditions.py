"""The conditions of case records and disposals: nothing before its day or without two approvers (RET-1 to RET-11)."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from app.access.actor import Actor
from app.calendar import today
from app.domain.retention.eligibility import Target, being_erased, filed_on, label, not_due, under_way
from app.domain.retention.known import last_arrest, unsourced
from app.extensions import db
from app.models.matters import in_matter_of
from app.models.requests import FRRequest
from app.models.retention import CaseRecord, Disposal, DisposalItem
from app.policy import policy
from app.policy.reasons import gives_reason
from app.workflow.facts import Facts
from app.workflow.registry import condition


@condition("closure_reason_known", "RET-11")
def closure_reason_known(record: CaseRecord, actor: Actor, facts: Facts) -> str | None:
    return None if facts.get("reason") in policy().retention.closures else "Choose the reason of the closing."


@condition("day_in_order", "RET-11")
def day_in_order(record: CaseRecord, actor: Actor, facts: Facts) -> str | None:
    """Require that a day of closing or reopening has come and follows the one recorded before it."""
    on = facts.get("day")
    if not isinstance(on, date):
        return "Enter the day."
    if on > today():
        return "The day lies in the future."
    if facts.get("kind") in {"closed", "reopened"}:
        before = [line.on for line in record.history if line.kind in {"closed", "reopened"}]
        if before and on < before[-1]:
            return f"The day lies before {before[-1]}, when the case was last closed or reopened."
    return None


@condition("closing_after_filing", "RET-11")
def closing_after_filing(record: CaseRecord, actor: Actor, facts: Facts) -> str | None:
    """Hold what a person types against what the portal knows: a request of the case was filed then."""
    on, filed = facts.get("day"), filed_on(record)
    if not isinstance(on, date) or filed is None or on >= filed:
        return None
    return f"A request of this case was filed on {filed}; the case was not closed before, on {on}."


@condition("searches_concluded", "SRC-7", "RET-11")
def searches_concluded(record: CaseRecord, actor: Actor, facts: Facts) -> str | None:
    in_case = in_matter_of(FRRequest.case_number, record.case_number)
    waiting = list(db.session.scalars(select(FRRequest.number).where(in_case, FRRequest.is_inconclusive())))
    return f"A finished search has no conclusion yet: {', '.join(sorted(waiting))}." if waiting else None


@condition("closing_fits_arrests", "RET-11", "USE-8")
def closing_fits_arrests(record: CaseRecord, actor: Actor, facts: Facts) -> str | None:
    """Hold the reason that a person names against the arrests that investigators reported."""
    rule = policy().retention.closures.get(str(facts.get("reason")))
    reported = last_arrest(record) if rule is not None and rule.no_arrest else None
    return None if reported is None else f"An arrest in this matter was reported on {reported}."


@condition("disposition_sourced", "RET-11")
def disposition_sourced(record: CaseRecord, actor: Actor, facts: Facts) -> str | None:
    if facts.get("kind") != "disposition":
        return None
    return unsourced(record, str(facts.get("value")), str(facts.get("source") or ""))


@condition("history_line_known", "RET-1", "RET-11")
def history_line_known(record: CaseRecord, actor: Actor, facts: Facts) -> str | None:
    known = {"disposition": policy().retention.classes, "event": policy().retention.events}
    return None if facts.get("value") in known.get(str(facts.get("kind")), ()) else "Choose what is to be recorded."


@condition("classes_known", "RET-11")
def classes_known(record: CaseRecord, actor: Actor, facts: Facts) -> str | None:
    classes = facts.get("classes") or []
    known = policy().retention.classes
    return None if classes and all(name in known for name in classes) else "Choose at least one class."


@condition("history_unchanged", "RET-11")
def history_unchanged(record: CaseRecord, actor: Actor, facts: Facts) -> str | None:
    same = facts.get("history_seen") == len(record.history)
    return None if same else "Something was added to the history of the case since you looked at it."


@condition("difference_reasoned", "RET-11")
def difference_reasoned(record: CaseRecord, actor: Actor, facts: Facts) -> str | None:
    if set(facts.get("classes") or []) == set(facts.get("proposed") or []):
        return None
    said = gives_reason(policy(), facts.get("reason"))
    return None if said else "The class differs from the one the rules propose: write the reason."


@condition("disposal_approved_twice", "RET-11")
def disposal_approved_twice(record: CaseRecord, actor: Actor, facts: Facts) -> str | None:
    disposal = db.session.scalars(select(Disposal).where(Disposal.number == facts.get("disposal"))).one_or_none()
    if disposal is None or disposal.state != "executing":
        return "No disposal of this record is under execution."
    if all(item.case_record_id != record.id for item in disposal.items):
        return "The record is not part of this disposal."
    people = {disposal.proposed_by_id, disposal.first_approver_id, disposal.second_approver_id}
    return None if None not in people and len(people) == 3 else "Two people other than the proposer did not approve."


@condition("record_due", "RET-1", "RET-2", "RET-3", "RET-4", "RET-5", "RET-6", "RET-7", "RET-8", "RET-11")
def record_due(record: CaseRecord, actor: Actor, facts: Facts) -> str | None:
    found = not_due(record)
    return found.sentence if found else None


@condition("erasure_finished", "RET-11")
def erasure_finished(record: CaseRecord, actor: Actor, facts: Facts) -> str | None:
    return "The earlier record of this case is being erased." if being_erased(record) else None


@condition("case_record_disposed", "RET-11")
def case_record_disposed(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    record = db.session.scalars(select(CaseRecord).where(CaseRecord.case_number == request.case_number)).one_or_none()
    gone = record is not None and record.state == "disposed"
    return None if gone else "The record of its case is not being disposed of."


def _taken_by_another(target: Target, disposal: Disposal) -> bool:
    other = under_way(target)
    return other is not None and other.id != disposal.id


@condition("records_chosen", "RET-11")
def records_chosen(disposal: Disposal, actor: Actor, facts: Facts) -> str | None:
    if not disposal.items:
        return "Choose at least one record."
    taken = [label(item.target) for item in disposal.items if _taken_by_another(item.target, disposal)]
    return f"Already in another disposal under way: {', '.join(taken)}." if taken else None


@condition(
    "every_item_due",
    "RET-1",
    "RET-2",
    "RET-3",
    "RET-4",
    "RET-5",
    "RET-6",
    "RET-7",
    "RET-8",
    "RET-9",
    "RET-10",
    "RET-11",
)
def every_item_due(disposal: Disposal, actor: Actor, facts: Facts) -> str | None:
    """Require that every item is due, at the proposal and at each approval; the execution checks each record again."""
    for item in disposal.items:
        found = not_due(item.target)
        if found is not None:
            return f"{label(item.target).capitalize()}: {found.sentence}"
    return None


@condition("files_with_their_records", "RET-9", "RET-10")
def files_with_their_records(disposal: Disposal, actor: Actor, facts: Facts) -> str | None:
    chosen = {item.case_record_id for item in disposal.items if item.case_record_id is not None}
    for item in disposal.items:
        for record in kept_records(item):
            if record.id not in chosen:
                return f"{label(item.target).capitalize()} belongs to case {record.case_number}, which is kept."
    return None


def kept_records(item: DisposalItem) -> list[CaseRecord]:
    """Return the case records, not disposed of, that a person file of a disposal belongs to; none for a case record."""
    if item.person_file is None:
        return []
    return [link.record for link in item.person_file.links if link.record.disposed_at is None]


@condition("actor_proposed_it", "RET-11")
def actor_proposed_it(disposal: Disposal, actor: Actor, facts: Facts) -> str | None:
    return None if actor.id == disposal.proposed_by_id else "Another person proposed it."


@condition("every_item_done", "RET-11")
def every_item_done(disposal: Disposal, actor: Actor, facts: Facts) -> str | None:
    left = sum(item.state not in {"erased", "spared"} for item in disposal.items)
    return f"{left} records are neither erased nor spared yet." if left else None


@condition("certificate_stored", "RET-11")
def certificate_stored(disposal: Disposal, actor: Actor, facts: Facts) -> str | None:
    return None if disposal.certificate_blob_id is not None else "The certificate is not stored yet."
