"""What a disclosure request says against its own answer on immigration enforcement (EXT-5)."""

from __future__ import annotations

from app.clauses import enforces
from app.models.disclosures import Disclosure
from app.policy import policy
from app.policy.disclosures.registers import Immigration, immigration_in


@enforces("EXT-5")
def immigration_of(disclosure: Disclosure) -> Immigration:
    """Return what recipient, basis, purpose and necessity say of immigration enforcement, by the registers."""
    private = disclosure.private
    recipient = [*private.get("recipient", {}).values(), *private.get("recipient_facts", {}).values()]
    purpose = [*private.get("facts", {}).values(), private.get("purpose_text", ""), private.get("necessity", "")]
    purpose += private.get("agreement", {}).values()
    return immigration_in(policy().registers, map(str, recipient), map(str, purpose))
