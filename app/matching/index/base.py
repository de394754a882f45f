"""The base of every index: the checks before it changes or answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence, Set

from app.matching.errors import MixedModels
from app.matching.types import GalleryBatch, GalleryTemplate, Template


class IndexBase(ABC):
    """Digest, generation and the refusals that all indexes share."""

    def __init__(self, model_digest: str, dims: int, generation: int = 0) -> None:
        self.model_digest = model_digest
        self.dims = dims
        self.generation = generation

    def add(self, entries: Sequence[GalleryTemplate], *, generation: int) -> None:
        """Add photographs; all or none.

        Raises MixedModels for a template of another network, ValueError for a photograph that is there
        already, another number of dimensions, or a generation older than the index's own.
        """
        for entry in entries:
            self._check(entry.template.model_digest, entry.template.vector.shape[0])
        if entries:
            self.add_batch(GalleryBatch.of(entries), generation=generation)
        else:
            self._move_to(generation)

    @abstractmethod
    def add_batch(self, batch: GalleryBatch, *, generation: int) -> None:
        """Add many photographs at once; all or none. Raises as ``add`` does."""

    def start_over(self) -> None:
        """Hold nothing, at generation 0: what follows may be older than what was held."""
        self.remove(self.photo_ids, generation=self.generation)
        self.generation = 0

    @property
    @abstractmethod
    def photo_ids(self) -> Set[str]:
        """Every photograph in the index."""

    @abstractmethod
    def remove(self, photo_ids: Iterable[str], *, generation: int) -> int:
        """Remove photographs; returns how many there were."""

    def _check_batch(self, batch: GalleryBatch) -> None:
        self._check(batch.model_digest, batch.vectors.shape[1])
        if len(set(batch.photo_ids)) != len(batch):
            raise already_there()

    def _check_search(self, probe: Template, k: int) -> None:
        if k < 1:
            raise ValueError("A search lists at least one person.")
        self._check(probe.model_digest, probe.vector.shape[0])

    def _check(self, model_digest: str, dims: int) -> None:
        if model_digest != self.model_digest:
            raise MixedModels(
                f"A template of the network {model_digest} cannot be compared with a gallery of the "
                f"network {self.model_digest}; the gallery must be indexed again."
            )
        if dims != self.dims:
            raise ValueError(f"A template has {dims} numbers, but the index {self.dims}.")

    def _check_generation(self, generation: int) -> None:
        if generation < self.generation:
            raise ValueError(f"The index is at generation {self.generation} and cannot go back to {generation}.")

    def _move_to(self, generation: int) -> None:
        self._check_generation(generation)
        self.generation = generation


def already_there() -> ValueError:
    """The refusal of a second copy."""
    return ValueError("A photograph can be in the index only once.")
