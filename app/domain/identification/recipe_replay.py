"""The replay of a recorded recipe: byte-identical in the same environment, else what differs by how much (LL55-3)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
import numpy as np
from sqlalchemy import select

from app.clauses import enforces
from app.domain.identification.preparation import recipe_of_row
from app.domain.requests.images import limits
from app.extensions import db, stores
from app.imaging import UnusableImage
from app.imaging.recipe import RecipeError
from app.imaging.recipe_ops import Derived, derive, differences, environment, pixels_of
from app.models import DerivedImage
from app.models.engine import AuditEvent
from app.storage import StorageError


@dataclass(frozen=True, slots=True)
class Replayed:
    """The result of a replay.

    identical: the same bytes. differences: name -> (recorded, here) of the environment. largest: the greatest
    difference of a level, 0 to 255, when the sizes agree. problem: what is missing or altered, empty when nothing is.
    """

    identical: bool
    differences: Mapping[str, tuple[str, str]]
    sha256: str = ""
    largest: int | None = None
    problem: str = ""

    @property
    def sound(self) -> bool:
        """Tell whether nothing is missing or altered, and the bytes agree where the environment does."""
        return not self.problem and (self.identical or bool(self.differences))


@enforces("LL55-3")
def replay(row: DerivedImage) -> Replayed:
    """Derive a prepared image anew from its original and compare it with the copy that was kept. Raises nothing."""
    differing = differences(row.environment, environment())
    try:
        made, kept = _again(row)
    except _Missing as missing:
        return Replayed(False, differing, problem=str(missing))
    if made.sha256 == row.sha256:
        words = "The audit trail tells of another preparation: its digests are not those of this record."
        return Replayed(True, differing, made.sha256, 0, "" if _told(row) else words)
    before, after = pixels_of(kept).astype(np.int16), pixels_of(made.png).astype(np.int16)
    largest = int(np.abs(before - after).max()) if before.shape == after.shape else None
    return Replayed(False, differing, made.sha256, largest)


class _Missing(Exception):
    """Raised when a part of the record is absent or altered; the text says which."""


@enforces("LL55-2")
def _told(row: DerivedImage) -> bool:
    """Whether the trail tells of this image with these digests: a row put in its place agrees only with itself."""
    told = select(AuditEvent.keys).where(
        AuditEvent.event == "probe.derived", AuditEvent.subject_id == row.request.number
    )
    digests = {"derived": row.uid, "original": row.original_sha256, "recipe": row.recipe_digest, "sha256": row.sha256}
    return any(digests.items() <= json.loads(keys).items() for keys in db.session.scalars(told))


def _again(row: DerivedImage) -> tuple[Derived, bytes]:
    try:
        recipe = recipe_of_row(row)
    except msgspec.ValidationError as error:
        raise _Missing(f"The recorded recipe cannot be read: {error}.") from error
    if recipe.digest() != row.recipe_digest:
        raise _Missing("The recorded recipe is not the one whose digest was recorded.")
    if row.original_sha256 != row.image.sha256:
        raise _Missing("The original is not the one from which this image was made: the digests differ.")
    try:
        kept = stores().blobs.get(row.blob_id, row.key_id, row.sha256)
    except StorageError as error:
        raise _Missing(f"The kept copy: {error}") from error
    try:
        original = stores().blobs.get(row.image.blob_id, row.key_id, row.image.sha256)
        return derive(original, recipe, limits()), kept
    except (StorageError, UnusableImage, RecipeError) as error:
        raise _Missing(f"The original: {error}") from error
