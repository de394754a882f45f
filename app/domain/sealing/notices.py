"""The notices that follow from a sealing order: drafted here, sent by a person, recorded (CAP-3, EXT-8)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from app import audit
from app.access.actor import Actor
from app.access.capabilities import check_capability
from app.clauses import enforces
from app.domain.accounts.people import holders_of
from app.domain.notices.notifications import tell
from app.domain.sealing.copies import list_copies, told
from app.domain.sealing.lookback import items_about, reports_about
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
    known = {(notice.kind, notice.about) for notice in order.notices}
    made = 0
    for report in reports_about(photos) if photos else ():
        request = report.request
        made += _add(order, known, "investigator", request, request.requester_id, report=report.number)
    for item in items_about(photos) if photos else ():
        disclosure, number = item.disclosure, filled(item.report).number
        new = _add(order, known, "privacy_officer", disclosure, None, report=number)
        if new and not disclosure.has("final"):
            tell("disclosure_sealed", {*holders_of("disclosure.decide"), disclosure.asked_by_id}, disclosure)
        made += new
        fetched = [package.fetched_at for package in disclosure.packages if package.fetched_at]
        if fetched and item.included:
            day = f"{max(fetched):%Y-%m-%d}"
            made += _add(order, known, "recipient", disclosure, None, report=number, fetched=day)
    db.session.flush()
    list_copies(order, photos)
    return made


def _add(
    order: SealingOrder,
    known: set[tuple[str, str]],
    kind: str,
    about: FRRequest | Disclosure,
    account_id: int | None,
    **values: str,
) -> int:
    if (kind, about.number) in known:
        return 0
    known.add((kind, about.number))
    words = policy().notice(DRAFTS[kind]).text
    given = {
        "order": order.number,
        "date": str(order.dated),
        "case": about.case_number,
        "request": about.number,
        "disclosure": about.number,
        **values,
    }
    for name, value in given.items():
        words = words.replace(f"[{name}]", value)
    notice = SealingNotice(
        order=order, kind=kind, about_type=about.subject_type, about=about.number, account_id=account_id
    )
    db.session.add(notice)
    notice.seal(text=words)
    return 1


@enforces("CAP-3", "SRC-8")
def record(notice: SealingNotice, actor: Actor, text: str, how: str, *, sent: bool) -> None:
    """Keep the edited text, and with `sent` how it went out; a sent notice stays as it is. Raises Refused, Conflict.

    People of the department are told in the portal as well: the investigator about the request, privacy officers about
    the disclosure.
    """
    check_capability(actor, "sealing.order")
    if notice.sent_at is not None:
        raise Conflict("this notice was sent already")
    refuse_if("reason_given", not gives_reason(policy(), text), "The notice has no words.")
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
