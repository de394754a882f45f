"""The actor: a person as the directory and the training register have them now, or the portal itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from flask import g
from sqlalchemy import select

from app.access.acknowledgement import Acknowledged, acknowledged_by
from app.calendar import today
from app.clauses import enforces
from app.extensions import db
from app.models.accounts import Account, TrainingRecord
from app.policy import policy
from app.policy.names import CapabilityId


@dataclass(frozen=True, slots=True)
class Actor:
    """An actor's ids, roles, capabilities and current training, on which the engine decides."""

    id: int | None
    name: str
    display_name: str
    title: str
    command: str
    roles: frozenset[str]
    capabilities: frozenset[CapabilityId]
    trained: frozenset[str] = field(default_factory=frozenset)
    #: which policy they acknowledged last: as it is now, an earlier one, or none
    acknowledged: Acknowledged = "none"

    def can(self, capability: CapabilityId) -> bool:
        """Tell whether the roles hold the capability and its training is current, so that work may come to them.

        Whether they may act at this moment `check_capability` decides: the policy may wait to be acknowledged.
        """
        rule = policy().capability(capability)
        return capability in self.capabilities and (rule.training is None or rule.training in self.trained)


@enforces("ACC-4")
def current_training(account_id: int, today: date) -> frozenset[str]:
    """Return the training requirements a person meets today."""
    records = db.session.scalars(select(TrainingRecord).where(TrainingRecord.account_id == account_id))
    return frozenset(record.requirement for record in records if record.current(today))


def actor_of(account: Account, roles: frozenset[str], today: date, acknowledged: Acknowledged | None = None) -> Actor:
    """Return the actor for an account with these directory roles; `acknowledged`, where somebody has asked before."""
    return Actor(
        id=account.id,
        name=account.name,
        display_name=account.display_name,
        title=account.title,
        command=account.command,
        roles=roles,
        capabilities=policy().capabilities_of(roles),
        trained=current_training(account.id, today),
        acknowledged=acknowledged or acknowledged_by(account.id),
    )


def actor_last_seen(account: Account) -> Actor:
    """Return the actor for an account with the roles that the directory had for it last: for lists, not for steps."""
    return actor_of(account, frozenset(account.roles), today())


def system_actor() -> Actor:
    """Return the portal itself as actor, for work no person starts by hand."""
    roles = frozenset({"system"})
    return Actor(None, "portal", "The portal", "", "", roles, policy().capabilities_of(roles))


def current_actor() -> Actor:
    """Return whoever is signed in. Raises LookupError outside a guarded view."""
    actor: Actor | None = g.get("actor")
    if actor is None:
        raise LookupError("nobody is signed in")
    return actor
