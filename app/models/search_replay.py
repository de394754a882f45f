"""A recorded search done again, and what came of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import JSON

from app.models.account import Account
from app.models.base import Model, UTCDateTime, one_of
from app.models.search import Search

VERDICTS = ("identical", "same", "differs", "incomplete")


class SearchReplay(Model):
    """One replay of a search. `result`: what differs or is missing, by ranks, record numbers and digests; no name."""

    __tablename__ = "search_replay"
    search_id: Mapped[int] = mapped_column(ForeignKey("search.id"), index=True)
    # empty when asked for on the command line
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    verdict: Mapped[str | None] = mapped_column(String(12))
    # why it could not be run, when it could not
    cause: Mapped[str | None] = mapped_column(String(300))
    result: Mapped[dict[str, object]] = mapped_column(JSON, default=dict)
    search: Mapped[Search] = relationship()
    asked_by: Mapped[Account | None] = relationship()
    __table_args__ = (
        CheckConstraint(f"verdict IS NULL OR {one_of('verdict', VERDICTS)}", name="known_verdict"),
        CheckConstraint(
            "(finished_at IS NULL) = (verdict IS NULL AND cause IS NULL)", name="finished_has_verdict_or_cause"
        ),
        CheckConstraint("verdict IS NULL OR cause IS NULL", name="verdict_or_cause"),
    )
