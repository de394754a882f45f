"""The table of which notifications a person also gets by e-mail."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Model


class MailChoice(Model):
    """One person's choice for one kind of mail (notices.toml); without a row the kind's own default holds."""

    __tablename__ = "mail_choice"
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    kind: Mapped[str] = mapped_column(String(40))
    by_mail: Mapped[bool]
    __table_args__ = (UniqueConstraint("account_id", "kind"),)
