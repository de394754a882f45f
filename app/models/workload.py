"""The tables of assignments (who had a request, from whom, with which notes) and of drafts (SRC-2, SRC-4)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.accounts import Account
from app.models.base import Model, Sealed, UTCDateTime, filled, one_of
from app.models.examination import Round
from app.models.peers import LineUp
from app.models.requests import FRRequest

KINDS = ("taken", "assigned", "handed_over", "taken_over")


class Assignment(Sealed, Model):
    """One assignment of a request to an examiner; the request's own `examiner_id` is who has it now.

    `state` is the request's at that moment, `round` the round that was open and ended with it. Sealed: notes. The
    database refuses every UPDATE.
    """

    __tablename__ = "assignment"
    request_id: Mapped[int] = mapped_column(ForeignKey("fr_request.id"), index=True)
    round_id: Mapped[int | None] = mapped_column(ForeignKey("examination_round.id"))
    kind: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    from_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    to_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))

    request: Mapped[FRRequest] = relationship()
    round: Mapped[Round | None] = relationship()
    giver: Mapped[Account | None] = relationship(foreign_keys=[from_id])
    receiver: Mapped[Account] = relationship(foreign_keys=[to_id])
    by: Mapped[Account] = relationship(foreign_keys=[by_id])
    __table_args__ = (
        CheckConstraint(one_of("kind", KINDS), name="known_kind"),
        CheckConstraint("from_id IS NULL OR from_id <> to_id", name="passes_to_another"),
        CheckConstraint("kind <> 'handed_over' OR from_id = by_id", name="handed_over_by_its_holder"),
        CheckConstraint("kind NOT IN ('handed_over', 'taken_over') OR from_id IS NOT NULL", name="had_a_holder"),
    )

    @property
    def key_id(self) -> str:
        return self.request.key_id


class Draft(Sealed, Model):
    """The fields of one page of a request or of a line-up as their author left them; nobody else reads them.

    Sealed: fields {name: text}, or what an exclusion replaced (app/domain/examination/replaced.py).

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
        return self.request.key_id if self.request is not None else filled(self.line_up).key_id
