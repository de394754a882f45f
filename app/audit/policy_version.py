"""The policy version in the audit trail: one event when the portal first starts under a version."""

from __future__ import annotations

from sqlalchemy import select

from app import audit
from app.audit.chain import canonical
from app.extensions import db
from app.models.engine import AuditEvent
from app.policy import policy


def note_policy_version() -> bool:
    """Record `policy.loaded` unless the newest one names this version; returns whether it was recorded.

    Two processes that start at once may both record it: twice true is still true.
    """
    newest = select(AuditEvent.keys).where(AuditEvent.event == "policy.loaded").order_by(AuditEvent.sequence.desc())
    known = db.session.scalars(newest.limit(1)).first()
    db.session.rollback()
    if known == canonical({"version": policy().version}):
        return False
    audit.viewed("policy.loaded", version=policy().version)
    return True
