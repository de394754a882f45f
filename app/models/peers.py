"""The tables of line-ups, one for each peer, and of proficiency items (SRC-4, FAIR-1).

A line-up is a subject of its own, with a meaningless number, so that what a peer sees is the same whether it
stands for a round of a request or for a proficiency item.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import JSON

from app.models.accounts import Account
from app.models.base import Model, Sealed, UTCDateTime, filled, one_of
from app.models.examination import Round
from app.models.gallery import GalleryPhoto

ENDINGS = ("given", "declined", "withdrawn")
GROUNDS = ("information", "mistake")
ROLES = ("probe", "subject", "foil")
LETTERS = "ABCDEFGHIJ"


class ProficiencyItem(Sealed, Model):
    """A known-truth comparison given by a supervisor. Sealed: same (whether the two show one person), source, note.

    Its pictures and words stand under a key of its own; it belongs to no case.
    """

    __tablename__ = "proficiency_item"
    key_id: Mapped[str] = mapped_column(String(32))
    added_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    retired_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    added_by: Mapped[Account | None] = relationship()
    pictures: Mapped[list[ProficiencyPicture]] = relationship(back_populates="item", order_by="ProficiencyPicture.id")
    line_ups: Mapped[list[LineUp]] = relationship(back_populates="item", order_by="LineUp.id")

    @property
    def probe(self) -> ProficiencyPicture:
        return next(picture for picture in self.pictures if picture.role == "probe")

    @property
    def subject(self) -> ProficiencyPicture:
        return next(picture for picture in self.pictures if picture.role == "subject")


class ProficiencyPicture(Sealed, Model):
    """A picture of a proficiency item: stored under the item's key, or a foil of the repository.

    Sealed, where the picture is stored with the item: taken_on (ISO date), eyes [[x, y], [x, y]] once it was measured.
    """

    __tablename__ = "proficiency_picture"
    item_id: Mapped[int] = mapped_column(ForeignKey("proficiency_item.id"), index=True)
    role: Mapped[str] = mapped_column(String(10))
    photo_id: Mapped[int | None] = mapped_column(ForeignKey("gallery_photo.id"))
    blob_id: Mapped[str | None] = mapped_column(String(40))
    sha256: Mapped[str | None] = mapped_column(String(64))
    width: Mapped[int]
    height: Mapped[int]
    # of the probe's face, x1, y1, x2, y2 in pixels; known once the item was measured
    box: Mapped[list[float] | None] = mapped_column(JSON)
    item: Mapped[ProficiencyItem] = relationship(back_populates="pictures")
    photo: Mapped[GalleryPhoto | None] = relationship()
    __table_args__ = (
        CheckConstraint(one_of("role", ROLES), name="known_role"),
        CheckConstraint("(photo_id IS NULL) = (blob_id IS NOT NULL)", name="one_source"),
        CheckConstraint("(blob_id IS NULL) = (sha256 IS NULL)", name="stored_with_digest"),
        CheckConstraint("role <> 'foil' OR photo_id IS NOT NULL", name="foils_are_of_the_repository"),
    )

    @property
    def key_id(self) -> str:
        return self.item.key_id


class NewGround(Sealed, Model):
    """New ground on a person whom a peer did not support (SRC-6); never changed once recorded.

    `round` is where it was recorded: of a mistake the round whose review was mistaken. Sealed: text, and of information
    source and obtained_on (ISO date).
    """

    __tablename__ = "new_ground"
    round_id: Mapped[int] = mapped_column(ForeignKey("examination_round.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("gallery_person.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    policy_version: Mapped[str] = mapped_column(String(64))
    round: Mapped[Round] = relationship()
    recorded_by: Mapped[Account] = relationship()
    __table_args__ = (CheckConstraint(one_of("kind", GROUNDS), name="known_kind"),)

    @property
    def key_id(self) -> str:
        return self.round.request.key_id


class LineUp(Sealed, Model):
    """One peer's assignment: a probe and a line of photographs, in an order of its own.

    Sealed: seed (draws the order), draw (seed, loads of everybody considered), reason (of the verdict, of declining or
    of the withdrawal). Once ended, the database refuses to change it.
    """

    __tablename__ = "line_up"
    subject_type = "line_up"
    lookup = "number"
    number: Mapped[str] = mapped_column(String(12), unique=True)
    round_id: Mapped[int | None] = mapped_column(ForeignKey("examination_round.id"), index=True)
    item_id: Mapped[int | None] = mapped_column(ForeignKey("proficiency_item.id"), index=True)
    peer_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)
    policy_version: Mapped[str] = mapped_column(String(64))
    ended: Mapped[str | None] = mapped_column(String(10), index=True)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column()
    round: Mapped[Round | None] = relationship()
    item: Mapped[ProficiencyItem | None] = relationship(back_populates="line_ups")
    peer: Mapped[Account] = relationship()
    places: Mapped[list[LineUpPlace]] = relationship(back_populates="line_up", order_by="LineUpPlace.position")
    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        CheckConstraint("(round_id IS NULL) <> (item_id IS NULL)", name="of_a_round_or_an_item"),
        CheckConstraint("(ended IS NULL) = (ended_at IS NULL)", name="ended_when_ending"),
        CheckConstraint(f"ended IS NULL OR {one_of('ended', ENDINGS)}", name="known_ending"),
        # who declined or was withdrawn is not asked again for the same round or item
        UniqueConstraint("round_id", "peer_id"),
        UniqueConstraint("item_id", "peer_id"),
    )

    @property
    def key_id(self) -> str:
        return self.round.request.key_id if self.round is not None else filled(self.item).key_id

    @property
    def stand(self) -> str:
        """Return a value that changes whenever the peer changes the comparison of a photograph."""
        return "-".join(str(place.version) for place in self.places)

    @property
    def subject_place(self) -> LineUpPlace | None:
        """Return the place of the nominated photograph, or of the item's. A peer's page never asks for it."""
        return next((place for place in self.places if place.is_subject), None)

    @property
    def foil_places(self) -> list[LineUpPlace]:
        return [place for place in self.places if not place.is_subject]


class LineUpPlace(Sealed, Model):
    """One photograph of a line-up, and the peer's comparison of it.

    `level` is one of the scale's; `quick` says that one differing feature excluded it. Sealed: features
    {feature: {verdict, note}}, reason. Once the line-up has ended, the database refuses to change it.
    """

    __tablename__ = "line_up_place"
    line_up_id: Mapped[int] = mapped_column(ForeignKey("line_up.id"), index=True)
    position: Mapped[int]
    photo_id: Mapped[int | None] = mapped_column(ForeignKey("gallery_photo.id"), index=True)
    picture_id: Mapped[int | None] = mapped_column(ForeignKey("proficiency_picture.id"))
    level: Mapped[str | None] = mapped_column(String(10))
    quick: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column()
    line_up: Mapped[LineUp] = relationship(back_populates="places")
    photo: Mapped[GalleryPhoto | None] = relationship()
    picture: Mapped[ProficiencyPicture | None] = relationship()
    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        UniqueConstraint("line_up_id", "position"),
        CheckConstraint("position > 0", name="counted_from_one"),
        CheckConstraint("(photo_id IS NULL) <> (picture_id IS NULL)", name="one_picture"),
        CheckConstraint("NOT quick OR level IS NOT NULL", name="quick_has_level"),
    )

    @property
    def key_id(self) -> str:
        return self.line_up.key_id

    @property
    def letter(self) -> str:
        """Return the letter by which the peer knows it."""
        return LETTERS[self.position - 1]

    @property
    def of_repository(self) -> GalleryPhoto | None:
        """Return the repository's photograph, also where it is part of a proficiency item."""
        return self.photo if self.picture is None else self.picture.photo

    @property
    def held(self) -> bool:
        """Tell whether the photograph may still be shown: one that left the repository may not (decision 0010)."""
        return self.of_repository is None or self.of_repository.removed_at is None

    @property
    def is_subject(self) -> bool:
        """Tell whether this is the photograph under review, not a foil. A peer's page never asks for it."""
        if self.line_up.round is not None:
            return self.line_up.round.nominee is not None and self.photo_id == self.line_up.round.nominee.photo_id
        return self.picture is not None and self.picture.role == "subject"
