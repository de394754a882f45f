"""An import of photographs: what it was asked to take in, in chunks, and what became of each record."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import JSON

from app.extensions import db
from app.models.base import Model, Sealed, UTCDateTime, one_of

KINDS = ("folder", "itl")
STATES = ("planning", "running", "done", "replaced")
#: what can become of a record; docs/gallery.md says each in a sentence
OUTCOMES = (
    "enrolled", "already", "duplicate", "held", "refused", "unreadable", "no_face", "several_faces",
)  # fmt: skip


class GalleryImport(Model):
    """One import, found again by `content` when it is run once more: kind, folder and digest of what it lists.

    tally: outcome -> records so far, written with each chunk. key_id: the key of the rows that wait; it is destroyed
    when nothing waits any more.
    """

    __tablename__ = "gallery_import"
    kind: Mapped[str] = mapped_column(String(10))
    folder: Mapped[str] = mapped_column(String(1000))
    content: Mapped[str] = mapped_column(String(64), index=True)
    key_id: Mapped[str] = mapped_column(String(32))
    records: Mapped[int]
    state: Mapped[str] = mapped_column(String(10), default="planning", index=True)
    tally: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    chunks: Mapped[list[ImportChunk]] = relationship(back_populates="of", order_by="ImportChunk.number")
    __table_args__ = (
        CheckConstraint(one_of("kind", KINDS), name="known_kind"),
        CheckConstraint(one_of("state", STATES), name="known_state"),
        CheckConstraint("records > 0", name="has_records"),
    )

    @property
    def done(self) -> int:
        """Records of which it is known what became of them."""
        return sum(self.tally.values())


class ImportChunk(Sealed, Model):
    """Some consecutive records of an import, one job. Sealed: rows, until they are worked off."""

    __tablename__ = "import_chunk"
    import_id: Mapped[int] = mapped_column(ForeignKey("gallery_import.id"))
    number: Mapped[int]
    records: Mapped[int]
    done: Mapped[bool] = mapped_column(default=False)
    error: Mapped[str | None] = mapped_column(String(300))
    of: Mapped[GalleryImport] = relationship(back_populates="chunks")
    __table_args__ = (UniqueConstraint("import_id", "number"),)

    @property
    def key_id(self) -> str:
        return self.of.key_id


class ImportOutcome(db.Model):
    """What became of one record of an import: no name and no file, only where it stands in the list.

    line: of the manifest, or the place in a folder of ANSI/NIST-ITL files. record_number: none when it was not stated
    or is malformed. rules: ids of the rules that kept it out.
    """

    __tablename__ = "import_outcome"
    import_id: Mapped[int] = mapped_column(ForeignKey("gallery_import.id"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    record_number: Mapped[str | None] = mapped_column(String(40))
    outcome: Mapped[str] = mapped_column(String(20))
    rules: Mapped[list[Any]] = mapped_column(JSON, default=list)
    reason: Mapped[str] = mapped_column(String(500), default="")
    __table_args__ = (CheckConstraint(one_of("outcome", OUTCOMES), name="known_outcome"),)
