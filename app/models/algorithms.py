"""The tables of the algorithm in use and of changes from one to another (FAIR-2, FAIR-3)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import JSON

from app.clauses import enforces
from app.models.accounts import Account
from app.models.base import Model, Stateful, UTCDateTime, one_of
from app.models.gallery import GalleryPhoto
from app.policy.names import AlgorithmChangeVerb

CHANGE_STATES = ("planned", "embedding", "ready", "in_use", "reverted", "settled", "withdrawn")
SWITCHES = ("cut_over", "reverted")


@enforces("FAIR-3")
class AlgorithmChange(Stateful[AlgorithmChangeVerb], Model):
    """A change from one algorithm (source) to another (target), each by catalogue id and SHA-256 of its file."""

    __tablename__ = "algorithm_change"
    subject_type = "algorithm_change"
    lookup = "number"
    number: Mapped[str] = mapped_column(String(20), unique=True)
    source_model: Mapped[str] = mapped_column(String(80))
    source_digest: Mapped[str] = mapped_column(String(64))
    target_model: Mapped[str] = mapped_column(String(80))
    target_digest: Mapped[str] = mapped_column(String(64))
    begun_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    # SHA-256 of the labelled photographs on which both were evaluated, and when
    evaluated_on: Mapped[str | None] = mapped_column(String(64))
    evaluated_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # why it was settled or withdrawn; a cut-over and its reversal have theirs in their own rows
    end_reason: Mapped[str | None] = mapped_column(String(300))
    begun_by: Mapped[Account] = relationship()
    unembedded: Mapped[list[Unembedded]] = relationship(back_populates="change", order_by="Unembedded.id")
    switches: Mapped[list[AlgorithmSwitch]] = relationship(back_populates="change", order_by="AlgorithmSwitch.id")
    __table_args__ = (
        CheckConstraint(one_of("state", CHANGE_STATES), name="known_state"),
        CheckConstraint("source_digest <> target_digest", name="two_algorithms"),
        CheckConstraint("(evaluated_on IS NULL) = (evaluated_at IS NULL)", name="evaluated_once"),
        CheckConstraint(
            "state NOT IN ('in_use', 'reverted', 'settled') OR evaluated_on IS NOT NULL", name="evaluated_before_use"
        ),
    )


class AlgorithmSwitch(Model):
    """A cut-over or its reversal, by whom and why. The newest row says which algorithm is in use.

    counts: photographs in the repository, templates of either algorithm, photographs left out. Never changed.
    """

    __tablename__ = "algorithm_switch"
    change_id: Mapped[int] = mapped_column(ForeignKey("algorithm_change.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    from_model: Mapped[str] = mapped_column(String(80))
    from_digest: Mapped[str] = mapped_column(String(64))
    to_model: Mapped[str] = mapped_column(String(80))
    to_digest: Mapped[str] = mapped_column(String(64))
    by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    reason: Mapped[str] = mapped_column(String(300))
    counts: Mapped[dict[str, int]] = mapped_column(JSON)
    change: Mapped[AlgorithmChange] = relationship(back_populates="switches")
    by: Mapped[Account] = relationship()
    __table_args__ = (
        CheckConstraint(one_of("kind", SWITCHES), name="known_kind"),
        CheckConstraint("from_digest <> to_digest", name="two_algorithms"),
    )


class Unembedded(Model):
    """A photograph that an algorithm of a change cannot embed; it bars the cut-over until somebody decides."""

    __tablename__ = "unembedded"
    change_id: Mapped[int] = mapped_column(ForeignKey("algorithm_change.id"), index=True)
    photo_id: Mapped[int] = mapped_column(ForeignKey("gallery_photo.id"))
    algorithm_digest: Mapped[str] = mapped_column(String(64))
    cause: Mapped[str] = mapped_column(String(200))
    # left out of searches with this algorithm, by whom and why; empty until decided
    left_out_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    left_out_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    reason: Mapped[str | None] = mapped_column(String(300))
    change: Mapped[AlgorithmChange] = relationship(back_populates="unembedded")
    photo: Mapped[GalleryPhoto] = relationship()
    left_out_by: Mapped[Account | None] = relationship()
    __table_args__ = (
        UniqueConstraint("change_id", "photo_id", "algorithm_digest"),
        CheckConstraint(
            "(left_out_at IS NULL) = (left_out_by_id IS NULL) AND (left_out_at IS NULL) = (reason IS NULL)",
            name="decided_by_somebody",
        ),
    )
