"""The check of a capability: the actor's roles and the training it demands."""

from __future__ import annotations

from typing import Any

from app.clauses import enforces
from app.policy import policy
from app.policy.names import CapabilityId
from app.policy.refused import Refused


@enforces("ACC-4", "ACC-7")
def check_capability(actor: Any, capability: CapabilityId) -> None:
    """Refuse unless the actor's roles hold the capability and its training, if it needs one, is current."""
    rule = policy().capability(capability)
    if capability not in actor.capabilities:
        titles = [role.title for role in policy().roles.values() if capability in role.capabilities]
        raise Refused(capability, f"You need this role: {' or '.join(titles)}.")
    if rule.training and rule.training not in actor.trained:
        raise Refused(capability, "Your mandatory training is not recorded, or is no longer current (ACC-4).")
