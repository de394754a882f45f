"""Whether e-mail leaves the portal, as an administrator may know it: numbers and causes, no recipient, no subject."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import func, select

from app.domain.notices.mail import JOB
from app.extensions import db, settings
from app.models.base import filled, now
from app.models.engine import Job

PERIOD = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class MailProblem:
    """One cause, how many mails it holds up or ended, and when it was last seen."""

    cause: str
    waiting: int
    failed: int
    last: datetime


@dataclass(frozen=True, slots=True)
class MailStatus:
    """Mails of the last seven days: sent, waiting, given up; what stands in the way."""

    sent: int
    waiting: int
    undelivered: int
    last_sent: datetime | None
    problems: tuple[MailProblem, ...]


def server() -> str:
    """The mail server and how it is reached, without user and password; empty where no mail is sent."""
    parts = urlsplit(settings().smtp_url)
    if not parts.hostname:
        return ""
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.hostname}{port}, {'TLS' if parts.scheme == 'smtps' else 'STARTTLS'}, from {settings().smtp_sender}"


def current() -> MailStatus:
    """Count the mails of the last seven days, and group the problems by cause."""
    recent = (Job.kind == JOB) & (Job.created_at > now() - PERIOD)
    by_state = dict(db.session.execute(select(Job.state, func.count(Job.id)).where(recent).group_by(Job.state)).all())
    last = db.session.scalar(select(func.max(Job.finished_at)).where(Job.kind == JOB, Job.state == "done"))
    rows = select(Job.error, Job.state, func.count(Job.id), func.max(Job.created_at)).where(
        recent, Job.error.is_not(None), Job.state != "done"
    )
    found: dict[str, MailProblem] = {}
    for cause, state, count, seen in db.session.execute(rows.group_by(Job.error, Job.state)):
        cause = filled(cause)
        known = found.get(cause, MailProblem(cause, 0, 0, seen))
        failed = count if state == "failed" else 0
        found[cause] = MailProblem(cause, known.waiting + count - failed, known.failed + failed, max(known.last, seen))
    return MailStatus(
        by_state.get("done", 0),
        by_state.get("queued", 0) + by_state.get("running", 0),
        by_state.get("failed", 0),
        last,
        tuple(sorted(found.values(), key=lambda problem: problem.last, reverse=True)),
    )
