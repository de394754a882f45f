"""The tables of sealing orders, of the tombstones that keep photographs out, and of notices (CAP-3)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship
from sqlalchemy.types import JSON

from app.models.accounts import Account
from app.models.base import Model, Sealed, Stateful, UTCDateTime, one_of
from app.models.gallery import GalleryPhoto
from app.models.numbered import OfRecord
from app.policy.names import SealingVerb

STATES = ("received", "removed", "certified")
KINDS = ("sealed", "expunged", "voided", "dismissed")
WAYS = ("page", "command", "directory")
OUTCOMES = ("removed", "left_before", "not_held")
NOTICES = ("investigator", "privacy_officer", "recipient")
#: where a copy went: into the case folder, to whoever downloaded a report or printed a comparison, into a package
COPIES = ("case_file", "download", "print", "package")
COPY_ENDS = ("returned", "destroyed", "kept")


class SealingOrder(Stateful[SealingVerb], Sealed, Model):
    """One order as it was received and carried out. It shows no face and names no person in a clear column.

    Sealed, under a key of its own: order_number, authority, person_number, note. `order_digest` is a keyed digest of
    the whole order, so that the same one is carried out once; `person_digest` of the person number of an order about
    everything of a person until its date. `destroyed` {keys, blobs: ids; rows: {table: count}}: written with the
    removal, so that a run after a kill knows what was begun.
    """

    __tablename__ = "sealing_order"
    subject_type = "sealing"
    lookup = "number"
    number: Mapped[str] = mapped_column(String(20), unique=True)
    key_id: Mapped[str] = mapped_column(String(32))
    policy_version: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(20))
    dated: Mapped[date]
    order_digest: Mapped[str] = mapped_column(String(64), unique=True)
    person_digest: Mapped[str | None] = mapped_column(String(64), index=True)
    way: Mapped[str] = mapped_column(String(20))
    received_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    # from this moment, and this generation of the repository, no search sees what the order names
    removed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    generation: Mapped[int | None]
    destroyed: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    certificate_blob_id: Mapped[str | None] = mapped_column(String(40))
    certificate_sha256: Mapped[str | None] = mapped_column(String(64))
    certificate_pages: Mapped[int | None]

    received_by: Mapped[Account | None] = relationship()
    records: Mapped[list[SealedRecord]] = relationship(back_populates="order", order_by="SealedRecord.id")
    notices: Mapped[list[SealingNotice]] = relationship(back_populates="order", order_by="SealingNotice.id")
    copies: Mapped[list[SealedCopy]] = relationship(back_populates="order", order_by="SealedCopy.id")
    __table_args__ = (
        CheckConstraint(one_of("state", STATES), name="known_state"),
        CheckConstraint(one_of("kind", KINDS), name="known_kind"),
        CheckConstraint(one_of("way", WAYS), name="known_way"),
        CheckConstraint("way <> 'page' OR received_by_id IS NOT NULL", name="received_by_somebody"),
        CheckConstraint("state = 'received' OR removed_at IS NOT NULL", name="removed_has_moment"),
        CheckConstraint("(removed_at IS NULL) = (generation IS NULL)", name="removed_has_generation"),
        CheckConstraint("(certificate_blob_id IS NULL) = (certificate_sha256 IS NULL)", name="certificate_has_digest"),
        CheckConstraint("state <> 'certified' OR certificate_blob_id IS NOT NULL", name="certified_has_certificate"),
    )


class SealedRecord(OfRecord, Model):
    """A tombstone: the number of a sealed record and the digest of its file, which keep it from coming back.

    A record that was never held here stands too: an order that came before the photograph keeps it out. Sealed under
    the order's key, which outlives that of the photograph: record_number.
    """

    __tablename__ = "sealed_record"
    order_id: Mapped[int] = mapped_column(ForeignKey("sealing_order.id"), index=True)
    photo_id: Mapped[int | None] = mapped_column(ForeignKey("gallery_photo.id"), index=True)
    sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    outcome: Mapped[str] = mapped_column(String(20))
    order: Mapped[SealingOrder] = relationship(back_populates="records")
    photo: Mapped[GalleryPhoto | None] = relationship()
    __table_args__ = (
        UniqueConstraint("order_id", "number_index", name="uq_sealed_record_order_id_record_number"),
        Index("ix_sealed_record_number_index", "number_index"),
        CheckConstraint(one_of("outcome", OUTCOMES), name="known_outcome"),
        CheckConstraint("(outcome = 'not_held') = (photo_id IS NULL)", name="not_held_has_no_photograph"),
    )

    @property
    def key_id(self) -> str:
        return self.order.key_id

    @property
    def stand_in(self) -> str:
        return self.photo.stand_in if self.photo is not None else super().stand_in


class Copy(Sealed):
    """A copy that was delivered before what it shows left the repository: who holds it, and what became of it.

    about: number of the request, or of the disclosure whose package held it; it outlives both. number: that of the
    report, or of the round of a printed comparison. account_id: who holds it, for a copy in the department. Sealed: how
    (how the holder said so), told (how a recipient outside was told).
    """

    kind: Mapped[str] = mapped_column(String(20))
    about: Mapped[str] = mapped_column(String(20))
    number: Mapped[str] = mapped_column(String(30))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    delivered_at: Mapped[datetime] = mapped_column(UTCDateTime)
    told_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended: Mapped[str | None] = mapped_column(String(20))
    ended_on: Mapped[date | None]
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    version: Mapped[int] = mapped_column()

    @declared_attr
    def account(cls) -> Mapped[Account | None]:
        return relationship(foreign_keys=[cls.account_id])  # type: ignore[list-item]  # the column of the class itself

    @declared_attr
    def recorded_by(cls) -> Mapped[Account | None]:
        return relationship(foreign_keys=[cls.recorded_by_id])  # type: ignore[list-item]  # the same

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.version}

    @declared_attr.directive
    def __table_args__(cls) -> tuple[CheckConstraint, ...]:
        return (
            CheckConstraint(one_of("kind", COPIES), name="known_kind"),
            CheckConstraint(f"ended IS NULL OR {one_of('ended', COPY_ENDS)}", name="known_end"),
            CheckConstraint("(ended IS NULL) = (ended_on IS NULL)", name="ended_on_a_day"),
            CheckConstraint("(ended IS NULL) = (recorded_by_id IS NULL)", name="ended_by_somebody"),
        )


class SealedCopy(Copy, Model):
    """A copy of what left by an order; sealed under the order's key."""

    __tablename__ = "sealed_copy"
    subject_type = "sealed_copy"
    order_id: Mapped[int] = mapped_column(ForeignKey("sealing_order.id"), index=True)
    order: Mapped[SealingOrder] = relationship(back_populates="copies")

    @property
    def key_id(self) -> str:
        return self.order.key_id


class LeftCopy(Copy, Model):
    """A copy of what left without an order, under a key of its own. It names neither the photograph nor the person."""

    __tablename__ = "left_copy"
    subject_type = "left_copy"
    key_id: Mapped[str] = mapped_column(String(32))


class SealingNotice(Sealed, Model):
    """A drafted notice to somebody who saw the photograph's results; a person edits and sends it. Sealed: text, how.

    `about` is the number of the request or disclosure, without a reference to its row: it outlives a disposal.
    """

    __tablename__ = "sealing_notice"
    subject_type = "sealing_notice"
    order_id: Mapped[int] = mapped_column(ForeignKey("sealing_order.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    about_type: Mapped[str] = mapped_column(String(20))
    about: Mapped[str] = mapped_column(String(20))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    sent_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    version: Mapped[int] = mapped_column()
    order: Mapped[SealingOrder] = relationship(back_populates="notices")
    account: Mapped[Account | None] = relationship(foreign_keys=[account_id])
    sent_by: Mapped[Account | None] = relationship(foreign_keys=[sent_by_id])
    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        UniqueConstraint("order_id", "kind", "about"),
        CheckConstraint(one_of("kind", NOTICES), name="known_kind"),
        CheckConstraint("(sent_at IS NULL) = (sent_by_id IS NULL)", name="sent_by_somebody"),
    )

    @property
    def key_id(self) -> str:
        return self.order.key_id
