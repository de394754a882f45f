"""What a person has typed into a form of the unit and not yet recorded."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.account import Account
from app.models.base import Model, Sealed, UTCDateTime
from app.models.line_up import LineUp
from app.models.request import FRRequest


class Draft(Sealed, Model):
    """The fields of one page of a request or of a line-up as their author left them; nobody else reads them.

    Sealed: fields {name: text}, or what an exclusion replaced (app/domain/replaced.py).

    `page` names the form and what it is about, as `worksheet:<round>:<candidate>`. Gone once the form is recorded.
    """

    __tablename__ = "form_draft"
    request_id: Mapped[int | None] = mapped_column(ForeignKey("fr_request.id"), index=True)
    line_up_id: Mapped[int | None] = mapped_column(ForeignKey("line_up.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    page: Mapped[str] = mapped_column(String(120))
    saved_at: Mapped[datetime] = mapped_column(UTCDateTime)
    request: Mapped[FRRequest | None] = relationship()
    line_up: Mapped[LineUp | None] = relationship()
    account: Mapped[Account] = relationship()
    __table_args__ = (
        UniqueConstraint("request_id", "account_id", "page"),
        UniqueConstraint("line_up_id", "account_id", "page"),
        CheckConstraint("(request_id IS NULL) <> (line_up_id IS NULL)", name="of_a_request_or_a_line_up"),
    )

    @property
    def key_id(self) -> str:
        return (self.request or self.line_up).key_id
