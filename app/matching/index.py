"""Exact search: every eligible template is compared, nobody is lost to an approximation (CAP-6)."""

from collections.abc import Iterable, Sequence, Set
from typing import Protocol

import numpy as np
from sklearn.neighbors import NearestNeighbors

from app.matching.errors import MixedModels
from app.matching.types import GalleryTemplate, PersonRank, Template

# Two squared distances closer than this are settled by the exact cosine: more than the rounding of float32
# and the allowed deviation of a template's length (1e-5, so at most 4e-5) can bring about together.
_MARGIN = 1e-4


class Index(Protocol):
    """A searchable gallery of templates of one network."""

    @property
    def generation(self) -> int:
        """The gallery generation whose content the index holds."""
        ...

    @property
    def model_digest(self) -> str:
        """Hex SHA-256 of the one network all templates come from."""
        ...

    def add(self, entries: Sequence[GalleryTemplate], *, generation: int) -> None:
        """Add photographs; all or none. Raises MixedModels or ValueError."""
        ...

    def remove(self, photo_ids: Iterable[str], *, generation: int) -> int:
        """Remove photographs; says how many there were. Unknown ids are no error (jobs may run twice)."""
        ...

    def search(self, probe: Template, k: int, eligible: Set[str]) -> list[PersonRank]:
        """The k nearest people among the photographs ``eligible``. Raises MixedModels or ValueError."""
        ...


class ExactIndex:
    """Brute force over unit float32 vectors in memory, with scikit-learn.

    Asks for Euclidean neighbours: on vectors of length 1 they come in the order of the cosine
    (d² = 2 - 2 cos), and scikit-learn finds them four times faster than with metric="cosine"
    (docs/decisions/0003-face-models-and-search.md). Not for several threads at once.
    """

    def __init__(self, model_digest: str, dims: int, *, generation: int = 0) -> None:
        """An empty index for templates of ``dims`` numbers made by the network with ``model_digest``."""
        self.model_digest = model_digest
        self.generation = generation
        self._vectors = np.empty((0, dims), np.float32)
        self._photos: list[str] = []
        self._persons: list[str] = []
        self._fitted: tuple[np.ndarray, NearestNeighbors] | None = None

    def __len__(self) -> int:
        return len(self._photos)

    @property
    def photo_ids(self) -> frozenset[str]:
        """Every photograph in the index."""
        return frozenset(self._photos)

    def add(self, entries: Sequence[GalleryTemplate], *, generation: int) -> None:
        """Add photographs; all or none.

        Raises MixedModels for a template of another network, ValueError for a photograph that is there
        already, another number of dimensions, or a generation older than the index's own.
        """
        for entry in entries:
            self._check(entry.template)
        photos = [entry.photo_id for entry in entries]
        if len(set(photos)) != len(photos) or not self.photo_ids.isdisjoint(photos):
            raise ValueError("A photograph can be in the index only once.")
        self._move_to(generation)
        if entries:
            self._vectors = np.vstack([self._vectors, *(entry.template.vector for entry in entries)])
            self._photos += photos
            self._persons += [entry.person_id for entry in entries]
            self._fitted = None

    def remove(self, photo_ids: Iterable[str], *, generation: int) -> int:
        """Remove photographs at once (CAP-3: sealed records); returns how many were there.

        Raises ValueError for a generation older than the index's own.
        """
        gone = set(photo_ids)
        self._move_to(generation)
        keep = [i for i, photo in enumerate(self._photos) if photo not in gone]
        removed = len(self._photos) - len(keep)
        if removed:
            self._vectors = self._vectors[keep]
            self._photos = [self._photos[i] for i in keep]
            self._persons = [self._persons[i] for i in keep]
            self._fitted = None
        return removed

    def search(self, probe: Template, k: int, eligible: Set[str]) -> list[PersonRank]:
        """The k people nearest to the probe, one entry per person, best first; fewer if there are fewer.

        eligible: ids of the photographs that may be looked at (CAP-3: what is lawfully held now).
        Applied before ranking, so that nobody is crowded out by photographs that may not be seen.
        A person ranks by their best photograph; equal scores are ordered by id, so that the same search
        always gives the same list. Raises MixedModels, or ValueError when k is below 1.
        """
        if k < 1:
            raise ValueError("A search lists at least one person.")
        self._check(probe)
        rows = np.array([i for i, photo in enumerate(self._photos) if photo in eligible], np.intp)
        if not rows.size:
            return []
        nearest = self._nearest_persons(probe.vector, k, rows)
        ranked = sorted(self._scored(probe.vector, rows, nearest).items(), key=lambda item: (-item[1][0][1], item[0]))
        return [
            PersonRank(person, photos[0][0], photos[0][1], rank, photos)
            for rank, (person, photos) in enumerate(ranked[:k], start=1)
        ]

    def _nearest_persons(self, vector: np.ndarray, k: int, rows: np.ndarray) -> set[str]:
        """At least the k nearest people: all whose best distance is not certainly beyond the k-th best."""
        neighbours = self._neighbours(rows)
        wanted = min(len(rows), 4 * k)
        while True:
            distances, found = neighbours.kneighbors(vector[None], n_neighbors=wanted)
            squares, best = distances[0] ** 2, {}
            for square, row in zip(squares, rows[found[0]], strict=True):
                best.setdefault(self._persons[row], square)
            limit = sorted(best.values())[k - 1] + _MARGIN if len(best) >= k else np.inf
            if wanted == len(rows) or squares[-1] > limit:
                return {person for person, square in best.items() if square <= limit}
            wanted = min(len(rows), 4 * wanted)

    def _scored(
        self, vector: np.ndarray, rows: np.ndarray, persons: set[str]
    ) -> dict[str, tuple[tuple[str, float], ...]]:
        """Every eligible photograph of the people with its cosine in double precision, best first."""
        mine = [row for row in rows if self._persons[row] in persons]
        # products and row sums, not a matrix product: equal templates get equal scores wherever they stand
        cosines = (self._vectors[mine].astype(np.float64) * vector.astype(np.float64)).sum(axis=1)
        photos: dict[str, list[tuple[str, float]]] = {person: [] for person in persons}
        for row, cosine in zip(mine, cosines.tolist(), strict=True):
            photos[self._persons[row]].append((self._photos[row], cosine))
        return {
            person: tuple(sorted(scored, key=lambda item: (-item[1], item[0]))) for person, scored in photos.items()
        }

    def _neighbours(self, rows: np.ndarray) -> NearestNeighbors:
        if self._fitted is None or not np.array_equal(self._fitted[0], rows):
            vectors = self._vectors if len(rows) == len(self._photos) else self._vectors[rows]
            self._fitted = rows, NearestNeighbors(algorithm="brute", metric="euclidean").fit(vectors)
        return self._fitted[1]

    def _check(self, template: Template) -> None:
        if template.model_digest != self.model_digest:
            raise MixedModels(
                f"A template of the network {template.model_digest} cannot be compared with a gallery of the "
                f"network {self.model_digest}; the gallery must be indexed again."
            )
        if template.vector.shape[0] != self._vectors.shape[1]:
            raise ValueError(
                f"A template has {template.vector.shape[0]} numbers, but the index {self._vectors.shape[1]}."
            )

    def _move_to(self, generation: int) -> None:
        if generation < self.generation:
            raise ValueError(f"The index is at generation {self.generation} and cannot go back to {generation}.")
        self.generation = generation
