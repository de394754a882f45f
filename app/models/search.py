"""One search of one probe (CAP-5), and the candidates it listed (CAP-6)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import JSON

from app.clauses import enforces
from app.models.account import Account
from app.models.base import Model, Sealed, UTCDateTime, one_of
from app.models.derived import DerivedImage
from app.models.gallery import GalleryPerson, GalleryPhoto
from app.models.request import DetectedFace, FRRequest, ProbeImage

if TYPE_CHECKING:
    from app.models.examination import Disposition

SEARCH_STATES = ("prepared", "queued", "finished", "failed", "replaced")


@enforces("CAP-5")
class Search(Sealed, Model):
    """A search has exactly one probe face: the columns are single and required; there is no batch.

    Sealed: suitability_note, overridden.
    """

    __tablename__ = "search"
    request_id: Mapped[int] = mapped_column(ForeignKey("fr_request.id"), index=True)
    submission: Mapped[int]
    image_id: Mapped[int] = mapped_column(ForeignKey("probe_image.id"), index=True)
    face_id: Mapped[int] = mapped_column(ForeignKey("detected_face.id"))
    # the prepared image that was searched in place of the original; comparison stays on the original (SRC-2)
    derived_id: Mapped[int | None] = mapped_column(ForeignKey("derived_image.id"))
    examiner_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    suitability: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(20), default="prepared")
    cause: Mapped[str | None] = mapped_column(String(300))
    started_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime, index=True)
    # what the result depends on, fixed when the search finishes
    probe_sha256: Mapped[str] = mapped_column(String(64))
    algorithm: Mapped[str | None] = mapped_column(String(80))
    algorithm_digest: Mapped[str | None] = mapped_column(String(64))
    detector_digest: Mapped[str | None] = mapped_column(String(64))
    gallery_generation: Mapped[int | None]
    gallery_people: Mapped[int | None]
    gallery_photos: Mapped[int | None]
    limit: Mapped[int | None]
    # draws the order in which candidates are shown; recorded so that it can be shown again
    order_seed: Mapped[int | None]
    parameters: Mapped[dict[str, object]] = mapped_column(JSON, default=dict)

    request: Mapped[FRRequest] = relationship(back_populates="searches")
    image: Mapped[ProbeImage] = relationship()
    face: Mapped[DetectedFace] = relationship()
    derived: Mapped[DerivedImage | None] = relationship()
    examiner: Mapped[Account] = relationship()
    candidates: Mapped[list[Candidate]] = relationship(back_populates="search", order_by="Candidate.shown_order")
    __table_args__ = (
        CheckConstraint(one_of("state", SEARCH_STATES), name="known_state"),
        CheckConstraint(
            "state <> 'finished' OR (algorithm_digest IS NOT NULL AND gallery_generation IS NOT NULL "
            "AND order_seed IS NOT NULL AND finished_at IS NOT NULL)",
            name="finished_is_described",
        ),
        CheckConstraint("state <> 'failed' OR cause IS NOT NULL", name="failure_is_named"),
    )

    @property
    def key_id(self) -> str:
        return self.request.key_id

    @property
    def overridden(self) -> tuple[Mapping[str, Any], ...]:
        """The failed quality findings ({"rule", "text"}) despite which the examiner selected the probe (REQ-7)."""
        return tuple(self.private.get("overridden") or ())


class Candidate(Model):
    """A person of the gallery the machine listed: never more than a candidate, whatever the score (CAP-6)."""

    __tablename__ = "candidate"
    search_id: Mapped[int] = mapped_column(ForeignKey("search.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("gallery_person.id"), index=True)
    photo_id: Mapped[int] = mapped_column(ForeignKey("gallery_photo.id"))
    # the network whose templates gave the score: a trigger refuses any other than the search's own
    algorithm_digest: Mapped[str] = mapped_column(String(64), server_default="")
    rank: Mapped[int]
    score: Mapped[float]
    shown_order: Mapped[int]

    search: Mapped[Search] = relationship(back_populates="candidates")
    person: Mapped[GalleryPerson] = relationship()
    photo: Mapped[GalleryPhoto] = relationship()
    dispositions: Mapped[list[Disposition]] = relationship(back_populates="candidate", order_by="Disposition.id")
    __table_args__ = (
        UniqueConstraint("search_id", "person_id"),
        UniqueConstraint("search_id", "rank"),
        UniqueConstraint("search_id", "shown_order"),
    )
