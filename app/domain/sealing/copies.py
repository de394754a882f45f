"""The copies delivered before something left the repository: listed, holders told, what became of each (CAP-3).

Only what shows the photographs themselves: a file in a case folder, a download, a printed comparison, a package.
Whatever leaves without an order leaves by `take_out`, so that its copies are listed too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from app import audit
from app.access.actor import Actor, system_actor
from app.access.capabilities import check_capability
from app.audit.chain import canonical
from app.calendar import day_of
from app.clauses import enforces
from app.domain.accounts.people import holders_of
from app.domain.gallery import verbs as gallery
from app.domain.notices.notifications import tell
from app.domain.sealing.lookback import holding, items_about, reports_about
from app.domain.sealing.seen import viewing
from app.domain.serving import left_among
from app.extensions import db, stores
from app.models import Account, AuditEvent, FRRequest, GalleryPhoto, LeftCopy, Report, Round, SealedCopy, SealingOrder
from app.models.base import filled, now
from app.models.sealing import Copy
from app.policy import policy
from app.policy.facts import check_questions
from app.policy.refused import Refused
from app.policy.words import says_something
from app.unit_of_work import Conflict
from app.workflow.engine import refuse_if

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
    made = [SealedCopy(order=order, **asdict(one)) for one in _unlisted(photos, order.copies)]
    return _list(made, order)


@enforces("CAP-3", "SRC-8")
def take_out(photos: Sequence[GalleryPhoto], because: str) -> int:
    """Take photographs out of the repository without an order, and list the copies of before as an order would.

    Returns the generation from which no search sees them. Needs an open unit of work.
    """
    generation = max(gallery.remove(photo, because) for photo in photos)
    found = _unlisted(list(photos), ())
    about = select(LeftCopy).where(LeftCopy.about.in_({one.about for one in found}))
    listed = {_delivered(row) for row in db.session.scalars(about)}
    made = [LeftCopy(key_id=stores().keys.create(), **asdict(one)) for one in found if one not in listed]
    if _list(made, photos[0]):
        tell("copies_listed", holders_of("sealing.order"))
    return generation


@dataclass(frozen=True, slots=True)
class Delivered:
    """One delivery, in the words of the rows."""

    kind: str
    about: str
    number: str
    account_id: int | None
    delivered_at: datetime


def _unlisted(photos: list[GalleryPhoto], listed: Iterable[Copy]) -> list[Delivered]:
    """Return the deliveries of these photographs that stand on no row of the list."""
    known = {_delivered(row) for row in listed}
    return [one for one in dict.fromkeys([*_of_reports(photos), *_printed(photos)]) if one not in known]


def _delivered(row: Copy) -> Delivered:
    return Delivered(row.kind, row.about, row.number, row.account_id, row.delivered_at)


def _list(made: Sequence[Copy], subject: SealingOrder | GalleryPhoto) -> int:
    inside = [copy for copy in made if copy.account_id is not None]
    db.session.add_all(made)
    for copy in inside:
        copy.told_at = now()
        tell("sealing_copy", [copy.account_id], _request(copy.about))
    if made:
        db.session.flush()
        audit.record("sealing.copies_listed", subject, actor=system_actor(), copies=len(made), told=len(inside))
    return len(made)


def _of_reports(photos: list[GalleryPhoto]) -> Iterator[Delivered]:
    """Yield the copies of delivered reports that show what left."""
    reports = reports_about(photos)
    shown = [report for report, left in zip(reports, left_among(reports), strict=True) if left is not None]
    for report in shown:
        request, delivered = report.request, filled(report.delivered_at)
        yield Delivered("case_file", request.number, report.number, request.requester_id, delivered)
        for account_id, at in _downloads(report):
            yield Delivered("download", request.number, report.number, account_id, at)
    for item in items_about(photos):
        for package in holding(item):
            if item.report in shown and package.fetched_at:
                number = filled(item.report).number
                yield Delivered("package", item.disclosure.number, number, None, package.fetched_at)


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


def _printed(photos: list[GalleryPhoto]) -> Iterator[Delivered]:
    """Yield the comparisons that were printed with one of the photographs."""
    for event in viewing("comparison.printed", sorted({photo.uid for photo in photos})):
        uid = json.loads(event.keys)["round"]
        round_ = db.session.scalars(select(Round).where(Round.uid == uid)).one_or_none()
        if round_ is not None and event.actor_id is not None:
            number = f"round {round_.number}"
            yield Delivered("print", round_.request.number, number, event.actor_id, datetime.fromisoformat(event.at))


def told(order: SealingOrder, about: str) -> None:
    """Note that the recipient of a disclosure was told of the copies in its packages."""
    for copy in order.copies:
        if copy.kind == "package" and copy.about == about and copy.told_at is None:
            copy.told_at = now()


@enforces("CAP-3", "SRC-8", "EXT-8")
def tell_recipient(copy: LeftCopy, actor: Actor, how: str) -> None:
    """Record that a person told the recipient who holds a copy. Needs an open unit; raises Refused, Conflict."""
    check_capability(actor, "sealing.order")
    if copy.told_at is not None:
        raise Conflict("the holder of this copy was told already")
    refuse_if("reason_given", not says_something(how), "Say how the notice was sent.")
    copy.told_at = now()
    copy.seal(told=how.strip())
    db.session.flush()
    audit.record("sealing.copy_told", copy, actor=actor, copy=copy.uid)


def notice_to(copy: LeftCopy) -> str:
    """Return what a person writes to the recipient who holds a copy."""
    given = {"report": copy.number, "disclosure": copy.about, "fetched": f"{day_of(copy.delivered_at)}"}
    words = policy().notice("left-recipient").text
    for name, value in given.items():
        words = words.replace(f"[{name}]", value)
    return words


@enforces("CAP-3", "SRC-8", "EXT-8")
def answer(copy: Copy, actor: Actor, end: str, answers: Mapping[str, Any]) -> None:
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
    about = copy.order if isinstance(copy, SealedCopy) else copy
    audit.record("sealing.copy_answered", about, actor=actor, copy=copy.uid, end=end)


def faults_of(copy: Copy, end: str, answers: Mapping[str, Any]) -> dict[str, str]:
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


def holder(copy: Copy) -> str:
    """Return who holds a copy, in words."""
    account: Account | None = copy.account
    return account.titled.strip() if account is not None else "The recipient of the disclosure"


def _request(number: str) -> FRRequest | None:
    return db.session.scalars(select(FRRequest).where(FRRequest.number == number)).one_or_none()
