"""Beyond one machine: the distributed engine Milvus, asked for exact search only (FLAT, inner product).

Milvus keeps the templates, shards and replicates them; this client asks for the nearest photographs, takes every
person who may be on the list, reads their float32 templates back and scores them with the function that all indexes
share. docs/milvus.md says how to run a cluster. A path instead of an address opens Milvus Lite, for tests and one desk.

Milvus adds in float32, in an order of its own: its scores deviate from the exact ones by at most γ = d u / (1 - d u)
for unit vectors (see app/matching/index/faiss_block.py). As there, everybody within twice that of the k-th best is
scored.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Sequence, Set
from typing import Any

import numpy as np
from pymilvus import DataType, MilvusClient, MilvusException

from app.matching.eligibility import ALL, Eligible
from app.matching.errors import MatchingError, MixedModels
from app.matching.index.base import IndexBase, already_there
from app.matching.ranking import cosines, rank_people
from app.matching.types import GalleryBatch, PersonRank, Template

#: rows one search may give (Milvus' own limit), rows one call inserts or reads, and the longest id
_MOST, _BATCH, _ID_CHARACTERS = 16_384, 1000, 64
_COMPACTION_SECONDS = 600
_UNIT_ROUNDOFF = 2.0**-24
#: what the index says of itself, in a collection of one row
_STATE = [
    ("generation", DataType.INT64),
    ("collection", DataType.VARCHAR),
    ("model", DataType.VARCHAR),
    ("dims", DataType.INT64),
]


class MilvusIndex(IndexBase):
    """Exact search in a Milvus server or file; its content outlives the process and is shared by all of them."""

    def __init__(self, model_digest: str, dims: int, uri: str) -> None:
        """Open the gallery of one network at ``uri``, or make it.

        Raises MixedModels when the collections there belong to another network, MatchingError when no server answers.
        """
        super().__init__(model_digest, dims)
        self._lite = "://" not in uri
        try:
            self._client = MilvusClient(uri)
            self._base = f"corroborate_{model_digest[:16]}"
            self._name = f"{self._base}_0"
            self._open()
        except MilvusException as error:
            raise MatchingError(f"The Milvus index cannot be used: {error.message}") from error

    def __len__(self) -> int:
        found = self._client.query(self._name, filter="", output_fields=["count(*)"], consistency_level="Strong")
        return int(found[0]["count(*)"])

    @property
    def photo_ids(self) -> Set[str]:
        """Every photograph in the index."""
        return frozenset(row["photo"] for rows in self._all(["photo"]) for row in rows)

    def holding(self, photo_ids: Iterable[str]) -> set[str]:
        """Which of these photographs are in the index."""
        return {row["photo"] for part in _parts(list(photo_ids)) for row in self._rows("photo", part, ["photo"])}

    def add_batch(self, batch: GalleryBatch, *, generation: int) -> None:
        """Add many photographs at once; all or none. Raises as ``add`` does."""
        self._check_batch(batch)
        if self.holding(batch.photo_ids):
            raise already_there()
        self._check_generation(generation)
        rows = [
            {"photo": photo, "person": person, "vector": vector}
            for photo, person, vector in zip(batch.photo_ids, batch.person_ids, batch.vectors, strict=True)
        ]
        try:
            for part in _parts(rows):
                # not insert: should two workers add the same photograph at once, one row remains
                self._client.upsert(self._name, part)
        except MilvusException:
            # half a batch would be found by a search that no one knows it may be in
            self._client.delete(self._name, filter=_among("photo", batch.photo_ids))
            raise
        self._keep_state(generation)

    def remove(self, photo_ids: Iterable[str], *, generation: int) -> int:
        """Remove photographs and rewrite what held them (CAP-3): Milvus only marks rows as deleted until then.

        Raises MatchingError when the compaction does not end in ten minutes; the rows are not found any more, and
        the index keeps its old generation, so that the removal is asked for again.
        """
        self._check_generation(generation)
        gone = sorted(self.holding(photo_ids))
        for part in _parts(gone):
            self._client.delete(self._name, ids=part)
        if gone:
            self._client.flush(self._name)
            if self._lite:
                self._rewrite(generation)
            else:
                self._compact()
        self._keep_state(generation)
        return len(gone)

    def start_over(self) -> None:
        """Hold nothing, at generation 0, and say so to every process that opens it."""
        super().start_over()
        self._keep_state(0)

    def drop(self) -> None:
        """Take the gallery of this network out of Milvus for good, and close the connection."""
        for name in self._client.list_collections():
            if name.startswith(f"{self._base}_"):
                self._client.drop_collection(name)
        self._client.close()

    def search(self, probe: Template, k: int, eligible: Eligible | Set[str] = ALL) -> list[PersonRank]:
        """The k people nearest to the probe; see Index.search. Raises MatchingError when the server fails."""
        self._check_search(probe, k)
        eligible = Eligible.of(eligible)
        if not eligible.but and not eligible.ids:
            return []
        try:
            people = self._in_reach(probe.vector, k, eligible)
            rows = [
                row
                for part in _parts(people)
                for row in self._rows("person", part, ["photo", "person", "vector"])
                if eligible.allows(row["photo"])
            ]
        except MilvusException as error:
            raise MatchingError(f"The Milvus index cannot be searched: {error.message}") from error
        if not rows:
            return []
        scores = cosines(np.array([row["vector"] for row in rows], np.float32), probe.vector).tolist()
        return rank_people(((r["person"], r["photo"], s) for r, s in zip(rows, scores, strict=True)), k)

    def _in_reach(self, vector: np.ndarray, k: int, eligible: Eligible) -> list[str]:
        """Everybody who may be among the k nearest.

        Each look leaves out who was seen, so that a person with thousands of photographs cannot fill it. The first
        photograph seen of a person is their best, since each look comes best first.
        """
        gamma = self.dims * _UNIT_ROUNDOFF / (1 - self.dims * _UNIT_ROUNDOFF)
        margin = 2.002 * gamma
        may = _among("photo", eligible.ids, eligible.but) if eligible.ids else ""
        best: dict[str, float] = {}
        depth = min(_MOST, 4 * k + 48)
        while True:
            fresh = " and ".join(filter(None, [may, _among("person", best, True) if best else ""]))
            (hits,) = self._client.search(
                self._name,
                [vector],
                filter=fresh,
                limit=depth,
                output_fields=["person"],
                search_params={"metric_type": "IP"},
                consistency_level="Strong",
            )
            for hit in hits:
                best.setdefault(hit["entity"]["person"], hit["distance"])
            order = sorted(best.values(), reverse=True)
            limit = order[k - 1] - margin if len(order) >= k else -np.inf
            if len(hits) < depth or hits[-1]["distance"] < limit:
                return [person for person, score in best.items() if score >= limit]

    def _open(self) -> None:
        self._ensure(self._state_name, _STATE, 2)
        found = self._client.query(
            self._state_name,
            filter='photo == "state"',
            output_fields=[field for field, _ in _STATE],
            consistency_level="Strong",
        )
        if found:
            (state,) = found
            if (state["model"], state["dims"]) != (self.model_digest, self.dims):
                raise MixedModels(
                    f"The Milvus collection {self._base} belongs to another network; nothing was changed."
                )
            self.generation, self._name = state["generation"], state["collection"]
        else:
            self._keep_state(0)
        self._ensure(self._name, [("person", DataType.VARCHAR)], self.dims)

    @property
    def _state_name(self) -> str:
        return f"{self._base}_state"

    def _ensure(self, name: str, fields: Sequence[tuple[str, DataType]], dims: int) -> None:
        if self._client.has_collection(name):
            self._client.load_collection(name)
            return
        schema = self._client.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("photo", DataType.VARCHAR, is_primary=True, max_length=_ID_CHARACTERS)
        for field, kind in fields:
            size = {"max_length": _ID_CHARACTERS} if kind == DataType.VARCHAR else {}
            schema.add_field(field, kind, **size)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dims)
        index = self._client.prepare_index_params()
        index.add_index("vector", index_type="FLAT", metric_type="IP")
        self._client.create_collection(name, schema=schema, index_params=index, consistency_level="Strong")

    def _keep_state(self, generation: int) -> None:
        row = {
            "photo": "state",
            "generation": generation,
            "collection": self._name,
            "model": self.model_digest,
            "dims": self.dims,
            "vector": [1.0, 0.0],  # every collection of Milvus has one
        }
        self._client.upsert(self._state_name, [row])
        self.generation = generation

    def _compact(self) -> None:
        """Have the server write its segments anew without the deleted rows, and wait for it."""
        job = self._client.compact(self._name)
        until = time.monotonic() + _COMPACTION_SECONDS
        while self._client.get_compaction_state(job) != "Completed":
            if time.monotonic() > until:
                raise MatchingError("Milvus did not finish the compaction that a removal needs.")
            time.sleep(0.2)

    def _rewrite(self, generation: int) -> None:
        """Milvus Lite compacts on no order: copy what is left, then drop the files that held the removed."""
        old = self._name
        number = int(old.rsplit("_", 1)[1]) + 1
        rows = self._all(["photo", "person", "vector"])
        name = f"{self._base}_{number}"
        if self._client.has_collection(name):  # of an attempt that was cut short
            self._client.drop_collection(name)
        self._ensure(name, [("person", DataType.VARCHAR)], self.dims)
        for part in rows:
            self._client.insert(name, part)
        self._client.flush(name)
        self._name = name
        self._keep_state(generation)
        self._client.drop_collection(old)

    def _rows(self, field: str, values: Sequence[str], wanted: list[str]) -> list[dict[str, Any]]:
        """The rows whose field is one of some values: at most one for each photograph, any number for a person."""
        if not values:
            return []
        where = _among(field, values)
        found = self._client.query(
            self._name, filter=where, output_fields=wanted, limit=_MOST, consistency_level="Strong"
        )
        if len(found) == _MOST:  # there may be more; an iterator is slower
            return [row for rows in self._all(wanted, where) for row in rows]
        return [{name: row[name] for name in wanted} for row in found]

    def _all(self, wanted: list[str], where: str = "") -> Iterator[list[dict[str, Any]]]:
        rows = self._client.query_iterator(
            self._name, batch_size=_BATCH, filter=where, output_fields=wanted, consistency_level="Strong"
        )
        try:
            while part := rows.next():
                yield [{field: row[field] for field in wanted} for row in part]
        finally:
            rows.close()


def _among(field: str, values: Iterable[str], but: bool = False) -> str:
    """A filter of Milvus: the field is one of the values, or none of them."""
    return f"{field} {'not in' if but else 'in'} {json.dumps(sorted(values))}"


def _parts(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (values[start : start + _BATCH] for start in range(0, len(values), _BATCH))
