"""The tables of the repository: arrest and parole photographs of people charged with a crime (CAP-3)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import JSON

from app.extensions import Table
from app.models.accounts import Account
from app.models.base import Judged, Model, Sealed, UTCDateTime, one_of
from app.models.numbered import OfPerson, OfRecord


class GalleryPerson(OfPerson, Model):
    """A person of the repository, by the number all their records share.

    Sealed: person_number, name, born_on, height_in, weight_lb, marks.
    """

    __tablename__ = "gallery_person"
    key_id: Mapped[str] = mapped_column(String(32))
    # an earlier key that also covered photographs, from the moment nothing needs it until it is destroyed
    retired_key_id: Mapped[str | None] = mapped_column(String(32))
    photos: Mapped[list[GalleryPhoto]] = relationship(back_populates="person", order_by="GalleryPhoto.taken_on")
    # the name of before the number was sealed
    __table_args__ = (UniqueConstraint("number_index", name="uq_gallery_person_person_number"),)


class GalleryPhoto(OfRecord, Model):
    """One arrest or parole photograph, by its record number.

    Bytes, templates and sealed text stand under a data key of the photograph's own, so that one can go while the
    person's others stay (docs/decisions/0019-sealing-orders.md). Rows older than that share their person's key.

    Sealed: record_number, charge, source_record, eyes [[x, y], [x, y]] in its pixels, image-left first (the latter two
    absent of photographs of earlier versions). Once it left, its number is gone with its key; the index stays and keeps
    the number from coming back, unless the person's file was disposed of.
    """

    __tablename__ = "gallery_photo"
    person_id: Mapped[int] = mapped_column(ForeignKey("gallery_person.id"), index=True)
    key_id: Mapped[str] = mapped_column(String(32))
    source: Mapped[str] = mapped_column(String(10))
    jurisdiction: Mapped[str] = mapped_column(String(10))
    charged: Mapped[bool]
    taken_on: Mapped[date]
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    # empty once the photograph left: a perceptual hash recognises a picture, so it goes with the picture
    phash: Mapped[str] = mapped_column(String(16), index=True)
    # of the aligned face, under a mask (app.storage.masks); none once it left, or of before it was kept
    face_hash: Mapped[str | None] = mapped_column(String(16))
    blob_id: Mapped[str] = mapped_column(String(40))
    width: Mapped[int]
    height: Mapped[int]
    batch: Mapped[str] = mapped_column(String(32), index=True)
    # what app.domain.gallery.photograph_quality measured; none for a photograph that left, or entered before it was
    # kept
    quality: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    # set when the photograph leaves the repository; never searchable again
    removed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    removed_because: Mapped[str | None] = mapped_column(String(40))
    person: Mapped[GalleryPerson] = relationship(back_populates="photos")
    templates: Mapped[list[Template]] = relationship(back_populates="photo")
    __table_args__ = (
        UniqueConstraint("number_index", name="uq_gallery_photo_record_number"),
        # CAP-3, repeated where no code can forget it
        CheckConstraint(one_of("source", ["arrest", "parole"]), name="arrest_or_parole"),
        CheckConstraint("jurisdiction = 'criminal'", name="criminal_court"),
        CheckConstraint("charged", name="charged"),
    )

    @property
    def eyes(self) -> list[list[float]] | None:
        """Return where the detector found the eyes at enrolment, in its pixels, image-left first."""
        return self.private.get("eyes")


class Template(Model):
    """The face template of a photograph under one algorithm, encrypted at rest (ACC-10)."""

    __tablename__ = "template"
    photo_id: Mapped[int] = mapped_column(ForeignKey("gallery_photo.id"), index=True)
    algorithm_digest: Mapped[str] = mapped_column(String(64))
    box: Mapped[bytes] = mapped_column(LargeBinary)
    # the generation of the repository from which searches see it; counting the generation fills it in
    since: Mapped[int | None]
    photo: Mapped[GalleryPhoto] = relationship(back_populates="templates")
    __table_args__ = (
        UniqueConstraint("photo_id", "algorithm_digest"),
        Index("ix_template_since", "since", "algorithm_digest"),
    )


# Never an index that begins with what nearly every row has in common (not removed; one algorithm): without numbers on
# its tables SQLite's planner prefers it to a list of ids, and reads the whole repository for a hundred photographs.
Index(
    "ix_gallery_photo_left",
    GalleryPhoto.removed_at,
    sqlite_where=GalleryPhoto.removed_at.is_not(None),
    postgresql_where=GalleryPhoto.removed_at.is_not(None),
)
Index(
    "ix_template_not_counted",
    Template.id,
    sqlite_where=Template.since.is_(None),
    postgresql_where=Template.since.is_(None),
)


class GalleryHold(Judged, OfRecord, Model):
    """A photograph held outside the repository until a person decides: it looks like a submitted probe (CAP-4), or is
    the picture that stands there as another person's.

    Sealed: record_number, the manifest row. Its bytes stand under a key of their own, so that a refusal erases them.
    """

    judged_in = ("decision",)
    __tablename__ = "gallery_hold"
    key_id: Mapped[str] = mapped_column(String(32))
    batch: Mapped[str] = mapped_column(String(32), index=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    blob_id: Mapped[str] = mapped_column(String(40))
    # empty once the case of the probe was disposed of, and for a picture of another person's record
    probe_image_id: Mapped[int | None] = mapped_column(ForeignKey("probe_image.id"))
    # the photograph of another person that shows the same picture
    photo_id: Mapped[int | None] = mapped_column(ForeignKey("gallery_photo.id"))
    decision: Mapped[str | None] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(String(300))
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    __table_args__ = (
        CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name="decided_when_decision"),
        CheckConstraint("decision IS NULL OR decision IN ('admitted', 'refused')", name="known_decision"),
    )


KINDS = ("folder", "itl")
STATES = ("planning", "running", "done", "replaced")
#: what can become of a record; docs/gallery.md says each in a sentence
OUTCOMES = (
    "enrolled",
    "already",
    "duplicate",
    "held",
    "refused",
    "unreadable",
    "no_face",
    "several_faces",
)


class GalleryImport(Model):
    """One import, found again by `content` when it is run once more: kind, folder and digest of what it lists.

    tally: outcome -> records so far, written with each chunk. key_id: the key of the rows that wait; it is destroyed
    when nothing waits any more.
    """

    __tablename__ = "gallery_import"
    subject_type: ClassVar[str] = "gallery_import"
    kind: Mapped[str] = mapped_column(String(10))
    folder: Mapped[str] = mapped_column(String(1000))
    content: Mapped[str] = mapped_column(String(64), index=True)
    key_id: Mapped[str] = mapped_column(String(32))
    records: Mapped[int]
    state: Mapped[str] = mapped_column(String(10), default="planning", index=True)
    tally: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    chunks: Mapped[list[ImportChunk]] = relationship(back_populates="of", order_by="ImportChunk.number")
    # none of imports of earlier versions, which are searched
    samples: Mapped[list[ImportSample]] = relationship(back_populates="of", order_by="ImportSample.number")
    __table_args__ = (
        CheckConstraint(one_of("kind", KINDS), name="known_kind"),
        CheckConstraint(one_of("state", STATES), name="known_state"),
        CheckConstraint("records > 0", name="has_records"),
    )

    @property
    def done(self) -> int:
        """Return the number of records with an outcome."""
        return sum(self.tally.values())


class ImportSample(Judged, Sealed, Model):
    """A sample of an import that a second person compares with its source records (CAP-3); numbered in their order.

    records: uids of photographs, none before the import ended. differing: those that differ -> the columns, none where
    the source has no such record. looked: the same of whatever differed at a look before the signature; it stays,
    however it was signed. Until one is signed as agreeing, no search sees the import. Sealed: reason, where an answer
    that had differed was another at the signature.
    """

    judged_in = ("verdict",)
    __tablename__ = "import_sample"
    import_id: Mapped[int] = mapped_column(ForeignKey("gallery_import.id"), index=True)
    number: Mapped[int]
    drawn_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    records: Mapped[list[Any]] = mapped_column(JSON, default=list)
    verdict: Mapped[str | None] = mapped_column(String(10))
    differing: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    looked: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    key_id: Mapped[str | None] = mapped_column(String(32))
    signed_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    signed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    signed_by: Mapped[Account | None] = relationship()
    of: Mapped[GalleryImport] = relationship(back_populates="samples")
    __table_args__ = (
        UniqueConstraint("import_id", "number"),
        CheckConstraint("verdict IS NULL OR verdict IN ('agrees', 'differs')", name="known_verdict"),
        CheckConstraint("(verdict IS NULL) = (signed_at IS NULL)", name="signed_with_verdict"),
        CheckConstraint("(verdict IS NULL) = (signed_by_id IS NULL)", name="signed_by_somebody"),
    )


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


class ImportOutcome(Table):
    """The outcome of one record of an import: no name, no number and no file, only its place in the list.

    line: of the manifest, or the place in a folder of ANSI/NIST-ITL files. rules: ids of the rules that kept it out.
    reason: a sentence that repeats nothing of what the record states.
    """

    __tablename__ = "import_outcome"
    import_id: Mapped[int] = mapped_column(ForeignKey("gallery_import.id"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    outcome: Mapped[str] = mapped_column(String(20))
    rules: Mapped[list[Any]] = mapped_column(JSON, default=list)
    reason: Mapped[str] = mapped_column(String(500), default="")
    __table_args__ = (CheckConstraint(one_of("outcome", OUTCOMES), name="known_outcome"),)
