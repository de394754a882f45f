"""The events that the portal recorded and the notices that it left, as tests read them."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import select

from app.extensions import db
from app.models import AuditEvent, Notification


def events(name: str) -> list[dict[str, Any]]:
    """Return the keys of every event of this name, in order."""
    db.session.rollback()  # a view is recorded in a transaction of its own
    rows = db.session.scalars(select(AuditEvent).where(AuditEvent.event == name).order_by(AuditEvent.sequence))
    return [json.loads(row.keys) for row in rows]


def events_of(number: str) -> list[str]:
    """Return the names of the events of a subject, in order."""
    rows = select(AuditEvent.event).where(AuditEvent.subject_id == number).order_by(AuditEvent.sequence)
    return list(db.session.scalars(rows))


def notified(kind: str) -> list[str]:
    """Return the names of those who have a notice of this kind, once for each notice."""
    db.session.rollback()
    rows = db.session.scalars(select(Notification).where(Notification.kind == kind))
    return sorted(row.account.name for row in rows)


def notices_of(number: str) -> set[tuple[str, str]]:
    """Return (kind, name) of every notice about a request."""
    rows = select(Notification).where(Notification.subject_type == "request", Notification.subject_key == number)
    return {(row.kind, row.account.name) for row in db.session.scalars(rows)}
