"""The tables of searches, each of one probe (CAP-5), and of the candidates they listed (CAP-6)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import JSON

from app.clauses import enforces
from app.models.accounts import Account
from app.models.base import Judged, Model, Sealed, UTCDateTime, one_of
from app.models.gallery import GalleryPerson, GalleryPhoto
from app.models.requests import DetectedFace, FRRequest, ProbeImage

if TYPE_CHECKING:
    from app.models.examination import Disposition


SEARCH_STATES = ("prepared", "queued", "finished", "failed", "replaced")


@enforces("CAP-5")
class Search(Judged, Sealed, Model):
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


class DerivedImage(Sealed, Model):
    """One prepared image: which original, by which steps, why, by whom, when (created_at), in which environment.

    `number` counts the prepared images of a request from 1. Sealed: reason. The database refuses every UPDATE.
    """

    __tablename__ = "derived_image"
    request_id: Mapped[int] = mapped_column(ForeignKey("fr_request.id"), index=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("probe_image.id"), index=True)
    face_id: Mapped[int] = mapped_column(ForeignKey("detected_face.id"))
    number: Mapped[int]
    made_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    policy_version: Mapped[str] = mapped_column(String(64))
    recipe: Mapped[dict[str, Any]] = mapped_column(JSON)
    recipe_digest: Mapped[str] = mapped_column(String(64))
    environment: Mapped[dict[str, str]] = mapped_column(JSON)
    original_sha256: Mapped[str] = mapped_column(String(64))
    blob_id: Mapped[str] = mapped_column(String(40))
    sha256: Mapped[str] = mapped_column(String(64))
    width: Mapped[int]
    height: Mapped[int]

    request: Mapped[FRRequest] = relationship()
    image: Mapped[ProbeImage] = relationship()
    face: Mapped[DetectedFace] = relationship()
    made_by: Mapped[Account] = relationship()
    __table_args__ = (
        UniqueConstraint("request_id", "number"),
        CheckConstraint("number > 0", name="counted_from_one"),
        CheckConstraint("width > 0 AND height > 0", name="has_pixels"),
    )

    @property
    def key_id(self) -> str:
        return self.request.key_id


ANSWERS = ("agreed", "declined")


class ProbeResemblance(Model):
    """Two submitted images of one photograph: their registered pixels agreed when the later one was checked.

    In rows of before version 0035 the hash of the whole picture and the face templates agreed.
    """

    __tablename__ = "probe_resemblance"
    image_id: Mapped[int] = mapped_column(ForeignKey("probe_image.id"), index=True)
    earlier_id: Mapped[int] = mapped_column(ForeignKey("probe_image.id"), index=True)
    image: Mapped[ProbeImage] = relationship(foreign_keys=[image_id])
    earlier: Mapped[ProbeImage] = relationship(foreign_keys=[earlier_id])
    __table_args__ = (
        UniqueConstraint("image_id", "earlier_id"),
        CheckConstraint("image_id <> earlier_id", name="two_images"),
    )


class RepeatSearch(Judged, Sealed, Model):
    """An examiner's reason to search again what was searched before, and a supervisor's answer.

    A declined one stays; asking once more is another row. Sealed: reason (the examiner's), answer (the supervisor's),
    covers (the uids of the searches that the supervisor had before them).
    """

    judged_in = ("decision",)
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
