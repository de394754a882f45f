"""One protocol for every searchable gallery (CAP-6: the list of candidates), and the choice between the three.

Each is exact: nobody is lost to an approximation, and each gives the very list that scoring every eligible template
in double precision would give (app/matching/ranking.py). They differ in memory, speed and reach only
(docs/decisions/0014-search-indexes.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Protocol

import numpy as np

from app.matching.eligibility import ALL, Eligible
from app.matching.errors import MatchingError
from app.matching.types import GalleryBatch, GalleryTemplate, PersonRank, Template

__all__ = ["ALL", "KINDS", "Eligible", "Index", "RowStore", "open_index"]

#: what the setting may say
KINDS = ("exact", "faiss", "milvus")
#: the package that finds, by kind: a search records its version
PACKAGES = {"exact": "scikit-learn", "faiss": "faiss-cpu", "milvus": "pymilvus"}


class RowStore(Protocol):
    """Where the float32 templates are kept when the index does not hold them."""

    def rows(self, photo_ids: Sequence[str]) -> Mapping[str, np.ndarray]:
        """The (d,) float32 templates by photograph. One that was erased meanwhile is left out."""
        ...


class Index(Protocol):
    """A searchable gallery of templates of one network. Not for several threads at once."""

    @property
    def generation(self) -> int:
        """The gallery generation whose content the index holds."""
        ...

    @property
    def model_digest(self) -> str:
        """Hex SHA-256 of the one network all templates come from."""
        ...

    @property
    def photo_ids(self) -> Set[str]:
        """Every photograph in the index. Slow for millions: for bringing it in step, not for searching."""
        ...

    def holding(self, photo_ids: Iterable[str]) -> set[str]:
        """Which of these photographs are in the index."""
        ...

    def __len__(self) -> int:
        """How many photographs the index holds."""
        ...

    def add(self, entries: Sequence[GalleryTemplate], *, generation: int) -> None:
        """Add photographs; all or none. Raises MixedModels or ValueError."""
        ...

    def add_batch(self, batch: GalleryBatch, *, generation: int) -> None:
        """Add many photographs at once, as ``add`` does."""
        ...

    def remove(self, photo_ids: Iterable[str], *, generation: int) -> int:
        """Remove photographs; says how many there were. Unknown ids are no error (jobs may run twice).

        When it returns, the index holds no number of theirs any more, in memory or on disk.
        """
        ...

    def start_over(self) -> None:
        """Hold nothing, at generation 0: the database was put back to an earlier state."""
        ...

    def search(self, probe: Template, k: int, eligible: Eligible | Set[str] = ALL) -> list[PersonRank]:
        """The k people nearest to the probe, one entry per person, best first; fewer if there are fewer.

        eligible: the photographs that may be looked at (CAP-3), as Eligible or as a set of ids. Applied before
        ranking, so that nobody is crowded out by photographs that may not be seen. A person ranks by their best
        photograph; equal scores are ordered by id, so that the same search always gives the same list.
        Raises MixedModels, or ValueError when k is below 1.
        """
        ...


def open_index(
    kind: str, model_digest: str, dims: int, *, rows: RowStore | None = None, threads: int = 1, milvus_uri: str = ""
) -> Index:
    """The index of one network: ``exact``, ``faiss`` (needs ``rows``) or ``milvus`` (needs its address).

    The first two begin empty; Milvus keeps its own. A library is only loaded when its index is asked for.
    Raises ValueError for another kind or a missing argument, MatchingError when a library or server is not there.
    """
    if kind == "exact":
        from app.matching.index.exact import ExactIndex

        return ExactIndex(model_digest, dims)
    if kind == "faiss":
        if rows is None:
            raise ValueError("The FAISS index keeps no float32 templates; it needs a store to read them from.")
        from app.matching.index.faiss import FaissIndex

        return FaissIndex(model_digest, dims, rows, threads=threads)
    if kind == "milvus":
        if not milvus_uri:
            raise ValueError("The Milvus index needs the address of a Milvus server.")
        try:
            from app.matching.index.milvus import MilvusIndex
        except ImportError as error:
            raise MatchingError("The package pymilvus is not installed; CORROBORATE_INDEX=milvus needs it.") from error
        return MilvusIndex(model_digest, dims, milvus_uri)
    raise ValueError(f"There is no index {kind!r}; there are {', '.join(KINDS)}.")
