"""One picture under two people: then one of the two records is wrong, and a person has to say which (CAP-3).

The same person photographed again is what a repository is for; only another person's record is looked at. Three signals
must agree: the perceptual hash, which finds a few among many; the templates; and the pixels themselves, side by side.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from sqlalchemy import select

from app.clauses import enforces
from app.domain.gallery.intake_checks import CheckedPhotograph
from app.domain.gallery.photographs import picture
from app.domain.gallery.repository_index import open_template
from app.extensions import db
from app.imaging import UnusableImage
from app.matching.perceptual import likeness, small_copy
from app.models import GalleryPerson, GalleryPhoto, Template
from app.storage import StorageError

# Measured on 12,720 pairs of drawn people and 125 copies (compressed, half and larger size, darker, grey): copies lie
# within 4 bits, above 0.985 and 0.999; of the pairs 0.008 % are within 4 bits, and the pixels of none agree above 0.95.
SAME_COSINE = 0.97
SAME_PIXELS = 0.99
#: rows that were committed out of the order of their ids are among so many newest ones
_OVERLAP = 1000


class SamePictures:
    """Finds pictures that stand in the repository already; one per process, it follows the database by itself."""

    BITS = 4

    def __init__(self) -> None:
        self._ids = np.empty(0, np.int64)
        self._bits = np.empty(0, np.uint64)

    def near(self, phashes: Iterable[str]) -> dict[str, frozenset[int]]:
        """For each hash the photographs (ids) whose hash is within BITS; no picture is opened."""
        self._follow()
        return {
            phash: frozenset(self._ids[np.bitwise_count(self._bits ^ np.uint64(int(phash, 16))) <= self.BITS].tolist())
            for phash in set(phashes)
        }

    @enforces("CAP-3")
    def other_persons(self, photo: CheckedPhotograph, near: Iterable[int], digest: str) -> GalleryPhoto | None:
        """The photograph among `near` that shows the same picture under another person number, or None.

        photo: embedded by the network of `digest`. A photograph whose file is damaged or erased is compared no further.
        """
        if not (chosen := list(near)):
            return None
        rows = db.session.execute(
            select(GalleryPhoto, Template.box)
            .join(GalleryPerson, GalleryPhoto.person_id == GalleryPerson.id)
            .join(Template, (Template.photo_id == GalleryPhoto.id) & (Template.algorithm_digest == digest))
            .where(
                GalleryPhoto.id.in_(chosen),
                GalleryPhoto.removed_at.is_(None),
                GalleryPerson.person_number != photo.row["person_number"],
            )
            .order_by(GalleryPhoto.id)
        )
        for other, box in rows.all():
            try:
                vector = open_template(other.key_id, other.uid, digest, box).vector
                if float(vector @ photo.vector) < SAME_COSINE:
                    continue
                bgr = picture(other)
            except (StorageError, UnusableImage):
                continue
            if other.sha256 == photo.sha256 or likeness(photo.small, small_copy(bgr)) >= SAME_PIXELS:
                return other
        return None

    def _follow(self) -> None:
        """Take in what is new. What left stays listed and is passed over when it is looked at."""
        newest = int(self._ids.max(initial=0)) - _OVERLAP
        known = self._ids <= newest
        rows = db.session.execute(
            select(GalleryPhoto.id, GalleryPhoto.phash).where(
                GalleryPhoto.id > newest, GalleryPhoto.removed_at.is_(None)
            )
        ).all()
        self._ids = np.concatenate([self._ids[known], np.array([row.id for row in rows], np.int64)])
        bits = np.array([int(row.phash, 16) for row in rows], np.uint64)
        self._bits = np.concatenate([self._bits[known], bits])
