"""The acknowledgement of the policy as it is now (TRN-2)."""

from __future__ import annotations

from app import audit
from app.access.acknowledgement import last_acknowledged
from app.clauses import enforces
from app.extensions import db
from app.models.accounts import Account, PolicyAcknowledgement
from app.policy import policy


@enforces("TRN-2")
def acknowledge(account: Account) -> None:
    """Record that a person acknowledged the present version, once; needs an open unit of work.

    Nobody does it for another: whoever calls it speaks for the person of the account.
    """
    before = last_acknowledged(account.id)
    if before is not None and before.policy_version == policy().version:
        return
    db.session.add(PolicyAcknowledgement(account_id=account.id))
    known = before.policy_version if before is not None else ""
    audit.record("policy.acknowledged", account, actor=account, version=policy().version, before=known)
