"""Templates for photographs that have none of the algorithm in use: after a new algorithm, or a new detector."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from sqlalchemy import select

from app.domain import gallery
from app.domain.probe_images import limits
from app.extensions import db, stores
from app.imaging import UnusableImage, decode
from app.jobs import engines
from app.models import GalleryPhoto, Template
from app.storage import StorageError
from app.unit import unit_of_work

BATCH_PHOTOS = 50


@dataclass(slots=True)
class Reindexed:
    """How many templates were computed, and the records for which none could be."""

    done: int = 0
    failed: list[str] = field(default_factory=list)


def missing_templates() -> list[int]:
    """The ids of photographs in the repository without a template of the algorithm in use. Raises MatchingError."""
    digest = engines.extractor().digest
    has = select(Template.id).where(Template.photo_id == GalleryPhoto.id, Template.algorithm_digest == digest)
    return list(
        db.session.scalars(
            select(GalleryPhoto.id).where(GalleryPhoto.removed_at.is_(None), ~has.exists()).order_by(GalleryPhoto.id)
        )
    )


def reindex(photo_ids: Sequence[int], told: Callable[[int, str], None] = lambda _done, _text: None) -> Reindexed:
    """Compute templates in batches, each one transaction. told(done, text) hears of each. Raises MatchingError."""
    result = Reindexed()
    for start in range(0, len(photo_ids), BATCH_PHOTOS):
        _batch(photo_ids[start : start + BATCH_PHOTOS], result)
        told(min(start + BATCH_PHOTOS, len(photo_ids)), f"{len(result.failed)} without a usable face")
    return result


def _batch(photo_ids: Sequence[int], result: Reindexed) -> None:
    extractor = engines.extractor()
    chips: dict[int, np.ndarray] = {}
    for photo in _here(photo_ids):
        chip = _chip(photo)
        if chip is None:
            result.failed.append(photo.record_number)
        else:
            chips[photo.id] = chip
    vectors = dict(zip(chips, extractor.embed_chips(list(chips.values())), strict=True))
    if not vectors:
        return
    with unit_of_work():
        # asked again under the write lock: some may have left, or been given a template by another run
        wanted = [
            photo for photo in _here(list(vectors))
            if all(template.algorithm_digest != extractor.digest for template in photo.templates)
        ]  # fmt: skip
        for photo in wanted:
            gallery.add_template(photo, vectors[photo.id], extractor.digest)
        if wanted:
            gallery.embedded(len(wanted), extractor.digest)
        count = len(wanted)
    result.done += count


def _here(photo_ids: Sequence[int]) -> Sequence[GalleryPhoto]:
    return db.session.scalars(
        select(GalleryPhoto).where(GalleryPhoto.id.in_(photo_ids), GalleryPhoto.removed_at.is_(None))
    ).all()


def _chip(photo: GalleryPhoto) -> np.ndarray | None:
    """The face as the extractor sees it, (size, size, 3) uint8 BGR; None when the file or the face is not there."""
    try:
        bgr = decode(stores().blobs.get(photo.blob_id, photo.key_id, photo.sha256), limits()).bgr
    except (StorageError, UnusableImage):
        return None
    faces = engines.detector().detect(bgr)
    return engines.extractor().chip(bgr, faces[0]) if faces else None
