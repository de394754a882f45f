"""The claim on a package by whoever began to download it: nobody else can take it then (ACC-12)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.extensions import db
from app.models.accounts import Account
from app.models.disclosures import Disclosure
from app.models.engine import AuditEvent

BEGUN = "disclosure.fetch_begun"


@dataclass(frozen=True, slots=True)
class Claim:
    """A begun download: by whom, in which session, when."""

    account_id: int | None
    session: str | None
    at: datetime

    def is_of(self, account_id: int | None, session: str | None) -> bool:
        """Tell whether this person began it in this session."""
        return (self.account_id, self.session) == (account_id, session)

    @property
    def who(self) -> Account | None:
        """Return the account that began it."""
        return db.session.get(Account, self.account_id) if self.account_id is not None else None


def claim_of(disclosure: Disclosure) -> Claim | None:
    """Return the begun download of the present package, or None; those of earlier packages do not count."""
    package = disclosure.current_package
    begun = select(AuditEvent).where(
        AuditEvent.subject_type == disclosure.subject_type,
        AuditEvent.subject_id == disclosure.number,
        AuditEvent.event == BEGUN,
    )
    last = db.session.scalars(begun.order_by(AuditEvent.sequence.desc()).limit(1)).first()
    if package is None or last is None:
        return None
    keys = json.loads(last.keys)
    if keys["package"] != package.number:
        return None
    return Claim(last.actor_id, keys["session"], datetime.fromisoformat(last.at))
