"""The notices that follow from a sealing order: drafted here, sent by a person, recorded (CAP-3, EXT-8)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select

from app import audit
from app.access.actor import Actor
from app.access.capabilities import check_capability
from app.calendar import day_of
from app.clauses import enforces
from app.domain.accounts.people import holders_of
from app.domain.notices.notifications import tell
from app.domain.sealing.copies import list_copies, told
from app.domain.sealing.lookback import holding, items_about, reports_about
from app.domain.sealing.notice_words import DONE, fault_of, listed
from app.extensions import db
from app.models import Disclosure, FRRequest, GalleryPhoto, SealingNotice, SealingOrder
from app.models.base import filled, now
from app.policy import policy
from app.policy.reasons import gives_reason
from app.policy.words import says_something
from app.unit_of_work import Conflict
from app.workflow.engine import refuse_if

#: kind -> the notice of notices.toml it begins as
DRAFTS = {
    "investigator": "sealing-investigator",
    "privacy_officer": "sealing-privacy-officer",
    "recipient": "sealing-recipient",
}
TITLES = {
    "investigator": "The requesting investigator",
    "privacy_officer": "The Agency Privacy Officer",
    "recipient": "The recipient of the disclosure",
}


def photos_of(order: SealingOrder) -> list[GalleryPhoto]:
    """Return the photographs the order removed or found gone already, without faces."""
    return [row.photo for row in order.records if row.photo is not None]


@enforces("CAP-3", "SRC-8")
def draft(order: SealingOrder) -> int:
    """Draft the missing notices and list the delivered copies; returns how many notices. Needs an open unit of work.

    Whoever requested a delivered report, the privacy officer for each disclosure of one, its recipient once a package
    was fetched. Only what shows the sealed photographs' people.
    """
    photos = photos_of(order)
    due: dict[tuple[str, str], Due] = {}
    for report in reports_about(photos) if photos else ():
        _due(due, "investigator", report.request, report.number).account_id = report.request.requester_id
    for item in items_about(photos) if photos else ():
        number = filled(item.report).number
        _due(due, "privacy_officer", item.disclosure, number)
        fetched = [package.fetched_at for package in holding(item) if package.fetched_at]
        if fetched:
            to_recipient = _due(due, "recipient", item.disclosure, number)
            to_recipient.fetched = max(day_of(max(fetched)), to_recipient.fetched or date.min)
    known = {(notice.kind, notice.about) for notice in order.notices}
    made = [_add(order, kind, one) for (kind, about), one in due.items() if (kind, about) not in known]
    for (kind, number), one in due.items():
        about, new = one.about, (kind, number) not in known
        if kind == "privacy_officer" and new and isinstance(about, Disclosure) and not about.has("final"):
            tell("disclosure_sealed", {*holders_of("disclosure.decide"), about.asked_by_id}, about)
    db.session.flush()
    list_copies(order, photos)
    return len(made)


@dataclass(slots=True)
class Due:
    """A notice that is due: about what, of which reports, to whom of the department, fetched when for the last time."""

    about: FRRequest | Disclosure
    reports: list[str] = field(default_factory=list)
    account_id: int | None = None
    fetched: date | None = None


def _due(due: dict[tuple[str, str], Due], kind: str, about: FRRequest | Disclosure, report: str) -> Due:
    found = due.setdefault((kind, about.number), Due(about))
    if report not in found.reports:
        found.reports.append(report)
    return found


def _add(order: SealingOrder, kind: str, due: Due) -> SealingNotice:
    words, about = policy().notice(DRAFTS[kind]).text, due.about
    given = {
        "order": order.number,
        "done": DONE[order.kind],
        "date": str(order.dated),
        "case": about.case_number,
        "request": about.number,
        "disclosure": about.number,
        "reports": listed(due.reports),
        "fetched": str(due.fetched),
    }
    for name, value in given.items():
        words = words.replace(f"[{name}]", value)
    notice = SealingNotice(
        order=order, kind=kind, about_type=about.subject_type, about=about.number, account_id=due.account_id
    )
    db.session.add(notice)
    notice.seal(text=words, draft=words)
    return notice


@enforces("CAP-3", "SRC-8")
def record(notice: SealingNotice, actor: Actor, text: str, how: str, *, sent: bool) -> None:
    """Keep the text with what was added, and with `sent` how it went out; a sent notice stays as it is.

    People of the department are told in the portal as well: the investigator about the request, privacy officers about
    the disclosure. Raises Refused, Conflict.
    """
    check_capability(actor, "sealing.order")
    if notice.sent_at is not None:
        raise Conflict("this notice was sent already")
    refuse_if("reason_given", not gives_reason(policy(), text), "The notice has no words.")
    fault = fault_of(notice, text)
    refuse_if(policy().sealing.notice.id, fault is not None, fault or "")
    refuse_if("reason_given", sent and not says_something(how), "Say how the notice was sent.")
    notice.seal(text=text.strip(), how=how.strip())
    if sent:
        notice.sent_at, notice.sent_by_id = now(), actor.id
        if notice.kind == "recipient":
            told(notice.order, notice.about)
        _tell(notice)
    db.session.flush()
    audit.record(
        "sealing.notice_sent" if sent else "sealing.notice_edited",
        notice.order,
        actor=actor,
        notice=notice.kind,
        about=notice.about,
    )


def _tell(notice: SealingNotice) -> None:
    subject = subject_of(notice)
    people = [notice.account_id] if notice.kind == "investigator" else holders_of("disclosure.decide")
    if subject is not None and notice.kind != "recipient":
        tell("sealing_notice", people, subject)


def subject_of(notice: SealingNotice) -> Any:
    """Return the request or disclosure a notice is about; None once it was disposed of."""
    model = FRRequest if notice.about_type == "request" else Disclosure
    return db.session.scalars(select(model).where(model.number == notice.about)).one_or_none()
