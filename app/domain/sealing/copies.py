"""The copies delivered before a sealing order: listed, their holders told, what became of each recorded (CAP-3).

Only what shows the sealed photographs themselves: a file in a case folder, a download, a printed comparison, a package.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from app import audit
from app.access.actor import Actor, system_actor
from app.access.capabilities import check_capability
from app.audit.chain import canonical
from app.calendar import day_of
from app.clauses import enforces
from app.domain.notices.notifications import tell
from app.domain.sealing.lookback import items_about, reports_about, viewing
from app.domain.serving import left_among
from app.extensions import db
from app.models import Account, AuditEvent, FRRequest, GalleryPhoto, Report, Round, SealedCopy, SealingOrder
from app.models.base import filled, now
from app.policy import policy
from app.policy.facts import check_questions
from app.policy.refused import Refused
from app.unit_of_work import Conflict

KINDS = {
    "case_file": "In the case folder",
    "download": "Downloaded",
    "print": "Comparison printed",
    "package": "In a package that was fetched",
}


@enforces("CAP-3", "SRC-8")
def list_copies(order: SealingOrder, photos: list[GalleryPhoto]) -> int:
    """List the copies that are not listed yet and tell their holders in the department; returns how many.

    Needs an open unit of work.
    """
    known = {(copy.kind, copy.about, copy.number, copy.account_id, copy.delivered_at) for copy in order.copies}
    made = []
    for copy in [*_of_reports(photos), *_printed(photos)]:
        key = (copy.kind, copy.about, copy.number, copy.account_id, copy.delivered_at)
        if key not in known:
            known.add(key)
            copy.order = order
            db.session.add(copy)
            made.append(copy)
    told = 0
    for copy in made:
        if copy.account_id is not None:
            copy.told_at = now()
            tell("sealing_copy", [copy.account_id], _request(copy.about))
            told += 1
    if made:
        db.session.flush()
        audit.record("sealing.copies_listed", order, actor=system_actor(), copies=len(made), told=told)
    return len(made)


def _of_reports(photos: list[GalleryPhoto]) -> Iterator[SealedCopy]:
    """Yield the copies of delivered reports that show what left."""
    reports = reports_about(photos)
    shown = [report for report, left in zip(reports, left_among(reports), strict=True) if left is not None]
    for report in shown:
        request, delivered = report.request, filled(report.delivered_at)
        yield _copy("case_file", request.number, report.number, request.requester_id, delivered)
        for account_id, at in _downloads(report):
            yield _copy("download", request.number, report.number, account_id, at)
    for item in items_about(photos):
        for package in item.disclosure.packages:
            if item.report in shown and item.included and package.fetched_at and item.uid not in package.withheld:
                number = filled(item.report).number
                yield _copy("package", item.disclosure.number, number, None, package.fetched_at)


def _downloads(report: Report) -> Iterator[tuple[int, datetime]]:
    """Yield who downloaded a report, and when for the last time."""
    rows = select(AuditEvent.actor_id, AuditEvent.at).where(
        AuditEvent.event == "report.downloaded", AuditEvent.keys == canonical({"report": report.number})
    )
    last: dict[int, datetime] = {}
    for account_id, at in db.session.execute(rows.order_by(AuditEvent.sequence)):
        if account_id is not None:
            last[account_id] = datetime.fromisoformat(at)
    yield from last.items()


def _printed(photos: list[GalleryPhoto]) -> Iterator[SealedCopy]:
    """Yield the comparisons that were printed with one of the photographs."""
    for event in viewing("comparison.printed", sorted({photo.uid for photo in photos})):
        uid = json.loads(event.keys)["round"]
        round_ = db.session.scalars(select(Round).where(Round.uid == uid)).one_or_none()
        if round_ is not None and event.actor_id is not None:
            number = f"round {round_.number}"
            yield _copy("print", round_.request.number, number, event.actor_id, datetime.fromisoformat(event.at))


def _copy(kind: str, about: str, number: str, account_id: int | None, at: datetime) -> SealedCopy:
    return SealedCopy(kind=kind, about=about, number=number, account_id=account_id, delivered_at=at)


def told(order: SealingOrder, about: str) -> None:
    """Note that the recipient of a disclosure was told of the copies in its packages."""
    for copy in order.copies:
        if copy.kind == "package" and copy.about == about and copy.told_at is None:
            copy.told_at = now()


@enforces("CAP-3", "SRC-8", "EXT-8")
def answer(copy: SealedCopy, actor: Actor, end: str, answers: Mapping[str, Any]) -> None:
    """Record what became of a copy. Needs an open unit; raises Refused, Conflict for one that is answered."""
    check_capability(actor, "sealing.order")
    if copy.ended is not None:
        raise Conflict("what became of this copy is recorded already")
    faults = faults_of(copy, end, answers)
    if faults:
        raise Refused(policy().sealing.copy_answer.id, next(iter(faults.values())))
    copy.ended, copy.ended_on, copy.recorded_by_id = end, date.fromisoformat(str(answers["on"])), actor.id
    copy.seal(how=str(answers["how"]).strip())
    db.session.flush()
    audit.record("sealing.copy_answered", copy.order, actor=actor, copy=copy.uid, end=end)


def faults_of(copy: SealedCopy, end: str, answers: Mapping[str, Any]) -> dict[str, str]:
    """Return what is wrong with an answer: field -> sentence. No copy comes back before it left."""
    rules = policy().sealing
    found = {} if end in rules.copy_ends else {"end": "Choose what became of the copy."}
    found |= {fault.field: fault.message for fault in check_questions(rules.copy_answer, answers)}
    if "on" not in found and date.fromisoformat(str(answers["on"])) < day_of(copy.delivered_at):
        found["on"] = "That day lies before the copy was delivered."
    return found


def open_copies(order: SealingOrder) -> list[SealedCopy]:
    """Return the copies whose holders have not answered."""
    return [copy for copy in order.copies if copy.ended is None]


def holder(copy: SealedCopy) -> str:
    """Return who holds a copy, in words."""
    account: Account | None = copy.account
    return account.titled.strip() if account is not None else "The recipient of the disclosure"


def _request(number: str) -> FRRequest | None:
    return db.session.scalars(select(FRRequest).where(FRRequest.number == number)).one_or_none()
