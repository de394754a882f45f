"""What the portal recorded of what it did, and whom it told."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import select

from app.extensions import db
from app.models import AuditEvent, Notification


def events(name: str) -> list[dict[str, Any]]:
    """What every event of this name carries, in order."""
    db.session.rollback()  # what was looked at is recorded in a transaction of its own
    rows = db.session.scalars(select(AuditEvent).where(AuditEvent.event == name).order_by(AuditEvent.sequence))
    return [json.loads(row.keys) for row in rows]


def events_of(number: str) -> list[str]:
    """The names of what was recorded of a subject, in order."""
    rows = select(AuditEvent.event).where(AuditEvent.subject_id == number).order_by(AuditEvent.sequence)
    return list(db.session.scalars(rows))


def told(kind: str) -> list[str]:
    """The names of those who have a notice of this kind, once for each notice."""
    db.session.rollback()
    rows = db.session.scalars(select(Notification).where(Notification.kind == kind))
    return sorted(row.account.name for row in rows)


def told_of(number: str) -> set[tuple[str, str]]:
    """(kind, name) of every notice about a request."""
    rows = select(Notification).where(Notification.subject_type == "request", Notification.subject_key == number)
    return {(row.kind, row.account.name) for row in db.session.scalars(rows)}
