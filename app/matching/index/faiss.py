"""One machine, millions of photographs: an exhaustive scan in half precision, then exact scores for the few in reach.

Only codes of two bytes a number and the ids are in memory (0.29 GB a million photographs of 128 numbers); the float32
templates of the people in reach are read through a RowStore, from the encrypted database in the product.

Why the list is exact. Let e be the largest error of a scanned score (Block.margin) and t the scanned score of the
k-th best person. Those k people have exact scores of at least t - e, so the exact k-th best score is at least t - e,
and everybody on the exact list, ties included, has a scanned score of at least t - 2e. Every person with a photograph
there is taken, and the scan goes deeper wherever a block has not yet shown a score below t - 2e. The people taken are
then scored from their float32 templates by the function that all indexes share.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import faiss
import numpy as np

from app.matching.eligibility import ALL, Eligible
from app.matching.errors import IndexOutOfStep
from app.matching.ids import Wanted, each_as_bytes, joined, pack, unpack
from app.matching.index.base import IndexBase, already_there
from app.matching.index.choice import RowStore
from app.matching.index.faiss_block import BLOCK_ROWS, Block
from app.matching.ranking import cosines, rank_people
from app.matching.types import GalleryBatch, PersonRank, Template

#: rows asked of each block at first beyond its share of what is wanted, and how much deeper each next look goes
_SPARE, _DEEPER = 48, 8

Mask = np.ndarray | None
_Result = TypeVar("_Result")


class FaissIndex(IndexBase):
    """Exact search over half-precision codes with FAISS. Not for several threads at once; it starts its own."""

    def __init__(
        self,
        model_digest: str,
        dims: int,
        rows: RowStore,
        *,
        generation: int = 0,
        threads: int = 1,
        block_rows: int = BLOCK_ROWS,
    ) -> None:
        """An empty index; ``rows`` gives float32 templates, ``threads`` scan one probe together."""
        super().__init__(model_digest, dims, generation)
        self._store = rows
        self.block_rows = block_rows
        self.blocks: list[Block] = []
        self._threads = threads
        self._pool: ThreadPoolExecutor | None = None
        self._pool_of = 0

    def __len__(self) -> int:
        return sum(block.count for block in self.blocks)

    @property
    def nbytes(self) -> int:
        """Bytes of codes and ids in memory."""
        return sum(block.nbytes for block in self.blocks)

    @property
    def photo_ids(self) -> Set[str]:
        """Every photograph in the index."""
        return frozenset(photo for block in self.blocks for photo in unpack(block.photos.take(slice(block.count))))

    def holding(self, photo_ids: Iterable[str]) -> set[str]:
        """Which of these photographs are in the index."""
        wanted = Wanted.of(photo_ids)
        found = ((block, wanted.rows(block.photos, block.count)) for block in self.blocks)
        return set(unpack(joined(block.photos.take(rows) for block, rows in found)))

    def add_batch(self, batch: GalleryBatch, *, generation: int) -> None:
        """Add many photographs at once; all or none. Raises as ``add`` does, ValueError for an id that is too long."""
        self._check_batch(batch)
        photos, persons = pack(batch.photo_ids), pack(batch.person_ids)
        wanted = Wanted(photos)
        if any(len(wanted.rows(block.photos, block.count)) for block in self.blocks):
            raise already_there()
        self._move_to(generation)
        start = 0
        while start < len(batch):
            block = self._with_room()
            stop = min(len(batch), start + block.room)
            block.append(batch.vectors[start:stop], photos[start:stop], persons[start:stop])
            start = stop

    def fill(self, blocks: Sequence[Block], *, generation: int) -> None:
        """Take over the blocks of a snapshot. Raises ValueError unless all but the last are full."""
        if any(block.capacity != self.block_rows or block.room for block in blocks[:-1]):
            raise ValueError("The blocks of the snapshot are not those of this index.")
        self._move_to(generation)
        self.blocks = list(blocks)

    def remove(self, photo_ids: Iterable[str], *, generation: int) -> int:
        """Remove photographs (CAP-3): the last rows take their places, and nothing of theirs stays in memory."""
        self._move_to(generation)
        wanted = Wanted.of(set(photo_ids))
        gone = np.concatenate(
            [np.empty(0, np.intp)]
            + [n * self.block_rows + wanted.rows(block.photos, block.count) for n, block in enumerate(self.blocks)]
        )
        if not len(gone):
            return 0
        left = len(self) - len(gone)
        holes = gone[gone < left]
        movers = np.setdiff1d(np.arange(left, len(self)), gone)
        for hole, mover in zip(holes.tolist(), movers.tolist(), strict=True):
            (block, row), (source, row_from) = self._place(hole), self._place(mover)
            block.move(source, row_from, row)
        for n, block in enumerate(self.blocks):
            block.truncate(min(block.count, max(0, left - n * self.block_rows)))
        self.blocks = [block for block in self.blocks if block.count]
        return len(gone)

    def search(self, probe: Template, k: int, eligible: Eligible | Set[str] = ALL) -> list[PersonRank]:
        """The k people nearest to the probe; see Index.search. Raises IndexOutOfStep and what the row store raises."""
        self._check_search(probe, k)
        allowed = self._allowed(Eligible.of(eligible))
        while True:
            found = self._in_reach(probe.vector, k, allowed)
            photos = unpack(joined(block.photos.take(rows) for block, rows in found))
            held = self._store.rows(photos) if photos else {}
            if len(held) == len(photos):
                break
            # erased since the index was brought in step: those behind take their place
            erased = Eligible.all_but(set(photos) - held.keys())
            allowed = [_both(one, other) for one, other in zip(allowed, self._allowed(erased), strict=True)]
        if not photos:
            return []
        vectors = np.stack([held[photo] for photo in photos])
        self._check_codes(vectors, found)
        persons = unpack(joined(block.persons.take(rows) for block, rows in found))
        return rank_people(zip(persons, photos, cosines(vectors, probe.vector).tolist(), strict=True), k)

    def _in_reach(self, vector: np.ndarray, k: int, allowed: Sequence[Mask]) -> list[tuple[Block, np.ndarray]]:
        """Every allowed row of everybody who may be among the k nearest."""
        probe = np.ascontiguousarray(vector[None], np.float32)
        length = float(np.linalg.norm(vector.astype(np.float64)))
        margin = max((block.margin(length) for block in self.blocks), default=0.0)
        depth = [4 * k // max(1, len(self.blocks)) + _SPARE] * len(self.blocks)
        seen: list[tuple[np.ndarray, np.ndarray]] = [(np.empty(0), np.empty(0, np.int64))] * len(self.blocks)
        todo = list(range(len(self.blocks)))
        while True:
            looks = self.run(lambda n: self.blocks[n].nearest(probe, depth[n], allowed[n]), todo)
            for n, look in zip(todo, looks, strict=True):
                seen[n] = look
            limit, people = self._limit(seen, k, margin)
            # a block that gave fewer rows than it was asked for, or one below the limit, has shown all that count
            todo = [n for n in todo if len(seen[n][0]) >= depth[n] and float(seen[n][0][-1]) >= limit]
            if not todo:
                break
            for n in todo:
                depth[n] *= _DEEPER
        wanted = Wanted(people)
        rows = self.run(
            lambda n: _masked(wanted.rows(self.blocks[n].persons, self.blocks[n].count), allowed[n]),
            range(len(self.blocks)),
        )
        return [(block, mine) for block, mine in zip(self.blocks, rows, strict=True) if len(mine)]

    def _limit(self, seen: Sequence[tuple[np.ndarray, np.ndarray]], k: int, margin: float) -> tuple[float, np.ndarray]:
        """(least scanned score that may be on the list, packed ids of the people at or above it)."""
        scores = np.concatenate([np.empty(0), *(scores for scores, _ in seen)])
        persons = joined(block.persons.take(rows) for block, (_, rows) in zip(self.blocks, seen, strict=True))
        order = np.argsort(-scores, kind="stable")
        scores, persons = scores[order], persons[order]
        best: set[bytes] = set()
        for row, person in enumerate(each_as_bytes(persons)):
            best.add(person)
            if len(best) == k:
                limit = float(scores[row]) - 2 * margin
                return limit, persons[: np.searchsorted(-scores, -limit, side="right")]
        return -np.inf, persons

    def _allowed(self, eligible: Eligible) -> list[Mask]:
        """For each block which rows may be looked at; None where all may."""
        if eligible.everything:
            return [None] * len(self.blocks)
        named = Wanted.of(eligible.ids)
        masks: list[Mask] = []
        for block in self.blocks:
            rows = named.rows(block.photos, block.count)
            mask = np.full(block.count, eligible.but)
            mask[rows] = not eligible.but
            masks.append(None if mask.all() else mask)
        return masks

    def _check_codes(self, vectors: np.ndarray, found: Sequence[tuple[Block, np.ndarray]]) -> None:
        """The margin holds for the templates that were encoded: what the store gives must be those."""
        codes = np.concatenate([block.codes[rows] for block, rows in found])
        if not np.array_equal(vectors.astype(np.float16), codes):
            raise IndexOutOfStep(
                "A stored template is not the one that was indexed; the gallery must be indexed again."
            )

    def _with_room(self) -> Block:
        if not self.blocks or not self.blocks[-1].room:
            self.blocks.append(Block(self.dims, self.block_rows))
        return self.blocks[-1]

    def _place(self, row: int) -> tuple[Block, int]:
        return self.blocks[row // self.block_rows], row % self.block_rows

    def run(self, work: Callable[[int], _Result], numbers: Iterable[int]) -> list[_Result]:
        """The work for each block, on the index's threads and this one, in order."""
        numbers = list(numbers)
        results: dict[int, _Result] = {}
        waiting = iter(numbers)

        def serve() -> None:
            # FAISS counts OpenMP threads for each thread by itself: one each, or they fight over the processors
            before = faiss.omp_get_max_threads()
            faiss.omp_set_num_threads(1)
            try:
                for number in waiting:
                    results[number] = work(number)
            finally:
                faiss.omp_set_num_threads(before)

        helpers = [self._helpers().submit(serve) for _ in range(min(self._threads, len(numbers)) - 1)]
        serve()
        for helper in helpers:
            if not helper.cancel():
                helper.result()
        return [results[number] for number in numbers]

    def _helpers(self) -> ThreadPoolExecutor:
        if self._pool is None or self._pool_of != os.getpid():
            # made when first needed, and again after a fork: threads do not survive one
            self._pool = ThreadPoolExecutor(self._threads - 1, "faiss")
            self._pool_of = os.getpid()
        return self._pool


def _masked(rows: np.ndarray, allowed: Mask) -> np.ndarray:
    return rows if allowed is None else rows[allowed[rows]]


def _both(one: Mask, other: Mask) -> Mask:
    if one is None or other is None:
        return one if other is None else other
    return one & other
