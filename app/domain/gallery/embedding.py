"""The computing of templates for photographs already in the repository, by any algorithm of the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from sqlalchemy import ColumnElement, func, select

from app import audit
from app.clauses import enforces
from app.domain.algorithms import networks
from app.domain.gallery import verbs as gallery
from app.domain.gallery.photographs import held, picture
from app.extensions import db
from app.imaging import UnusableImage
from app.matching.extractor import TemplateExtractor
from app.models import AlgorithmChange, GalleryPhoto, Template, Unembedded
from app.storage import StorageError
from app.unit_of_work import unit_of_work


@dataclass(slots=True)
class Embedded:
    """The count of computed templates, and the record numbers that failed, each with its cause."""

    done: int = 0
    failed: dict[str, str] = field(default_factory=dict)

    def add(self, other: Embedded) -> None:
        self.done += other.done
        self.failed |= other.failed


def photographs() -> int:
    """Count the photographs in the repository."""
    return db.session.scalar(select(func.count(GalleryPhoto.id)).where(GalleryPhoto.removed_at.is_(None))) or 0


def with_template(digest: str) -> int:
    """Count the photographs with a template of an algorithm."""
    rows = (
        select(func.count(Template.id))
        .join(GalleryPhoto, Template.photo_id == GalleryPhoto.id)
        .where(Template.algorithm_digest == digest, GalleryPhoto.removed_at.is_(None))
    )
    return db.session.scalar(rows) or 0


def _without(digest: str, change: AlgorithmChange | None) -> list[ColumnElement[bool]]:
    has = select(Template.id).where(Template.photo_id == GalleryPhoto.id, Template.algorithm_digest == digest)
    chosen: list[ColumnElement[bool]] = [GalleryPhoto.removed_at.is_(None), ~has.exists()]
    if change is not None:
        listed = select(Unembedded.id).where(
            Unembedded.change_id == change.id,
            Unembedded.photo_id == GalleryPhoto.id,
            Unembedded.algorithm_digest == digest,
        )
        chosen.append(~listed.exists())
    return chosen


@enforces("CAP-3")
def missing(digest: str, *, change: AlgorithmChange | None = None, limit: int | None = None) -> list[int]:
    """Return the ids of photographs without a template of an algorithm, earliest first.

    change: without those that it lists as ones of which no template can be made.
    """
    rows = select(GalleryPhoto.id).where(*_without(digest, change)).order_by(GalleryPhoto.id).limit(limit)
    return list(db.session.scalars(rows))


def count_missing(digest: str, change: AlgorithmChange) -> int:
    """Count the photographs without a template."""
    return db.session.scalar(select(func.count(GalleryPhoto.id)).where(*_without(digest, change))) or 0


@enforces("CAP-3", "FAIR-3")
def embed(photo_ids: Sequence[int], network: TemplateExtractor, change: AlgorithmChange | None = None) -> Embedded:
    """Compute templates of some photographs in one transaction. Raises MatchingError.

    change: lists those of which none can be made, so that a person decides on them. Running it twice, or in two
    workers at once, makes no second template.
    """
    chips: dict[int, np.ndarray] = {}
    causes: dict[int, str] = {}
    for photo in held(photo_ids):
        chip = _chip(photo, network)
        if isinstance(chip, str):
            causes[photo.id] = chip
        else:
            chips[photo.id] = chip
    vectors = dict(zip(chips, network.embed_chips(list(chips.values())), strict=True))
    result = Embedded()
    if not vectors and not causes:
        return result
    with unit_of_work():
        # asked again under the write lock: some may have left, or been given a template by another worker
        here = [
            photo
            for photo in held([*vectors, *causes])
            if all(template.algorithm_digest != network.digest for template in photo.templates)
        ]
        result.failed = {photo.record_number: causes[photo.id] for photo in here if photo.id in causes}
        made = [photo for photo in here if photo.id in vectors]
        for photo in made:
            gallery.add_template(photo, vectors[photo.id], network.digest)
        if made:
            gallery.embedded(len(made), network.digest)
        if change is not None and result.failed:
            _list(change, [photo for photo in here if photo.id in causes], causes, network.digest)
        result.done = len(made)
    return result


def _list(change: AlgorithmChange, photos: list[GalleryPhoto], causes: dict[int, str], digest: str) -> None:
    known = set(
        db.session.scalars(
            select(Unembedded.photo_id).where(Unembedded.change_id == change.id, Unembedded.algorithm_digest == digest)
        )
    )
    fresh = [photo for photo in photos if photo.id not in known]
    for photo in fresh:
        db.session.add(
            Unembedded(change_id=change.id, photo_id=photo.id, algorithm_digest=digest, cause=causes[photo.id])
        )
    if fresh:
        db.session.flush()
        audit.record("algorithm.unembedded", change, algorithm=digest, records=sorted(photo.uid for photo in fresh))


def _chip(photo: GalleryPhoto, network: TemplateExtractor) -> np.ndarray | str:
    """Return the face as the network sees it, (size, size, 3) uint8 BGR, or why there is none."""
    try:
        bgr = picture(photo)
    except (StorageError, UnusableImage) as error:
        return str(error)[:200]
    faces = networks.detector().detect(bgr)
    return network.chip(bgr, faces[0]) if faces else "No face is found in the photograph."
