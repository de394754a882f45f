"""Routine designations of the Agency Privacy Officer (EXT-7, basis 5). Each verb needs an open unit of work."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from app import audit
from app.access.actor import Actor
from app.access.capabilities import check_capability
from app.calendar import today
from app.clauses import enforces
from app.domain.numbers import draw
from app.extensions import db
from app.models.base import now
from app.models.disclosures import ITEM_KINDS, RoutineDesignation
from app.policy import policy
from app.policy.reasons import gives_reason
from app.policy.words import says_something
from app.workflow.engine import refuse_if


@dataclass(frozen=True, slots=True)
class DesignationValues:
    """What a designation covers: for whom, for what, which kinds of items, from one day to another (inclusive)."""

    title: str
    scope: str
    recipient_kinds: Collection[str]
    purposes: Collection[str]
    item_kinds: Collection[str]
    effective_on: date
    expires_on: date


@enforces("EXT-7")
def designate(actor: Actor, values: DesignationValues) -> RoutineDesignation:
    """Designate a kind of disclosure as routine. Raises Refused when it says too little or lasts too long."""
    check_capability(actor, "designation.keep")
    rules = policy().disclosure
    rule = rules.designation
    refuse_if(rule.id, not says_something(values.title, 5), "Give the designation a title of at least 5 characters.")
    refuse_if(rule.id, not gives_reason(policy(), values.scope, 20), "Describe the scope in at least 20 characters.")
    for given, known, what in (
        (values.recipient_kinds, rules.recipients, "recipient"),
        (values.purposes, rules.purposes, "purpose"),
        (values.item_kinds, ITEM_KINDS, "kind of item"),
    ):
        refuse_if(rule.id, not given or not set(given) <= set(known), f"Choose at least one {what} of the list.")
    served = [k for k in values.recipient_kinds if set(rules.recipients[k].purposes) & set(values.purposes)]
    idle = set(values.recipient_kinds) - set(served)
    refuse_if(rule.id, bool(idle), "None of the purposes is one that each of these recipients may have.")
    refuse_if(rule.id, values.expires_on <= values.effective_on, "The designation ends after it begins.")
    refuse_if(rule.id, values.expires_on < today(), "The designation has already ended.")
    too_long = (values.expires_on - values.effective_on).days > rule.max_days
    refuse_if(rule.id, too_long, f"A designation lasts at most {rule.max_days} days.")
    row = RoutineDesignation(
        number=draw("RD"),
        title=values.title.strip(),
        scope=values.scope.strip(),
        recipient_kinds=_ordered(values.recipient_kinds, rules.recipients),
        purposes=_ordered(values.purposes, rules.purposes),
        item_kinds=_ordered(values.item_kinds, ITEM_KINDS),
        effective_on=values.effective_on,
        expires_on=values.expires_on,
        designated_by_id=actor.id,
        policy_version=policy().version,
    )
    db.session.add(row)
    db.session.flush()
    audit.record("designation.made", row, actor=actor, expires_on=row.expires_on.isoformat())
    return row


@enforces("EXT-7")
def revoke(designation: RoutineDesignation, actor: Actor, reason: str) -> None:
    """Revoke a designation: from now on nothing leaves on it, packages already built included. Raises Refused."""
    check_capability(actor, "designation.keep")
    rule = policy().disclosure.designation
    refuse_if(rule.id, designation.revoked_at is not None, "This designation is already revoked.")
    refuse_if("reason_given", not gives_reason(policy(), reason), "Write the reason.")
    designation.revoked_at, designation.revoked_by_id = now(), actor.id
    designation.revoked_because = reason.strip()
    db.session.flush()
    audit.record("designation.revoked", designation, actor=actor)


def in_force(today: date) -> list[RoutineDesignation]:
    """Return the designations in force on this day, oldest first."""
    rows = select(RoutineDesignation).where(
        RoutineDesignation.revoked_at.is_(None),
        RoutineDesignation.effective_on <= today,
        RoutineDesignation.expires_on >= today,
    )
    return list(db.session.scalars(rows.order_by(RoutineDesignation.id)))


def by_number(number: str | None) -> RoutineDesignation | None:
    """Return the designation of this number, in force or not."""
    if not number:
        return None
    return db.session.scalars(select(RoutineDesignation).where(RoutineDesignation.number == number)).one_or_none()


def _ordered(given: Collection[str], known: Collection[str]) -> list[str]:
    return [value for value in known if value in given]
