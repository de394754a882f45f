"""The tables of notifications in the portal and of misuse reports (LIM-9)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.accounts import Account
from app.models.base import Model, Sealed, UTCDateTime


class Notification(Model):
    """Something a person should know; the words come from the kind, so that no name or face stands here.

    `subject_type` and `subject_key` name what it is about, as an audit event does; both are empty for what is about no
    one subject.
    """

    __tablename__ = "notification"
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    kind: Mapped[str] = mapped_column(String(40))
    subject_type: Mapped[str | None] = mapped_column(String(30))
    subject_key: Mapped[str | None] = mapped_column(String(40))
    read_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    account: Mapped[Account] = relationship()
    __table_args__ = (
        Index("ix_notification_unread", "account_id", "read_at"),
        CheckConstraint("(subject_type IS NULL) = (subject_key IS NULL)", name="whole_subject"),
    )


class MisuseReport(Sealed, Model):
    """LIM-9, AUD-4: an allegation of misuse, read by integrity officers only. Sealed: what, page."""

    __tablename__ = "misuse_report"
    key_id: Mapped[str] = mapped_column(String(32))
    # empty when the reporter asked not to be named
    reporter_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    read_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    read_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    reporter: Mapped[Account | None] = relationship(foreign_keys=[reporter_id])
    read_by: Mapped[Account | None] = relationship(foreign_keys=[read_by_id])
