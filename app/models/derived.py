"""An image derived from a submitted one by a recipe (REQ-6, LL55): written once, never changed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import JSON

from app.models.account import Account
from app.models.base import Model, Sealed
from app.models.request import DetectedFace, FRRequest, ProbeImage


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
