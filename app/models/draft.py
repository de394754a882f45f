"""What a person has typed into a form of the unit and not yet recorded."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.account import Account
from app.models.base import Model, Sealed, UTCDateTime
from app.models.request import FRRequest


class Draft(Sealed, Model):
    """The fields of one page as its author left them; only that author reads them. Sealed: fields {name: text}.

    `page` names the form and what it is about, as `worksheet:<round>:<candidate>`. Gone once the form is recorded.
    """

    __tablename__ = "form_draft"
    request_id: Mapped[int] = mapped_column(ForeignKey("fr_request.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    page: Mapped[str] = mapped_column(String(120))
    saved_at: Mapped[datetime] = mapped_column(UTCDateTime)
    request: Mapped[FRRequest] = relationship()
    account: Mapped[Account] = relationship()
    __table_args__ = (UniqueConstraint("request_id", "account_id", "page"),)

    @property
    def key_id(self) -> str:
        return self.request.key_id
