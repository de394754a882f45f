"""Which policy a person acknowledged last, and what changed since then (TRN-2)."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import ScalarSelect, select
from sqlalchemy.orm import InstrumentedAttribute

from app.audit.policy_texts import kept
from app.clauses import enforces
from app.extensions import db
from app.models.accounts import PolicyAcknowledgement
from app.policy import policy
from app.policy.differences import Change, Version, differences

#: the policy as it is now, an earlier one that says something else, or none
Acknowledged = Literal["present", "earlier", "none"]
#: (the version before, the present one, the files that do not count) -> what changed: it cannot change any more
_found: dict[tuple[str, str, frozenset[str]], tuple[Change, ...]] = {}


@enforces("TRN-2")
def acknowledged_by(account_id: int) -> Acknowledged:
    """Tell which policy a person acknowledged last. A version in which nothing counts as changed is the same policy."""
    return standing_of(db.session.scalar(select(last_version(account_id))))


@enforces("TRN-2")
def standing_of(version: str | None) -> Acknowledged:
    """Tell how the version that somebody acknowledged last stands to the present policy; None: there is none."""
    if version is None:
        return "none"
    return "present" if changes_since(version) == () else "earlier"


def last_version(account_id: int | InstrumentedAttribute[int]) -> ScalarSelect[str]:
    """Ask which version an account acknowledged last."""
    rows = select(PolicyAcknowledgement.policy_version).where(PolicyAcknowledgement.account_id == account_id)
    return rows.order_by(PolicyAcknowledgement.id.desc()).limit(1).scalar_subquery()


def last_acknowledged(account_id: int) -> PolicyAcknowledgement | None:
    """Return the latest acknowledgement of a person."""
    rows = select(PolicyAcknowledgement).where(PolicyAcknowledgement.account_id == account_id)
    return db.session.scalars(rows.order_by(PolicyAcknowledgement.id.desc()).limit(1)).one_or_none()


def changes_since(version: str) -> tuple[Change, ...] | None:
    """Return what the present policy states otherwise than an earlier version.

    None where nobody can tell: the texts of that version are not kept, or do not stand up to its digest.
    """
    present = policy()
    if version == present.version:
        return ()
    uncounted = frozenset(one.file for one in present.acknowledgement.uncounted)
    key = (version, present.version, uncounted)
    if key not in _found:
        before = kept(version)
        if before is None or before.fault or not before.texts:
            return None
        earlier, now = Version(before.texts, before.since), Version(present.texts, present.since)
        _found[key] = differences(earlier, now, uncounted)
    return _found[key]
