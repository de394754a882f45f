"""Searched before: which probes show the same moment, and a supervisor's agreement to search one again (AUD-1)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.account import Account
from app.models.base import Model, Sealed, UTCDateTime, one_of
from app.models.request import ProbeImage
from app.models.search import Search

ANSWERS = ("agreed", "declined")


class ProbeResemblance(Model):
    """Two submitted images that show the same moment: hash and embedding agreed when the later one was checked."""

    __tablename__ = "probe_resemblance"
    image_id: Mapped[int] = mapped_column(ForeignKey("probe_image.id"), index=True)
    earlier_id: Mapped[int] = mapped_column(ForeignKey("probe_image.id"), index=True)
    image: Mapped[ProbeImage] = relationship(foreign_keys=[image_id])
    earlier: Mapped[ProbeImage] = relationship(foreign_keys=[earlier_id])
    __table_args__ = (
        UniqueConstraint("image_id", "earlier_id"),
        CheckConstraint("image_id <> earlier_id", name="two_images"),
    )


class RepeatSearch(Sealed, Model):
    """An examiner's reason to search again what was searched before, and a supervisor's answer.

    A declined one stays; asking once more is another row. Sealed: reason (the examiner's), answer (the supervisor's).
    """

    __tablename__ = "repeat_search"
    search_id: Mapped[int] = mapped_column(ForeignKey("search.id"), index=True)
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    decision: Mapped[str | None] = mapped_column(String(10))
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    search: Mapped[Search] = relationship()
    asked_by: Mapped[Account] = relationship(foreign_keys=[asked_by_id])
    decided_by: Mapped[Account | None] = relationship(foreign_keys=[decided_by_id])
    __table_args__ = (
        CheckConstraint(f"decision IS NULL OR {one_of('decision', ANSWERS)}", name="known_decision"),
        CheckConstraint(
            "(decision IS NULL) = (decided_by_id IS NULL) AND (decision IS NULL) = (decided_at IS NULL)",
            name="decided_by_somebody",
        ),
        CheckConstraint("decided_by_id IS NULL OR decided_by_id <> asked_by_id", name="asker_does_not_decide"),
    )

    @property
    def key_id(self) -> str:
        return self.search.request.key_id
