"""The search for submitted probes that are the same photograph as a new picture, however it was edited.

The same photograph, never the same person: a comparison of probes that found people would be a search outside the
repository (LIM-5). Hashes name a few probes, which alone are opened; their pixels, registered on the picture's,
decide (app.matching.same_photograph). One check serves both uses: no probe enters the repository (CAP-4), and a
photograph searched before is recognized (AUD-1). Nothing that is opened here is shown to anybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from sqlalchemy import ColumnElement, func, select, true

from app.clauses import enforces
from app.domain.requests.images import limits
from app.extensions import db, stores
from app.imaging import UnusableImage, decode
from app.matching.same_photograph import SAME_BITS, AlignedFace, Look, aligned
from app.models import DetectedFace, ProbeImage
from app.storage import KeyDestroyed, StorageError, UnknownBlob, unmasked

#: bits in which the hashes of two whole pictures may differ; it names probes that were checked before faces were hashed
PICTURE_BITS = 8
#: probes of other cases that are opened for one picture, the nearest first: an edited copy is among the very first
MOST_OPENED = 24
#: faces that were committed out of the order of their ids, or took the id of an erased one, are among so many newest
_OVERLAP = 1000


@dataclass(frozen=True, slots=True)
class Compared:
    """The probes (ids) that are the same photograph, nearest first, of those that were opened.

    opened: their references by id. left: how many more the hashes named.
    """

    same: list[int] = field(default_factory=list)
    opened: dict[int, str] = field(default_factory=dict)
    left: int = 0


class ProbeComparison:
    """Finds the submitted probes of which a picture is a copy.

    Each probe is opened once; its aligned faces stay in this object's memory and are stored nowhere.
    """

    def __init__(self) -> None:
        self._faces: dict[int, list[AlignedFace] | None] = {}
        self._since = 0

    def near(self, looks: Mapping[str, Look]) -> dict[str, list[int]]:
        """Return for each picture the probes (ids) that the hashes name, nearest first. Opens no picture."""
        known = select(func.max(DetectedFace.id), func.count(), func.count(DetectedFace.face_hash))
        newest, faces, hashed = db.session.execute(known).one()
        # a face that has no hash yet may be given one meanwhile: then all are read again
        self._since = newest - _OVERLAP if newest and faces == hashed else 0
        return self._named(looks, true(), true())

    def near_since(self, looks: Mapping[str, Look]) -> dict[str, list[int]]:
        """Return the same of the probes in which faces were found since `near` answered, and a few of before."""
        came = DetectedFace.id > self._since
        return self._named(looks, came, ProbeImage.id.in_(select(DetectedFace.image_id).where(came)))

    def _named(
        self, looks: Mapping[str, Look], in_faces: ColumnElement[bool], in_images: ColumnElement[bool]
    ) -> dict[str, list[int]]:
        rows = db.session.execute(
            select(DetectedFace.image_id, DetectedFace.uid, DetectedFace.face_hash).where(
                DetectedFace.face_hash.is_not(None), in_faces
            )
        ).all()
        whole = db.session.execute(
            select(ProbeImage.id, ProbeImage.phash).where(ProbeImage.phash.is_not(None), in_images)
        ).all()
        of_faces = np.array([row.image_id for row in rows], np.int64)
        faces = np.array(unmasked(stores().keys, [(row.uid, row.face_hash) for row in rows]), np.uint64)
        of_whole = np.array([row.id for row in whole], np.int64)
        pictures = np.array([int(row.phash, 16) for row in whole], np.uint64)
        found = {}
        for name, look in looks.items():
            bits: dict[int, int] = {}
            for ids, distances, most in (
                (of_faces, look.distances(faces), SAME_BITS),
                (of_whole, look.picture_distances(pictures), PICTURE_BITS),
            ):
                for i in np.flatnonzero(distances <= most):
                    image_id = int(ids[i])
                    bits[image_id] = min(int(distances[i]), bits.get(image_id, SAME_BITS))
            found[name] = sorted(bits, key=lambda image_id: (bits[image_id], image_id))
        return found

    @enforces("CAP-4")
    def copy_of(self, look: Look, near: Sequence[int]) -> ProbeImage | None:
        """Return the nearest probe that is the same photograph, or None."""
        same = self.compare(look, near).same
        return db.session.get_one(ProbeImage, same[0]) if same else None

    @enforces("CAP-4", "AUD-1", "LIM-5")
    def compare(self, look: Look, near: Sequence[int]) -> Compared:
        """Compare a picture with the nearest of the probes that the hashes name, by their pixels.

        A probe that is erased is compared with nothing; one whose file is damaged counts as the same, since a person
        then decides.
        """
        chosen = list(near[:MOST_OPENED])
        rows = {row.id: row for row in db.session.scalars(select(ProbeImage).where(ProbeImage.id.in_(chosen)))}
        same: list[int] = []
        opened: dict[int, str] = {}
        for probe in (rows[one] for one in chosen if one in rows):
            if probe.id not in self._faces:
                self._faces[probe.id] = faces_of(probe)
            faces = self._faces[probe.id]
            opened[probe.id] = probe.uid
            if faces is None or any(look.shows(face) for face in faces):
                same.append(probe.id)
        return Compared(same, opened, max(0, len(near) - MOST_OPENED))


def faces_of(probe: ProbeImage) -> list[AlignedFace] | None:
    """Return the aligned faces of a probe; none when it is erased, None when its file is damaged."""
    try:
        bgr = decode(stores().blobs.get(probe.blob_id, probe.key_id, probe.sha256), limits()).bgr
    except (KeyDestroyed, UnknownBlob):
        return []
    except (StorageError, UnusableImage):
        return None
    return [aligned(bgr, face.found().points) for face in probe.faces]
