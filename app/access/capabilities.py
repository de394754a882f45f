"""The check of a capability: the actor's roles, the training it demands, the policy acknowledged."""

from __future__ import annotations

from typing import Any

from app.clauses import enforces
from app.policy import policy
from app.policy.names import CapabilityId
from app.policy.refused import Refused


@enforces("ACC-4", "ACC-7", "TRN-2")
def check_capability(actor: Any, capability: CapabilityId, *, reads: bool = False) -> None:
    """Refuse unless the actor's roles hold the capability, its training is current and the policy is acknowledged.

    `reads`: nothing is done with it now but reading, which some capabilities leave open without the last of these.
    """
    rule = policy().capability(capability)
    if capability not in actor.capabilities:
        titles = [role.title for role in policy().roles.values() if capability in role.capabilities]
        raise Refused(capability, f"You need this role: {' or '.join(titles)}.")
    if rule.training and rule.training not in actor.trained:
        raise Refused(capability, "Your mandatory training is not recorded, or is no longer current (ACC-4).")
    waits = unacknowledged(actor)
    if waits is not None and not policy().acknowledgement.leaves(capability, reads=reads):
        raise Refused(policy().acknowledgement.id, waits)


@enforces("TRN-2")
def unacknowledged(actor: Any) -> str | None:
    """Return the sentence that tells whoever has not acknowledged the policy as it is now; None to anybody else.

    The portal itself, which has no id, acknowledges nothing: what it does somebody asked for, or it falls due.
    """
    rule = policy().acknowledgement
    if actor.id is None or actor.acknowledged == "present":
        return None
    return rule.refusal if actor.acknowledged == "earlier" else rule.refusal_first
