"""What an examiner marks on the probe and on a candidate's photograph during a comparison (SRC-2)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.account import Account
from app.models.base import Model, Sealed, UTCDateTime
from app.models.examination import Round
from app.models.gallery import GalleryPhoto
from app.models.search import Candidate


class Annotation(Sealed, Model):
    """One numbered mark on both photographs; numbers count from 1 within the comparison of a candidate.

    Sealed: kind, probe and photo (each a list of [x, y] in pixels of the original, or empty), note. A mark taken back
    keeps its row and its number, so that no number ever means two places.
    """

    __tablename__ = "annotation"
    round_id: Mapped[int] = mapped_column(ForeignKey("examination_round.id"), index=True)
    candidate_id: Mapped[int] = mapped_column(ForeignKey("candidate.id"), index=True)
    photo_id: Mapped[int] = mapped_column(ForeignKey("gallery_photo.id"))
    author_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    number: Mapped[int]
    removed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column()

    round: Mapped[Round] = relationship()
    candidate: Mapped[Candidate] = relationship()
    photo: Mapped[GalleryPhoto] = relationship()
    author: Mapped[Account] = relationship()
    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        UniqueConstraint("round_id", "candidate_id", "author_id", "number"),
        CheckConstraint("number > 0", name="counted_from_one"),
    )

    @property
    def key_id(self) -> str:
        return self.round.request.key_id
