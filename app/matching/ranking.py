"""From photographs with a score to ranked people: the one scoring and the one order, whatever index found them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from app.matching.types import PersonRank


def cosines(vectors: np.ndarray, probe: np.ndarray) -> np.ndarray:
    """Cosine of each (n, d) float32 unit vector with the (d,) probe, (n,) float64.

    Computed in double precision: far closer than the order could notice. Products and row sums, not a matrix
    product: equal templates get equal scores wherever they stand and however many are scored together.
    """
    products: np.ndarray = np.ascontiguousarray(vectors, np.float64) * probe.astype(np.float64)
    sums: np.ndarray = products.sum(axis=1)
    return sums


def rank_people(scored: Iterable[tuple[str, str, float]], k: int) -> list[PersonRank]:
    """The k best people of (person id, photograph id, cosine), best first (CAP-6); fewer if there are fewer.

    A person ranks by their best photograph. Equal scores are ordered by id, of photographs as of people, so that the
    same search always gives the same list.
    """
    people: dict[str, list[tuple[str, float]]] = {}
    for person, photo, cosine in scored:
        people.setdefault(person, []).append((photo, cosine))
    for photos in people.values():
        photos.sort(key=lambda photo: (-photo[1], photo[0]))
    order = sorted(people.items(), key=lambda item: (-item[1][0][1], item[0]))
    return [
        PersonRank(person, photos[0][0], photos[0][1], rank, tuple(photos))
        for rank, (person, photos) in enumerate(order[:k], start=1)
    ]
