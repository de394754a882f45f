"""The test for pictures taken at the same time: a perceptual hash AND the embedding must agree.

Alone the hash confuses mugshots of different people, and the embedding finds the same person at another time. One check
serves both uses: no probe enters the repository (CAP-4), and a probe searched before is recognized (AUD-1).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from sqlalchemy import select

from app.clauses import enforces
from app.domain.algorithms import networks
from app.domain.requests.images import limits
from app.extensions import db, stores
from app.imaging import UnusableImage, decode
from app.matching.perceptual import hash_distance
from app.models import ProbeImage
from app.storage import KeyDestroyed, StorageError, UnknownBlob

# Measured with tests/bench/look_alikes.py and the bundled extractor. Copies of a picture (compressed, scaled,
# brightened, grey) differ in at most 6 bits, drawn or real; the cosine of their faces is 0.985 or more drawn, and real
# in 99 % of copies (the others show several people). Of 19 800 pairs of different drawn people 0.6 % are within 8 bits
# and 0.9 % above 0.95, 0.03 % both; of other photographs of the same person 9 %, all, 9 %.
LOOK_ALIKE_BITS = 8
LOOK_ALIKE_COSINE = 0.95


class ProbeComparison:
    """Finds pictures that look like a submitted probe: by perceptual hash AND by embedding (CAP-4).

    Probes are embedded from their originals, only those whose hash is near, each once; their templates stay in this
    object's memory and are stored nowhere.
    """

    def __init__(self) -> None:
        self._vectors: dict[int, np.ndarray | None] = {}

    def near(self, phashes: Iterable[str]) -> dict[str, frozenset[int]]:
        """Return for each hash the probes (ids) within LOOK_ALIKE_BITS. Cheap: no picture is opened."""
        wanted = set(phashes)
        probes = db.session.execute(select(ProbeImage.id, ProbeImage.phash).where(ProbeImage.phash.is_not(None))).all()
        if not probes:
            return dict.fromkeys(wanted, frozenset())
        ids = np.array([probe.id for probe in probes])
        bits = np.array([int(probe.phash, 16) for probe in probes], np.uint64)
        return {
            phash: frozenset(ids[np.bitwise_count(bits ^ np.uint64(int(phash, 16))) <= LOOK_ALIKE_BITS].tolist())
            for phash in wanted
        }

    @enforces("CAP-4")
    def look_alike(self, phash: str, vector: np.ndarray, near: Iterable[int]) -> ProbeImage | None:
        """Return the nearest probe that agrees in both signals, or None. vector: (d,) float32. Raises MatchingError."""
        agreeing = self.look_alikes(phash, vector[np.newaxis], near)
        return agreeing[0] if agreeing else None

    @enforces("CAP-4", "AUD-1")
    def look_alikes(self, phash: str, vectors: np.ndarray, near: Iterable[int]) -> list[ProbeImage]:
        """Every probe that agrees in both signals with a picture and any of its faces, nearest first.

        vectors: (n, d) float32, a row for each face of the picture. A probe that is erased is compared with nothing;
        one whose file is damaged counts as agreeing, since a person then decides. Raises MatchingError.
        """
        agreeing = []
        chosen = list(near)
        for probe in db.session.scalars(select(ProbeImage).where(ProbeImage.id.in_(chosen))) if chosen else ():
            if self._cosine(vectors, probe) >= LOOK_ALIKE_COSINE:
                agreeing.append((hash_distance(phash, str(probe.phash)), probe.id, probe))
        return [probe for _, _, probe in sorted(agreeing)]

    def _cosine(self, vectors: np.ndarray, probe: ProbeImage) -> float:
        if probe.id not in self._vectors:
            self._vectors[probe.id] = embed_probe(probe)
        known = self._vectors[probe.id]
        if known is None:
            return 1.0
        return float((known @ vectors.T).max(initial=-1.0))


def embed_probe(probe: ProbeImage) -> np.ndarray | None:
    """Return templates of the probe's faces, (n, d); no row when it is erased, None when its file is damaged."""
    extractor = networks.extractor()
    try:
        data = stores().blobs.get(probe.blob_id, probe.key_id, probe.sha256)
    except (KeyDestroyed, UnknownBlob):
        return np.empty((0, extractor.entry.dims), np.float32)
    except StorageError:
        return None
    try:
        bgr = decode(data, limits()).bgr
    except UnusableImage:
        return None
    return extractor.embed(bgr, [face.found() for face in probe.faces])
