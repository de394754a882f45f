"""The tables of matters: the numbers under which cases are kept, and which of them are one matter (REQ-2, RET-11)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, literal, select, union
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import JSON

from app.models.accounts import Account
from app.models.base import Judged, Model, Sealed, UTCDateTime, new_uid


class CaseNumber(Model):
    """A number under which requests, disclosures and a case record stand.

    `number` is how it stands in their rows: the canonical form, but for rows from before there was one. `scheme` is
    None for what fits no scheme of the rules. Numbers of one matter share `matter`.
    """

    __tablename__ = "case_number"
    subject_type = "case_number"
    lookup = "number"
    number: Mapped[str] = mapped_column(String(40), unique=True)
    canonical: Mapped[str] = mapped_column(String(40), index=True)
    scheme: Mapped[str | None] = mapped_column(String(40))
    matter: Mapped[str] = mapped_column(String(32), index=True, default=new_uid)
    version: Mapped[int] = mapped_column()
    __mapper_args__ = {"version_id_col": version}


def in_matter_of(column: Any, number: str) -> ColumnElement[bool]:
    """Return the condition that a column holds a number of this one's matter, the number itself included."""
    matter = select(CaseNumber.matter).where(CaseNumber.number == number).scalar_subquery()
    # one list, so that the column is asked by its index
    numbers = union(select(literal(number)), select(CaseNumber.number).where(CaseNumber.matter == matter))
    condition: ColumnElement[bool] = column.in_(numbers)
    return condition


class MatterLink(Judged, Sealed, Model):
    """Two numbers that may be of one matter: proposed, linked by a person, declined or parted again.

    Sealed, under a key of its own that goes with either case: reason, end_reason. `because`: what it was proposed on.
    """

    __tablename__ = "matter_link"
    judged_in = ("linked_at", "ended_at")
    first_id: Mapped[int] = mapped_column(ForeignKey("case_number.id"), index=True)
    second_id: Mapped[int] = mapped_column(ForeignKey("case_number.id"), index=True)
    # none before a person gave a reason
    key_id: Mapped[str | None] = mapped_column(String(32))
    because: Mapped[list[str]] = mapped_column(JSON, default=list)
    linked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    linked_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))

    first: Mapped[CaseNumber] = relationship(foreign_keys=[first_id])
    second: Mapped[CaseNumber] = relationship(foreign_keys=[second_id])
    linked_by: Mapped[Account | None] = relationship(foreign_keys=[linked_by_id])
    ended_by: Mapped[Account | None] = relationship(foreign_keys=[ended_by_id])
    __table_args__ = (
        CheckConstraint("first_id < second_id", name="two_numbers_in_order"),
        CheckConstraint("(linked_at IS NULL) = (linked_by_id IS NULL)", name="linked_by_somebody"),
        CheckConstraint("(ended_at IS NULL) = (ended_by_id IS NULL)", name="ended_by_somebody"),
    )

    @property
    def standing(self) -> Literal["proposed", "linked", "declined", "parted"]:
        """Return what became of it."""
        if self.ended_at is None:
            return "proposed" if self.linked_at is None else "linked"
        return "declined" if self.linked_at is None else "parted"

    def other(self, number: str) -> CaseNumber:
        """Return the number at the other end."""
        return self.second if self.first.number == number else self.first


# of two numbers one proposal or link is open at a time
Index(
    "ix_matter_link_open",
    MatterLink.first_id,
    MatterLink.second_id,
    unique=True,
    sqlite_where=MatterLink.ended_at.is_(None),
    postgresql_where=MatterLink.ended_at.is_(None),
)
