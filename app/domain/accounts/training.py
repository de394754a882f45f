"""Training records (ACC-4, TRN-1): entered by a supervisor, current for as long as the requirement says."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from datetime import date

from app import audit
from app.access.actor import Actor
from app.clauses import enforces
from app.extensions import db
from app.models.accounts import Account, TrainingRecord
from app.models.base import now
from app.policy import policy
from app.policy.refused import Refused


def add_months(day: date, months: int) -> date:
    """Return the same day of a later month, or its last day where that month is shorter."""
    year, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + year, month + 1
    return day.replace(year=year, month=month, day=min(day.day, monthrange(year, month)[1]))


def needs_training(roles: Iterable[str]) -> bool:
    """Tell whether these roles hold a capability that demands training."""
    return any(policy().capability(name).training for name in policy().capabilities_of(roles))


@enforces("ACC-4", "TRN-1")
def record_training(
    account: Account,
    requirement: str,
    topics: list[str],
    completed_on: date,
    by: Actor | None,
    note: str,
    *,
    today: date,
) -> TrainingRecord:
    """Enter a completed training inside the open unit of work.

    Raises Refused when the day lies ahead, a topic is missing, or a person records their own training; KeyError for
    an unknown requirement.
    """
    rule = policy().training[requirement]
    if completed_on > today:
        raise Refused(rule.id, "A training that is not yet completed does not count.")
    missing = [topic.label for topic in rule.topics if topic.value not in topics]
    if missing:
        raise Refused(rule.id, f"The training did not cover: {', '.join(missing)}.")
    if by is not None and by.id == account.id:
        raise Refused(rule.id, "Nobody records their own training.")
    record = TrainingRecord(
        account_id=account.id,
        requirement=rule.id,
        topics=sorted(topics),
        completed_on=completed_on,
        expires_on=add_months(completed_on, rule.valid_months),
        recorded_by_id=by.id if by else None,
        note=note,
    )
    db.session.add(record)
    db.session.flush()
    audit.record("training.recorded", account, actor=by, account=account.id, requirement=rule.id, record=record.uid)
    return record


def revoke_training(record: TrainingRecord, by: Actor) -> None:
    """Take a record back; access to FR functions ends with it. One that is revoked already stays as it is.

    Needs an open unit of work, in which the record is read again.
    """
    if record.revoked_at is not None:
        return
    record.revoked_at, record.revoked_by_id = now(), by.id
    audit.record(
        "training.revoked", record.account, account=record.account_id, requirement=record.requirement, record=record.uid
    )
