"""The search for one picture under two people: one record is then wrong, and a person decides which (CAP-3).

The same person photographed again is what a repository is for; only another person's record is looked at. Three signals
must agree: the hash of the aligned face, which finds a few among many; the templates, which spare opening most of
these; and the pixels themselves, registered on each other (app.matching.same_photograph).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from sqlalchemy import select

from app.clauses import enforces
from app.domain.algorithms import networks
from app.domain.gallery.intake_checks import CheckedPhotograph
from app.domain.gallery.photographs import picture
from app.domain.gallery.repository_index import open_template
from app.extensions import db, stores
from app.imaging import UnusableImage
from app.matching.perceptual import perceptual_hash
from app.matching.same_photograph import SAME_BITS, AlignedFace, Look, aligned
from app.models import GalleryPerson, GalleryPhoto, Template
from app.storage import KeyDestroyed, StorageError, UnknownBlob, unmasked

#: below it the templates of a picture and of its edited copy do not lie
SAME_COSINE = 0.75
#: photographs looked at for one picture, the nearest first
MOST_NEAR = 100
#: rows that were committed out of the order of their ids are among so many newest ones
_OVERLAP = 1000


@enforces("SRC-6", "CAP-3")
def is_same_picture(one: GalleryPhoto, other: GalleryPhoto) -> bool:
    """Tell whether two photographs of the repository are one picture, saved again, cropped or relit.

    One that is erased is compared with nothing; one whose file is damaged counts as the same, since nothing shows that
    it is another.
    """
    if one.sha256 == other.sha256:
        return True
    try:
        first, second = picture(one), picture(other)
    except (KeyDestroyed, UnknownBlob):
        return False
    except (StorageError, UnusableImage):
        return True
    look = Look(_aligned_faces(first), perceptual_hash(first))
    return any(look.shows(face) for face in _aligned_faces(second))


def _aligned_faces(bgr: np.ndarray) -> list[AlignedFace]:
    return [aligned(bgr, face.points) for face in networks.detector().detect(bgr)]


class SamePictures:
    """Finds pictures that are already in the repository; one per process, kept up to date from the database."""

    def __init__(self) -> None:
        self._ids = np.empty(0, np.int64)
        self._bits = np.empty(0, np.uint64)

    def near(self, looks: Mapping[str, Look]) -> dict[str, list[int]]:
        """Return for each picture the photographs (ids) that the hashes name, nearest first; opens no picture."""
        self._follow()
        found = {}
        for name, look in looks.items():
            distances = look.distances(self._bits)
            named = np.flatnonzero(distances <= SAME_BITS)
            found[name] = self._ids[named[np.argsort(distances[named], kind="stable")]][:MOST_NEAR].tolist()
        return found

    @enforces("CAP-3")
    def other_persons(
        self, photo: CheckedPhotograph, look: Look, near: Sequence[int], digest: str
    ) -> GalleryPhoto | None:
        """Return the earliest photograph among `near` with the same picture under another person number, or None.

        photo: embedded by the network of `digest`. A photograph whose file is damaged or erased is compared no further.
        """
        if not near:
            return None
        rows = db.session.execute(
            select(GalleryPhoto, Template.box)
            .join(GalleryPerson, GalleryPhoto.person_id == GalleryPerson.id)
            .join(Template, (Template.photo_id == GalleryPhoto.id) & (Template.algorithm_digest == digest))
            .where(
                GalleryPhoto.id.in_(near),
                GalleryPhoto.removed_at.is_(None),
                GalleryPerson.person_number != photo.row["person_number"],
            )
            .order_by(GalleryPhoto.id)
        )
        for other, box in rows.all():
            if other.sha256 == photo.sha256:
                return other
            try:
                vector = open_template(other.key_id, other.uid, digest, box).vector
                if float(vector @ photo.vector) < SAME_COSINE:
                    continue
                bgr = picture(other)
            except (StorageError, UnusableImage):
                continue
            if any(look.shows(face) for face in _aligned_faces(bgr)):
                return other
        return None

    def _follow(self) -> None:
        """Take in new photographs. Those that left stay listed and are skipped when compared."""
        newest = int(self._ids.max(initial=0)) - _OVERLAP
        known = self._ids <= newest
        rows = db.session.execute(
            select(GalleryPhoto.id, GalleryPhoto.uid, GalleryPhoto.face_hash).where(
                GalleryPhoto.id > newest, GalleryPhoto.face_hash.is_not(None)
            )
        ).all()
        self._ids = np.concatenate([self._ids[known], np.array([row.id for row in rows], np.int64)])
        bits = unmasked(stores().keys, [(row.uid, row.face_hash) for row in rows])
        self._bits = np.concatenate([self._bits[known], np.array(bits, np.uint64)])
