"""Look-ups of the accounts that may do something, as last seen in the directory: for notifications and lists only."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from app.extensions import db
from app.models.accounts import Account
from app.models.base import Stateful
from app.policy import policy
from app.policy.names import CapabilityId, Verb
from app.workflow.registry import SEPARATIONS


def holders_of(capability: CapabilityId, *, apart_from: Iterable[int] = ()) -> list[int]:
    """Return the accounts whose roles hold a capability; guard and engine ask the directory anew (ACC-8)."""
    people = db.session.scalars(select(Account).where(Account.enabled.is_(True), Account.id.not_in(list(apart_from))))
    return [account.id for account in people if capability in policy().capabilities_of(account.roles)]


def who_may(subject: Stateful, verb: Verb) -> list[int]:
    """Return the accounts that hold the capability of a step of a subject, and no part that keeps them from it."""
    step = next(row for row in policy().workflow(subject.subject_type).transitions if row.verb == verb)
    barred = {person for name in step.separations for person in SEPARATIONS[name](subject)}
    return holders_of(step.capability, apart_from=barred)
