"""The tables of the engine: transitions, the audit chain, the outbox of jobs, counters."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import JSON

from app.extensions import Table
from app.models.accounts import Account
from app.models.base import Model, UTCDateTime, now, one_of

JOB_STATES = ("queued", "running", "done", "failed")


class Transition(Model):
    """One step of a subject along its workflow; only `workflow.advance` writes it, nothing changes it."""

    __tablename__ = "transition"
    subject_type: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[int]
    verb: Mapped[str] = mapped_column(String(40))
    rule: Mapped[str] = mapped_column(String(40))
    source: Mapped[str] = mapped_column(String(20))
    target: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    policy_version: Mapped[str] = mapped_column(String(64))
    actor: Mapped[Account | None] = relationship()
    __table_args__ = (
        Index("ix_transition_subject", "subject_type", "subject_id"),
        Index("ix_transition_target", "subject_type", "target", "created_at"),
    )


class AuditEvent(Table):
    """One link of the chain: `digest` covers every other column, `previous` the link before. Never changed."""

    __tablename__ = "audit_event"
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[str] = mapped_column(String(32))
    event: Mapped[str] = mapped_column(String(60), index=True)
    actor_id: Mapped[int | None] = mapped_column(index=True)
    session_id: Mapped[str | None] = mapped_column(String(32))
    subject_type: Mapped[str | None] = mapped_column(String(30))
    subject_id: Mapped[str | None] = mapped_column(String(40))
    keys: Mapped[str] = mapped_column(Text)
    policy_version: Mapped[str] = mapped_column(String(64))
    previous: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    __table_args__ = (Index("ix_audit_event_subject", "subject_type", "subject_id"),)


class Job(Model):
    """A job with its lease and heartbeat; the queue carries only its uid."""

    __tablename__ = "job"
    kind: Mapped[str] = mapped_column(String(40))
    queue: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[str] = mapped_column(String(40))
    # one piece of work, one row: asking twice does nothing twice
    once: Mapped[str] = mapped_column(String(120), unique=True)
    state: Mapped[str] = mapped_column(String(10), default="queued", index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    not_before: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    lease_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    lease_owner: Mapped[str | None] = mapped_column(String(80))
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    error: Mapped[str | None] = mapped_column(String(300))
    progress: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    __table_args__ = (
        CheckConstraint(one_of("state", JOB_STATES), name="known_state"),
        CheckConstraint("state <> 'running' OR lease_until IS NOT NULL", name="running_has_lease"),
        # by subject first: an erasure and the pruning ask for all of a subject, the pages for one kind of it
        Index("ix_job_subject", "subject_id", "kind", "created_at"),
        Index("ix_job_kind", "kind", "created_at"),
    )


class Counter(Table):
    """The last number given in a series, drawn inside the transaction that uses it."""

    __tablename__ = "counter"
    series: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[int] = mapped_column(default=0)
