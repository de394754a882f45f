"""Which submitted images are the same photograph, kept as rows; and the hashes that images of before have none of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from sqlalchemy import case, or_, select

from app import audit
from app.access.actor import Actor, system_actor
from app.clauses import enforces
from app.domain.algorithms import networks
from app.domain.gallery.look_alikes import Compared, ProbeComparison, faces_of
from app.domain.gallery.photographs import held, picture
from app.domain.numbers import take_turn
from app.extensions import db, stores
from app.imaging import UnusableImage
from app.matching.same_photograph import AlignedFace, Look, aligned
from app.models import DetectedFace, GalleryPhoto, ProbeImage, ProbeResemblance
from app.models.base import filled
from app.storage import StorageError, masked
from app.unit_of_work import unit_of_work

BATCH_PHOTOS = 50
Progress = Callable[[int, str], None]


@enforces("AUD-1", "LIM-5")
def resemble(image: ProbeImage, actor: Actor, compared: Compared) -> None:
    """Keep of which earlier images this is the photograph, and which were opened for it. Needs an open unit of work."""
    if not compared.opened:
        return
    db.session.add_all(ProbeResemblance(image_id=image.id, earlier_id=earlier) for earlier in compared.same)
    db.session.flush()
    audit.record(
        "image.compared",
        image.request,
        actor=actor,
        image=image.uid,
        opened=list(compared.opened.values()),
        same=[compared.opened[earlier] for earlier in compared.same],
        left=compared.left,
    )


@dataclass(slots=True)
class Hashed:
    """The count of pictures whose faces were hashed, and the references of those whose file could not be used."""

    done: int = 0
    failed: list[str] = field(default_factory=list)


def unhashed_probes() -> list[int]:
    """Return the ids of checked images with a face that has no hash, in the order in which they came."""
    rows = select(DetectedFace.image_id).where(DetectedFace.face_hash.is_(None)).distinct()
    return list(db.session.scalars(rows.order_by(DetectedFace.image_id)))


def unhashed_photographs() -> list[int]:
    """Return the ids of repository photographs without a hash of the face."""
    here = GalleryPhoto.removed_at.is_(None) & GalleryPhoto.face_hash.is_(None)
    return list(db.session.scalars(select(GalleryPhoto.id).where(here).order_by(GalleryPhoto.id)))


def hash_probes(image_ids: Sequence[int], on_progress: Progress = lambda _done, _text: None) -> Hashed:
    """Hash the faces of images and compare each with the others; one transaction each, can be run again."""
    result, comparison = Hashed(), ProbeComparison()
    for number, image_id in enumerate(image_ids, 1):
        db.session.rollback()
        image = db.session.get(ProbeImage, image_id)
        if image is not None:
            _hash_probe(image, comparison, result)
        on_progress(number, f"{len(result.failed)} unusable")
    return result


def _hash_probe(image: ProbeImage, comparison: ProbeComparison, result: Hashed) -> None:
    faces = faces_of(image)
    if not faces:
        result.failed.append(image.uid)
        return
    looks = {image.uid: (look := Look(faces, filled(image.phash)))}
    near = _unknown(image, comparison.near(looks)[image.uid])
    compared = comparison.compare(look, near)
    with unit_of_work():
        take_turn("checks")
        # checked at the same time: nobody else would compare the two
        came = [one for one in _unknown(image, comparison.near_since(looks)[image.uid]) if one not in near]
        for row, face in zip(image.faces, faces, strict=True):
            row.face_hash = masked(stores().keys, row.uid, face.hash)
        for found in (compared, comparison.compare(look, came)):
            resemble(image, system_actor(), found)
        audit.record("gallery.hashed", probes=1, photos=0)
    result.done += 1


def _unknown(image: ProbeImage, near: Sequence[int]) -> list[int]:
    """Return those of the images, whether before or after it, of which it is not known that they are its photograph."""
    pair = ProbeResemblance
    other = case((pair.image_id == image.id, pair.earlier_id), else_=pair.image_id)
    known = set(db.session.scalars(select(other).where(or_(pair.image_id == image.id, pair.earlier_id == image.id))))
    return [one for one in near if one != image.id and one not in known]


def hash_photographs(photo_ids: Sequence[int], on_progress: Progress = lambda _done, _text: None) -> Hashed:
    """Hash the face of repository photographs in batches, each one transaction; can be run again."""
    result = Hashed()
    for start in range(0, len(photo_ids), BATCH_PHOTOS):
        db.session.rollback()
        found: dict[int, AlignedFace] = {}
        for photo in held(photo_ids[start : start + BATCH_PHOTOS]):
            face = _face_of(photo)
            if face is None:
                result.failed.append(photo.record_number)
            else:
                found[photo.id] = face
        if found:
            with unit_of_work():
                # asked again under the write lock: what left keeps no hash
                kept = held(list(found))
                for photo in kept:
                    photo.face_hash = masked(stores().keys, photo.uid, found[photo.id].hash)
                audit.record("gallery.hashed", probes=0, photos=len(kept))
                result.done += len(kept)
        on_progress(min(start + BATCH_PHOTOS, len(photo_ids)), f"{len(result.failed)} unusable")
    return result


def _face_of(photo: GalleryPhoto) -> AlignedFace | None:
    try:
        bgr: np.ndarray = picture(photo)
    except (StorageError, UnusableImage):
        return None
    faces = networks.detector().detect(bgr)
    return aligned(bgr, faces[0].points) if faces else None
