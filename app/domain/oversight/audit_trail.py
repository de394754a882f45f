"""The searches of the audit trail: the events that fit a filter, and the columns of their export (AUD-6)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, false, func, select

from app.calendar import end_of, start_of
from app.extensions import db
from app.models.accounts import Account
from app.models.engine import AuditEvent
from app.policy import policy
from app.policy.names import EventName

REFUSALS: tuple[EventName, ...] = (
    "access.refused",
    "workflow.refused",
    "session.refused",
    "session.locked",
    "training.absent",
)
SUBJECT = re.compile(r"[A-Za-z0-9-]{1,40}")
COLUMNS = (
    "sequence",
    "at",
    "event",
    "text",
    "actor",
    "session",
    "subject_type",
    "subject",
    "keys",
    "policy_version",
    "digest",
)


@dataclass(frozen=True, slots=True)
class Filter:
    """The filter of a search; empty fields do not limit. Days are the department's."""

    event: str = ""
    actor: str = ""
    subject: str = ""
    since: date | None = None
    until: date | None = None

    def keys(self) -> dict[str, object]:
        """Return what the audit trail keeps of the search: ids only, never what somebody typed instead of one."""
        known = _account_id(self.actor) if self.actor else None
        given = {
            "event": self.event,
            "actor": (known or "unknown") if self.actor else "",
            "subject": self.subject if SUBJECT.fullmatch(self.subject) else "other" if self.subject else "",
            "since": self.since.isoformat() if self.since else "",
            "until": self.until.isoformat() if self.until else "",
        }
        return {name: value for name, value in given.items() if value}


def _account_id(name: str) -> int | None:
    return db.session.scalars(select(Account.id).where(Account.name == name.strip().lower())).one_or_none()


def is_account(name: str) -> bool:
    """Tell whether somebody of this user name ever signed in."""
    return _account_id(name) is not None


def rows(wanted: Filter) -> Select[Any]:
    """Select the events that fit, newest first."""
    found = select(AuditEvent).order_by(AuditEvent.sequence.desc())
    if wanted.event == "refusals":
        found = found.where(AuditEvent.event.in_(REFUSALS))
    elif wanted.event.endswith(".*"):
        found = found.where(AuditEvent.event.startswith(wanted.event[:-1], autoescape=True))
    elif wanted.event:
        found = found.where(AuditEvent.event == wanted.event)
    if wanted.actor:
        account_id = _account_id(wanted.actor)
        found = found.where(AuditEvent.actor_id == account_id if account_id is not None else false())
    if wanted.subject:
        subject = wanted.subject.strip()
        # numbers are written in capital letters, ids in small ones
        found = found.where(AuditEvent.subject_id.in_((subject, subject.upper(), subject.lower())))
    # stored as ISO 8601 text in UTC with microseconds, which sorts as time does
    if wanted.since:
        found = found.where(AuditEvent.at >= _as_stored(start_of(wanted.since)))
    if wanted.until:
        found = found.where(AuditEvent.at < _as_stored(end_of(wanted.until)))
    return found


def _as_stored(at: datetime) -> str:
    return at.isoformat(timespec="microseconds")


def count(wanted: Filter, through: int) -> int:
    """Count the events that fit, up to a given one."""
    fitting = rows(wanted).where(AuditEvent.sequence <= through).order_by(None).subquery()
    return db.session.scalar(select(func.count()).select_from(fitting)) or 0


def lines(wanted: Filter, through: int, limit: int) -> list[tuple[int, Sequence[object]]]:
    """(sequence, cells in the order of COLUMNS) of the newest events that fit, from `through` down."""
    taken = rows(wanted).where(AuditEvent.sequence <= through).limit(limit)
    found = db.session.execute(taken.with_only_columns(*AuditEvent.__table__.columns)).all()
    names = names_of({row.actor_id for row in found if row.actor_id is not None})
    return [(row.sequence, _cells(row, names)) for row in found]


def names_of(ids: set[int]) -> dict[int, str]:
    """Return the user names of accounts."""
    return dict(db.session.execute(select(Account.id, Account.name).where(Account.id.in_(ids))).all()) if ids else {}


def _cells(row: Any, names: dict[int, str]) -> Sequence[object]:
    known = policy().events.get(row.event)
    return (
        row.sequence,
        row.at,
        row.event,
        known.text if known else row.event,
        names.get(row.actor_id, ""),
        row.session_id,
        row.subject_type,
        row.subject_id,
        row.keys,
        row.policy_version,
        row.digest,
    )
