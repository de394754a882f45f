"""The e-mail of notifications: which ones are mailed, and their one fixed sentence with a link (ACC-5, ACC-11).

A mail leaves the department's own systems for a mailbox on a telephone, so nothing in it identifies anybody: no name,
no number of a request or case, no word that somebody typed. Not even the address of the subject's page stands in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import delete, select

from app import audit
from app.access.actor import Actor
from app.clauses import enforces
from app.extensions import db, settings
from app.models.base import now
from app.models.notices import MailChoice
from app.models.oversight import Notification
from app.models.requests import FRRequest
from app.policy import policy
from app.policy.forms import MailKind

JOB = "mail"
#: where a mail leads: the person's own notifications, behind the sign-in
PAGE = "/notifications"


def kind_of(notification_kind: str) -> MailKind | None:
    """Return the kind of mail for a notification; None for one that stays in the portal."""
    return next((mail for mail in policy().mail.values() if notification_kind in mail.kinds), None)


def by_mail(notification_kind: str, people: Iterable[int], subject: Any = None) -> set[int]:
    """Return those of the accounts that get the notification by e-mail; none where the portal sends no mail."""
    kind, people = kind_of(notification_kind), set(people)
    if not settings().smtp_url or kind is None or not people:
        return set()
    if kind.always or _urgent(subject):
        return people
    rows = select(MailChoice).where(MailChoice.kind == kind.id, MailChoice.account_id.in_(people))
    chosen = {row.account_id: row.by_mail for row in db.session.scalars(rows)}
    return {person for person in people if chosen.get(person, kind.by_default)}


def _urgent(subject: Any) -> bool:
    return isinstance(subject, FRRequest) and policy().request.priorities[subject.priority].always_mails


# A person's choice -----------------------------------------------------------------------------------------


def offered(actor: Actor) -> list[MailKind]:
    """Return the kinds of mail that the person's roles can get."""
    return [mail for mail in policy().mail.values() if actor.roles & set(mail.roles)]


def choices(actor: Actor) -> dict[str, bool]:
    """Map the kinds offered to whether they come by e-mail, as chosen or by default."""
    rows = db.session.scalars(select(MailChoice).where(MailChoice.account_id == actor.id))
    chosen = {row.kind: row.by_mail for row in rows}
    return {mail.id: mail.always or chosen.get(mail.id, mail.by_default) for mail in offered(actor)}


def choose(actor: Actor, mailed: Iterable[str]) -> None:
    """Keep the choice of kinds that come by e-mail; mandatory ones are not offered. Needs an open unit of work."""
    wanted = set(mailed)
    asked = [mail for mail in offered(actor) if not mail.always]
    own = MailChoice.account_id == actor.id
    db.session.execute(delete(MailChoice).where(own, MailChoice.kind.in_([mail.id for mail in asked])))
    for mail in asked:
        db.session.add(MailChoice(account_id=actor.id, kind=mail.id, by_mail=mail.id in wanted))
    audit.record("account.mail_chosen", actor=actor, mailed=sorted(m.id for m in asked if m.id in wanted))


# The mail --------------------------------------------------------------------------------------------------


@enforces("ACC-5", "ACC-11")
def compose(row: Notification, address: str) -> EmailMessage:
    """Compose the mail for a notification. Raises ValueError for an invalid address.

    The Message-ID is made from the notification's, so that a mail sent twice after a crash is one to a mailbox.
    """
    kind, own = kind_of(row.kind), settings()
    if kind is None:
        raise ValueError(f"no mail stands for {row.kind}")
    message = EmailMessage()
    message["From"] = own.smtp_sender
    message["To"] = address
    message["Subject"] = f"{own.department}: {kind.title}"
    message["Date"] = format_datetime(now())
    message["Message-ID"] = f"<{row.uid}@{urlsplit(own.public_url).hostname}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(f"{kind.text}\n\n{own.public_url}{PAGE}\n")
    return message
