"""The tables of accounts: people known from the directory, their training and sessions."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import JSON

from app.models.base import Judged, Model, UTCDateTime, now


class Account(Model):
    """A person of the directory, as last seen. Roles are a copy for lists; the guard asks the directory (ACC-8)."""

    __tablename__ = "account"
    name: Mapped[str] = mapped_column(String(64), unique=True)
    display_name: Mapped[str] = mapped_column(String(200))
    title: Mapped[str] = mapped_column(String(100))
    command: Mapped[str] = mapped_column(String(100))
    roles: Mapped[list[str]] = mapped_column(JSON)
    enabled: Mapped[bool] = mapped_column(default=True)
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    training: Mapped[list[TrainingRecord]] = relationship(
        back_populates="account", foreign_keys="TrainingRecord.account_id", order_by="TrainingRecord.completed_on"
    )

    @property
    def titled(self) -> str:
        """Return title and name, as pages and documents call a person."""
        return f"{self.title} {self.display_name}"


class LoginSession(Model):
    """One sign-in. The cookie holds a random token, the row its digest; ending the row ends the session at once."""

    __tablename__ = "login_session"
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_because: Mapped[str | None] = mapped_column(String(100))
    account: Mapped[Account] = relationship()


class SignInFailure(Model):
    """A failed sign-in, by digest of the name that was typed (a mistyped password is sometimes typed as a name)."""

    __tablename__ = "sign_in_failure"
    name_digest: Mapped[str] = mapped_column(String(64), index=True)


class TermsAcceptance(Model):
    """ACC-11: the terms and confidentiality conditions, accepted once per version."""

    __tablename__ = "terms_acceptance"
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    version: Mapped[str] = mapped_column(String(40))
    __table_args__ = (UniqueConstraint("account_id", "version"),)


class PolicyAcknowledgement(Judged, Model):
    """TRN-2: a person acknowledged a version of the policy, which `policy_version` names; the latest row counts.

    Whoever acknowledged A, then B, acknowledges A again when it comes back: there is a row each time.
    """

    __tablename__ = "policy_acknowledgement"
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)


class TrainingRecord(Judged, Model):
    """ACC-4, TRN-1: a completed mandatory training, current until it expires or is revoked."""

    __tablename__ = "training_record"
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    requirement: Mapped[str] = mapped_column(String(40))
    topics: Mapped[list[str]] = mapped_column(JSON)
    completed_on: Mapped[date]
    expires_on: Mapped[date]
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    note: Mapped[str] = mapped_column(Text, default="")
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    revoked_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    account: Mapped[Account] = relationship(back_populates="training", foreign_keys=[account_id])
    recorded_by: Mapped[Account | None] = relationship(foreign_keys=[recorded_by_id])
    __table_args__ = (
        CheckConstraint("expires_on > completed_on", name="expires_after_completion"),
        CheckConstraint("(revoked_at IS NULL) = (revoked_by_id IS NULL)", name="revoked_by_somebody"),
        Index("ix_training_record_account_requirement", "account_id", "requirement"),
    )

    def current(self, today: date) -> bool:
        return self.revoked_at is None and self.completed_on <= today < self.expires_on
