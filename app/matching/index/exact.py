"""The default index and the oracle of the others: brute force over float32 vectors in memory, with scikit-learn."""

from __future__ import annotations

from collections.abc import Iterable, Set

import numpy as np
from sklearn.neighbors import NearestNeighbors

from app.matching.eligibility import ALL, Eligible
from app.matching.index.base import IndexBase, already_there
from app.matching.ranking import cosines, rank_people
from app.matching.types import GalleryBatch, PersonRank, Template

# Two squared distances closer than this are settled by the exact cosine: more than the rounding of float32
# and the allowed deviation of a template's length (1e-5, so at most 4e-5) can bring about together.
_MARGIN = 1e-4


class ExactIndex(IndexBase):
    """Brute force over unit float32 vectors in memory, with scikit-learn.

    Asks for Euclidean neighbours: on vectors of length 1 they come in the order of the cosine
    (d² = 2 - 2 cos), and scikit-learn finds them four times faster than with metric="cosine"
    (docs/decisions/0003-face-models-and-search.md). Not for several threads at once.
    """

    def __init__(self, model_digest: str, dims: int, *, generation: int = 0) -> None:
        """An empty index for templates of ``dims`` numbers made by the network with ``model_digest``."""
        super().__init__(model_digest, dims, generation)
        self._vectors = np.empty((0, dims), np.float32)
        self._photos: list[str] = []
        self._people = np.empty(0, np.intp)  # of each photograph: which of _names
        self._names: list[str] = []
        self._number: dict[str, int] = {}
        self._row: dict[str, int] = {}
        self._fitted: tuple[np.ndarray | None, NearestNeighbors] | None = None

    def __len__(self) -> int:
        return len(self._photos)

    @property
    def photo_ids(self) -> Set[str]:
        """Every photograph in the index."""
        return frozenset(self._row)

    def holding(self, photo_ids: Iterable[str]) -> set[str]:
        """Which of these photographs are in the index."""
        return {photo for photo in photo_ids if photo in self._row}

    def add_batch(self, batch: GalleryBatch, *, generation: int) -> None:
        """Add many photographs at once; all or none. Raises as ``add`` does."""
        self._check_batch(batch)
        if not self._row.keys().isdisjoint(batch.photo_ids):
            raise already_there()
        self._move_to(generation)
        for person in batch.person_ids:
            if person not in self._number:
                self._number[person] = len(self._names)
                self._names.append(person)
        numbers = np.fromiter((self._number[person] for person in batch.person_ids), np.intp, len(batch))
        self._row.update(zip(batch.photo_ids, range(len(self), len(self) + len(batch)), strict=True))
        self._vectors = np.vstack([self._vectors, batch.vectors])
        self._photos += batch.photo_ids
        self._people = np.concatenate([self._people, numbers])
        self._fitted = None

    def remove(self, photo_ids: Iterable[str], *, generation: int) -> int:
        """Remove photographs at once (CAP-3: sealed records); returns how many were there.

        Raises ValueError for a generation older than the index's own.
        """
        self._move_to(generation)
        gone = [self._row[photo] for photo in set(photo_ids) if photo in self._row]
        if gone:
            keep = np.ones(len(self), bool)
            keep[gone] = False
            old, self._fitted = self._vectors, None
            self._vectors, self._people = old[keep], self._people[keep]
            old[:] = 0  # what is removed leaves memory now, not when its memory is used again
            self._photos = [photo for photo, kept in zip(self._photos, keep, strict=True) if kept]
            self._row = {photo: row for row, photo in enumerate(self._photos)}
        return len(gone)

    def search(self, probe: Template, k: int, eligible: Eligible | Set[str] = ALL) -> list[PersonRank]:
        """The k people nearest to the probe; see Index.search."""
        self._check_search(probe, k)
        rows = self._eligible(Eligible.of(eligible))
        count = len(self) if rows is None else len(rows)
        if not count:
            return []
        near = self._nearest_people(probe.vector, k, rows, count)
        wanted = np.zeros(len(self._names), bool)
        wanted[list(near)] = True
        mine = np.flatnonzero(wanted[self._people]) if rows is None else rows[wanted[self._people[rows]]]
        scores = cosines(self._vectors[mine], probe.vector).tolist()
        return rank_people(
            (
                (self._names[self._people[row]], self._photos[row], score)
                for row, score in zip(mine, scores, strict=True)
            ),
            k,
        )

    def _eligible(self, eligible: Eligible) -> np.ndarray | None:
        """The rows that may be looked at, ascending; None for all of them."""
        if eligible.everything:
            return None
        mask = np.full(len(self), eligible.but)
        mask[[self._row[photo] for photo in eligible.ids if photo in self._row]] = not eligible.but
        return np.flatnonzero(mask)

    def _nearest_people(self, vector: np.ndarray, k: int, rows: np.ndarray | None, count: int) -> set[int]:
        """At least the k nearest people: all whose best distance is not certainly beyond the k-th best."""
        neighbours = self._neighbours(rows)
        wanted = min(count, 4 * k)
        while True:
            distances, found = neighbours.kneighbors(vector[None], n_neighbors=wanted)
            people = self._people[found[0] if rows is None else rows[found[0]]]
            squares = distances[0] ** 2
            best: dict[int, float] = {}
            for square, person in zip(squares.tolist(), people.tolist(), strict=True):
                best.setdefault(person, square)
            limit = sorted(best.values())[k - 1] + _MARGIN if len(best) >= k else np.inf
            if wanted == count or squares[-1] > limit:
                return {person for person, square in best.items() if square <= limit}
            wanted = min(count, 4 * wanted)

    def _neighbours(self, rows: np.ndarray | None) -> NearestNeighbors:
        if self._fitted is None or not _same(self._fitted[0], rows):
            vectors = self._vectors if rows is None else self._vectors[rows]
            self._fitted = rows, NearestNeighbors(algorithm="brute", metric="euclidean").fit(vectors)
        return self._fitted[1]


def _same(one: np.ndarray | None, other: np.ndarray | None) -> bool:
    return one is other or (one is not None and other is not None and np.array_equal(one, other))
