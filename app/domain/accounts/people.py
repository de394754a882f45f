"""Look-ups of the accounts that may do something, as last seen in the directory: for notifications and lists only."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from app.extensions import db
from app.models.accounts import Account
from app.policy import policy
from app.policy.names import CapabilityId


def holders_of(capability: CapabilityId, *, apart_from: Iterable[int] = ()) -> list[int]:
    """Return the accounts whose roles hold a capability; guard and engine ask the directory anew (ACC-8)."""
    people = db.session.scalars(select(Account).where(Account.enabled.is_(True), Account.id.not_in(list(apart_from))))
    return [account.id for account in people if capability in policy().capabilities_of(account.roles)]
