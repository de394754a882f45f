"""The quality and pose of each repository photograph, kept as numbers beside it.

A peer reviewer's line of photographs is chosen by them (SRC-4), and an examiner sees what a comparison rests on. They
describe the picture, never the person (CAP-8), and keep nobody out of the repository: which photographs may enter is
the law's matter (CAP-3), not the camera's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from sqlalchemy import select

from app import audit
from app.clauses import enforces
from app.domain.algorithms import networks
from app.domain.gallery.photographs import held, picture
from app.extensions import db
from app.imaging import UnusableImage
from app.matching.quality.geometry import pose
from app.matching.quality.measures import VERSION, Quality, measure
from app.matching.quality.scores import scores
from app.matching.types import Face
from app.models import GalleryPhoto
from app.storage import StorageError
from app.unit_of_work import unit_of_work

BATCH_PHOTOS = 50


@enforces("CAP-8")
def photograph_quality(bgr: np.ndarray, face: Face) -> dict[str, Any]:
    """The JSON of GalleryPhoto.quality for a picture (h, w, 3) uint8 and the one face found in it.

    version: of the formulas. measures: name -> value in its unit, as app.matching.quality.measures. scores: name ->
    0..100.
    pose: yaw (to the picture's right), pitch (down), roll (clockwise) in degrees with their sign. Raises ValueError
    when the points of the face coincide.
    """
    quality = measure(bgr, face)
    return {
        "version": VERSION,
        "measures": {name: round(value, 4) for name, value in asdict(quality).items()},
        "scores": scores(quality),
        "pose": {name: round(value, 2) for name, value in asdict(pose(face.points)).items()},
    }


def kept_quality(photo: GalleryPhoto) -> Quality | None:
    """The measures kept with a photograph; None when there are none, or other formulas made them."""
    kept = photo.quality
    return Quality(**kept["measures"]) if kept is not None and kept["version"] == VERSION else None


@dataclass(slots=True)
class Measured:
    """How many photographs were measured, and the records whose file or face could not be had."""

    done: int = 0
    failed: list[str] = field(default_factory=list)


def unmeasured() -> list[int]:
    """The ids of photographs in the repository whose quality is not kept, or was kept by other formulas."""
    rows = db.session.execute(
        select(GalleryPhoto.id, GalleryPhoto.quality["version"].as_string())
        .where(GalleryPhoto.removed_at.is_(None))
        .order_by(GalleryPhoto.id)
    )
    return [photo_id for photo_id, version in rows if version != VERSION]


def measure_photographs(
    photo_ids: Sequence[int], on_progress: Callable[[int, str], None] = lambda _done, _text: None
) -> Measured:
    """Measure photographs in batches, each one transaction; can be stopped and run again. Raises MatchingError."""
    result = Measured()
    for start in range(0, len(photo_ids), BATCH_PHOTOS):
        _batch(photo_ids[start : start + BATCH_PHOTOS], result)
        on_progress(min(start + BATCH_PHOTOS, len(photo_ids)), f"{len(result.failed)} without a usable face")
    return result


def _batch(photo_ids: Sequence[int], result: Measured) -> None:
    found: dict[int, dict[str, Any]] = {}
    for photo in held(photo_ids):
        quality = _quality_of(photo)
        if quality is None:
            result.failed.append(photo.record_number)
        else:
            found[photo.id] = quality
    if not found:
        return
    with unit_of_work():
        # asked again under the write lock: what left keeps no numbers
        kept = held(list(found))
        for photo in kept:
            photo.quality = found[photo.id]
        audit.record("gallery.measured", photos=len(kept), version=VERSION)
        count = len(kept)
    result.done += count


def _quality_of(photo: GalleryPhoto) -> dict[str, Any] | None:
    try:
        bgr = picture(photo)
    except (StorageError, UnusableImage):
        return None
    faces = networks.detector().detect(bgr)
    return photograph_quality(bgr, faces[0]) if faces else None
