"""The links of the numbers of one matter: proposed by the portal, made, declined and ended by people (REQ-2, RET-11).

A link changes what counts as one matter. It changes no scope: who could not read a request before cannot read it after.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm.attributes import flag_modified

from app import audit
from app.access.actor import Actor, system_actor
from app.access.capabilities import check_capability
from app.access.scoping import find, visible
from app.clauses import enforces
from app.domain.matters import evidence, numbers
from app.domain.matters.evidence import Evidence
from app.domain.matters.reading import Read, evidence_read
from app.domain.requests import outcomes
from app.extensions import db, stores
from app.models.base import new_uid, now
from app.models.examination import Round
from app.models.matters import CaseNumber, MatterLink, in_matter_of
from app.models.requests import FRRequest
from app.policy import policy
from app.policy.case_numbers import check_case_number
from app.policy.reasons import gives_reason
from app.policy.refused import Refused
from app.storage import StorageError
from app.workflow.engine import refuse_if

RULE = "one-matter"
GONE = "This proposal or link is no longer there."


@enforces("REQ-2", "RET-11")
def propose(first: CaseNumber, second: CaseNumber, found: Sequence[Evidence]) -> MatterLink | None:
    """Propose that two numbers are of one matter, or add to what is proposed.

    None where they are one, and where people have seen this evidence or decided on it. Needs an open unit of work.
    """
    _lock(first, second)
    if first.matter == second.matter:
        return None
    before = _between(first, second)
    new = evidence.unseen(before, found)
    if not new:
        return None
    row = next((one for one in before if one.ended_at is None), None)
    if row is None:
        row = _row(first, second)
    else:
        _touch(row)
    evidence.add(row, new)
    audit.record("matter.proposed", first, actor=system_actor(), other=second.number, because=[one.kind for one in new])
    return row


@enforces("REQ-2", "RET-11")
def link(number: CaseNumber, actor: Actor, text: str, reason: str) -> MatterLink:
    """Link a number with another that the person typed. Raises Refused."""
    check_capability(actor, "matter.link")
    faults = check_case_number(policy(), text, linked=True)
    if faults and not numbers.stands(text):
        raise Refused(faults[0].rule_id, faults[0].message, faults=faults)
    _check_reason(reason)
    other = numbers.begin(numbers.take(text))
    refuse_if(RULE, other.id == number.id, "This is the same number, written otherwise.")
    _lock(number, other)
    refuse_if(RULE, number.matter == other.matter, f"{other.number} belongs to this matter already.")
    row = next((one for one in _between(number, other) if one.ended_at is None), None) or _row(number, other)
    _join(row, actor, reason)
    audit.record("matter.linked", number, actor=actor, other=other.number, link=row.uid)
    return row


@enforces("REQ-2", "RET-11")
def accept(number: CaseNumber, actor: Actor, row: MatterLink | None, reason: str) -> None:
    """Link two numbers as the portal proposed. Raises Refused."""
    row = _asked(number, actor, row, "proposed", reason)
    _join(row, actor, reason)
    audit.record("matter.linked", number, actor=actor, other=row.other(number.number).number, link=row.uid)


@enforces("REQ-2", "RET-11")
def decline(number: CaseNumber, actor: Actor, row: MatterLink | None, reason: str) -> None:
    """Say that two numbers are not of one matter; the portal does not propose it again. Raises Refused."""
    row = _asked(number, actor, row, "proposed", reason)
    _end(row, actor, reason)
    audit.record("matter.declined", number, actor=actor, other=row.other(number.number).number, link=row.uid)


@enforces("REQ-2", "RET-11")
def part(number: CaseNumber, actor: Actor, row: MatterLink | None, reason: str) -> None:
    """End a link: what it alone held together is two matters again. Raises Refused."""
    row = _asked(number, actor, row, "linked", reason)
    own = policy().request.matter.parted_by_others and actor.id in _examined_by(row.first)
    refuse_if(RULE, own, "You examine, or examined, a request of this matter: somebody else ends the link.")
    _end(row, actor, reason)
    _separate(row.first)
    audit.record("matter.parted", number, actor=actor, other=row.other(number.number).number, link=row.uid)


def _examined_by(number: CaseNumber) -> set[int | None]:
    """Return who examines, or examined a round of, a request of a matter."""
    in_matter = in_matter_of(FRRequest.case_number, number.number)
    now_with = select(FRRequest.examiner_id).where(in_matter)
    rounds = select(Round.examiner_id).join(Round.request).where(in_matter)
    return {*db.session.scalars(now_with), *db.session.scalars(rounds)}


def _asked(number: CaseNumber, actor: Actor, row: MatterLink | None, standing: str, reason: str) -> MatterLink:
    check_capability(actor, "matter.link")
    if row is not None:
        # what the portal found meanwhile is on the row before words are sealed beside it
        _lock(row.first, row.second)
        db.session.refresh(row)
    mine = row is not None and number.id in (row.first_id, row.second_id) and row.standing == standing
    if row is None or not mine:
        raise Refused(RULE, GONE)
    refuse_if(RULE, find(CaseNumber, row.other(number.number).number, actor) is None, GONE)
    _check_reason(reason)
    return row


def _check_reason(reason: str) -> None:
    least = policy().request.matter.least_reason
    refuse_if(RULE, not gives_reason(policy(), reason, least), f"Write the reason, in at least {least} characters.")


def _row(first: CaseNumber, second: CaseNumber) -> MatterLink:
    low, high = sorted((first, second), key=lambda one: one.id)
    row = MatterLink(first=low, second=high, because=[])
    db.session.add(row)
    db.session.flush()
    return row


def _lock(*several: CaseNumber) -> None:
    """Lock every number of these matters until the unit ends, in one order."""
    matters = {one.matter for one in several}
    rows = select(CaseNumber).where(CaseNumber.matter.in_(matters)).order_by(CaseNumber.id).with_for_update()
    db.session.scalars(rows.execution_options(populate_existing=True)).all()


def _join(row: MatterLink, actor: Actor, reason: str) -> None:
    row.key_id = row.key_id or stores().keys.create()
    row.seal(reason=reason.strip())
    row.linked_at, row.linked_by_id = now(), actor.id
    for one in db.session.scalars(select(CaseNumber).where(CaseNumber.matter == row.second.matter)):
        one.matter = row.first.matter
    _touch(row)
    known = select(FRRequest).where(in_matter_of(FRRequest.case_number, row.first.number)).limit(1)
    request = db.session.scalar(known)
    if request is not None:
        outcomes.rest_anew(request, actor)


def _end(row: MatterLink, actor: Actor, reason: str) -> None:
    row.key_id = row.key_id or stores().keys.create()
    row.seal(end_reason=reason.strip())
    row.ended_at, row.ended_by_id = now(), actor.id
    _touch(row)


def _touch(row: MatterLink) -> None:
    """Move both numbers to their next version: whoever has a page of one open is told, and their records follow."""
    for one in (row.first, row.second):
        flag_modified(one, "matter")
    db.session.flush()


def _separate(first: CaseNumber) -> None:
    """Give each part of a matter that links no longer hold together a matter of its own."""
    left = list(db.session.scalars(select(CaseNumber).where(CaseNumber.matter == first.matter)))
    held = _standing_links([one.id for one in left])
    keeps = True
    while left:
        reached, ahead = set(), [first.id if keeps else left[0].id]
        while ahead:
            at = ahead.pop()
            if at not in reached:
                reached.add(at)
                ahead += [other for pair in held if at in pair for other in pair]
        label = first.matter if keeps else new_uid()
        for one in left:
            if one.id in reached and one.matter != label:
                one.matter = label
        left, keeps = [one for one in left if one.id not in reached], False
    db.session.flush()


def _standing_links(ids: Sequence[int]) -> list[tuple[int, int]]:
    rows = select(MatterLink.first_id, MatterLink.second_id).where(
        MatterLink.linked_at.is_not(None), MatterLink.ended_at.is_(None), MatterLink.first_id.in_(ids)
    )
    return [(first, second) for first, second in db.session.execute(rows)]


def _between(first: CaseNumber, second: CaseNumber) -> list[MatterLink]:
    low, high = sorted((first.id, second.id))
    rows = select(MatterLink).where(MatterLink.first_id == low, MatterLink.second_id == high).order_by(MatterLink.id)
    return list(db.session.scalars(rows.execution_options(populate_existing=True)))


# What pages show -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LinkLine:
    """One proposal or link as a page tells it; `reasons` are the words of people, none where they were erased."""

    row: MatterLink
    other: CaseNumber
    reasons: tuple[str, ...]
    evidence: Sequence[Read] = ()


@enforces("ACC-11", "LIM-7")
def links_of(number: CaseNumber, actor: Actor) -> list[LinkLine]:
    """Return the proposals and links of a number, newest first, without numbers that do not exist for this person."""
    rows = select(MatterLink).where(or_(MatterLink.first_id == number.id, MatterLink.second_id == number.id))
    found = [(row, row.other(number.number)) for row in db.session.scalars(rows.order_by(MatterLink.id.desc()))]
    ids = [other.id for _, other in found]
    known = set(db.session.scalars(visible(CaseNumber, actor).where(CaseNumber.id.in_(ids))))
    read = evidence_read([row for row, other in found if other in known], actor)
    return [LinkLine(row, other, reasons_of(row), read[row.id]) for row, other in found if other in known]


def reasons_of(row: MatterLink) -> tuple[str, ...]:
    """Return why it was linked and why that ended, as far as it can still be read."""
    try:
        told = row.private if row.key_id else {}
    except StorageError:
        return ()
    return tuple(str(told[name]) for name in ("reason", "end_reason") if told.get(name))


@enforces("ACC-11", "LIM-7")
def numbers_of(number: CaseNumber, actor: Actor) -> list[CaseNumber]:
    """Return the numbers of the matter that exist for this person, the asked one included."""
    rows = visible(CaseNumber, actor).where(CaseNumber.matter == number.matter)
    return list(db.session.scalars(rows.order_by(CaseNumber.number)))


@enforces("RET-11")
def parted_from(number: str) -> list[MatterLink]:
    """Return the links of a number that people ended."""
    return [row for row in _all_of(number) if row.standing == "parted"]


def links_with_words(number: str) -> list[MatterLink]:
    """Return the links and proposals of a number about which people wrote."""
    return [row for row in _all_of(number) if row.sealed is not None]


def _all_of(number: str) -> list[MatterLink]:
    rows = (
        select(MatterLink)
        .join(CaseNumber, or_(MatterLink.first_id == CaseNumber.id, MatterLink.second_id == CaseNumber.id))
        .where(CaseNumber.number == number)
    )
    return list(db.session.scalars(rows.order_by(MatterLink.id)))
