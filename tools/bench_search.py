"""Search speed of each index beside the bare libraries, one probe at a time, all in turns in the same run.

Busy moments of the machine hit all alike that way: ratios can be compared across machines, milliseconds cannot.
"""

from __future__ import annotations

import gc
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sklearn.neighbors import NearestNeighbors

from app.matching.index import faiss_snapshot
from app.matching.index.choice import Index, open_index
from app.matching.index.faiss import FaissIndex
from app.matching.ranking import cosines, rank_people
from app.matching.types import GalleryBatch, Template
from tools.population import Population

LISTED, PHOTOS_EACH = 100, 2
#: Milvus Lite takes minutes to fill beyond this; a server has no such limit
LITE_MOST = 10_000
#: beyond this only a tenth of the lists is checked: the oracle multiplies every row with every probe
CHECKED_WHOLE = 2_000_000
_CHUNK, _ORACLE_ROWS = 50_000, 600
_MODEL = "f" * 64


@dataclass(frozen=True, slots=True)
class Sampled:
    """A gallery in a file of float32 rows, and probes of people in it that are no row of it."""

    vectors: np.ndarray
    probes: np.ndarray

    @property
    def persons(self) -> int:
        """How many people there are; photographs r and r + persons are of the same one."""
        return len(self.vectors) // PHOTOS_EACH

    def batches(self) -> Iterator[GalleryBatch]:
        """The gallery as an index is filled with it."""
        for start in range(0, len(self.vectors), _CHUNK):
            stop = min(len(self.vectors), start + _CHUNK)
            rows = range(start, stop)
            people = [f"{row % self.persons:032x}" for row in rows]
            yield GalleryBatch(people, [f"{row:032x}" for row in rows], self.vectors[start:stop], _MODEL)

    def rows(self, photo_ids: Sequence[str]) -> dict[str, np.ndarray]:
        """Float32 templates by photograph: what the product reads from its database."""
        return {photo: self.vectors[int(photo, 16)] for photo in photo_ids}


def sample(population: Population, photos: int, probes: int, path: Path) -> Sampled:
    """Draw a gallery of about ``photos`` rows into a file, and held-out probes."""
    random = np.random.default_rng(photos)
    persons, dims = photos // PHOTOS_EACH, len(population.mean)
    vectors = np.memmap(path, np.float32, "w+", shape=(persons * PHOTOS_EACH, dims))
    chosen, held_out = np.sort(random.integers(0, persons, probes)), []
    for start in range(0, persons, _CHUNK):
        centers = population.people(random, min(_CHUNK, persons - start))
        for photo in range(PHOTOS_EACH):
            at = photo * persons + start
            vectors[at : at + len(centers)] = population.photographs(random, centers)
        mine = chosen[(chosen >= start) & (chosen < start + len(centers))] - start
        held_out.append(population.photographs(random, centers[mine]))
    # the bare array: a memmap makes an object of its own class for every row that is taken
    return Sampled(np.asarray(vectors), random.permutation(np.concatenate(held_out)))


def bench_search(
    population: Population,
    photos: int,
    *,
    kinds: Sequence[str],
    searches: int,
    checked: int,
    threads: int,
    milvus_uri: str = "",
    on_progress: Callable[[str], object] = lambda _: None,
) -> dict[str, Any]:
    """Everything about one size of gallery. Raises MatchingError."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        on_progress(f"{photos:,} photographs: sampling")
        drawn = sample(population, photos, max(searches, checked), folder / "rows")
        found: dict[str, Any] = {"photographs": len(drawn.vectors), "people": drawn.persons, "listed": LISTED}
        indexes: dict[str, Index] = {}
        for kind in kinds:
            lite = kind == "milvus" and not milvus_uri
            if (kind == "exact" and not _fits(photos, 4)) or (lite and photos > LITE_MOST):
                continue
            on_progress(f"{photos:,} photographs: filling {kind}")
            uri = milvus_uri or str(folder / "milvus.db")
            index = open_index(kind, _MODEL, drawn.vectors.shape[1], rows=drawn, threads=threads, milvus_uri=uri)
            found[kind], indexes[kind] = _fill(index, drawn), index
            if kind == "milvus":
                from app.matching.index.milvus import MilvusIndex

                assert isinstance(index, MilvusIndex)  # of that kind
                stack.callback(index.drop)
        quick = indexes.get("faiss")
        if isinstance(quick, FaissIndex):
            found["faiss"] |= _snapshot(quick, drawn, folder / "snapshot", threads)
        if photos > CHECKED_WHOLE:
            checked //= 10
        if checked and "faiss" in indexes:
            on_progress(f"{photos:,} photographs: checking {checked} lists against the oracle")
            found["faiss"] |= _check(indexes["faiss"], drawn, drawn.probes[:checked])
        on_progress(f"{photos:,} photographs: measuring")
        calls: dict[str, Callable[[np.ndarray], object]] = {
            kind: partial(_listed, index) for kind, index in indexes.items()
        }
        times = _in_turns(calls | _libraries(drawn, quick, threads), drawn.probes[:searches])
        found["milliseconds"] = {name: _summary(taken) for name, taken in times.items()}
        found["times_of"] = {
            kind: {name: round(float(np.median(taken / times[kind])), 2) for name, taken in times.items()}
            for kind in indexes
        }
    return found


def _fits(photos: int, copies: int) -> bool:
    """Whether some copies of a gallery in float32 take less than half of the memory that is free now."""
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return photos * 128 * 4 * copies < free / 2


def _fill(index: Index, drawn: Sampled) -> dict[str, Any]:
    gc.collect()
    before, taken = _resident(), 0.0
    for generation, batch in enumerate(drawn.batches(), index.generation + 1):
        began = time.perf_counter()
        index.add_batch(batch, generation=generation)
        taken += time.perf_counter() - began
    gc.collect()
    found = {"fill_seconds": round(taken, 2), "resident_megabytes": round((_resident() - before) / 1e6, 1)}
    if isinstance(index, FaissIndex):
        found["bytes_per_photograph"] = round(index.nbytes / len(index), 1)
    return found


def _snapshot(index: FaissIndex, drawn: Sampled, path: Path, threads: int) -> dict[str, Any]:
    """Seconds to write and to read the encrypted snapshot (AES-256-GCM, as the key store does it)."""
    cipher, nonce = AESGCM(AESGCM.generate_key(256)), os.urandom(12)
    again = FaissIndex(_MODEL, index.dims, drawn, threads=threads)
    began = time.perf_counter()
    faiss_snapshot.save(index, path, lambda content, purpose: cipher.encrypt(nonce, content, purpose))
    written = time.perf_counter()
    faiss_snapshot.load(again, path, lambda box, purpose: cipher.decrypt(nonce, box, purpose))
    return {
        "snapshot_save_seconds": round(written - began, 2),
        "snapshot_load_seconds": round(time.perf_counter() - written, 2),
        "snapshot_megabytes": round(path.stat().st_size / 1e6, 1),
    }


def _check(index: Index, drawn: Sampled, probes: np.ndarray) -> dict[str, Any]:
    """Lists that are the oracle's in every place, and the share of the oracle's people that was listed."""
    same, recalled = 0, 0
    for probe, people in zip(probes, oracle(drawn, probes), strict=True):
        listed = [rank.person_id for rank in index.search(Template(probe, _MODEL), LISTED)]
        same += listed == people
        recalled += len(set(listed) & set(people))
    return {
        "checked": len(probes),
        "same_list": same,
        "recall": recalled / (len(probes) * min(LISTED, drawn.persons)),
    }


def oracle(drawn: Sampled, probes: np.ndarray) -> list[list[str]]:
    """The people each probe must list: every row multiplied in float32 by BLAS, the best scored as ranking.py does.

    Raises AssertionError unless the last list place is further above the rows left out than float32 can be wrong.
    """
    kept = min(_ORACLE_ROWS, len(drawn.vectors))
    lists = []
    for start in range(0, len(probes), 100):
        part = probes[start : start + 100]
        scores = np.empty((len(part), 0), np.float32)
        rows = np.empty((len(part), 0), np.int64)
        for at in range(0, len(drawn.vectors), _CHUNK):
            fresh = part @ drawn.vectors[at : at + _CHUNK].T
            best = np.argpartition(fresh, -min(kept, fresh.shape[1]), axis=1)[:, -kept:]
            scores = np.hstack([scores, np.take_along_axis(fresh, best, 1)])
            rows = np.hstack([rows, best + at])
            order = np.argpartition(scores, -kept, axis=1)[:, -kept:]
            scores, rows = np.take_along_axis(scores, order, 1), np.take_along_axis(rows, order, 1)
        for probe, mine, least in zip(part, rows, scores.min(axis=1), strict=True):
            exact = cosines(drawn.vectors[mine], probe).tolist()
            ranks = rank_people(
                ((f"{row % drawn.persons:032x}", f"{row:032x}", score) for row, score in zip(mine, exact, strict=True)),
                LISTED,
            )
            if kept < len(drawn.vectors) and (len(ranks) < LISTED or ranks[-1].score < least + 1e-5):
                raise AssertionError("The oracle looked at too few rows.")
            lists.append([rank.person_id for rank in ranks])
    return lists


def _libraries(drawn: Sampled, quick: Index | None, threads: int) -> dict[str, Callable[[np.ndarray], object]]:
    """The bare libraries on the same rows, and the time it takes to read the bytes that the FAISS index scans."""
    calls: dict[str, Callable[[np.ndarray], object]] = {}
    if _fits(len(drawn.vectors), 3):
        vectors = np.array(drawn.vectors)
        flat = faiss.IndexFlatIP(vectors.shape[1])
        flat.add(vectors)
        cosine = NearestNeighbors(algorithm="brute", metric="cosine").fit(vectors)

        def plain(probe: np.ndarray) -> np.ndarray:
            scores = vectors @ probe
            best = np.argpartition(-scores, LISTED)[:LISTED]
            return best[np.argsort(-scores[best])]

        calls["numpy"] = plain
        calls["sklearn_cosine"] = lambda probe: cosine.kneighbors(probe[None], LISTED)
        for name, count in (("faiss_flat_ip", threads), ("faiss_flat_ip_one_thread", 1)):
            calls[name] = partial(_flat, flat, count)
    if isinstance(quick, FaissIndex):
        words = [block.codes[: block.count].view(np.uint64) for block in quick.blocks]
        calls["bandwidth_floor"] = lambda _: quick.run(lambda n: words[n].max(), range(len(words)))
    return calls


def _listed(index: Index, probe: np.ndarray) -> object:
    return index.search(Template(probe, _MODEL), LISTED)


def _flat(index: faiss.IndexFlatIP, threads: int, probe: np.ndarray) -> object:
    """Several OpenMP threads make one probe slower, not faster; both are measured."""
    faiss.omp_set_num_threads(threads)
    return index.search(probe[None], LISTED)


def _in_turns(calls: dict[str, Callable[[np.ndarray], object]], probes: np.ndarray) -> dict[str, np.ndarray]:
    """Seconds of each call for each probe, taken in turns."""
    for call in calls.values():
        call(probes[0])
    times: dict[str, list[float]] = {name: [] for name in calls}
    for probe in probes:
        for name, call in calls.items():
            began = time.perf_counter()
            call(probe)
            times[name].append(time.perf_counter() - began)
    return {name: np.array(taken) for name, taken in times.items()}


def _summary(taken: np.ndarray) -> dict[str, float]:
    p5, p50, p95 = (round(1000 * float(value), 2) for value in np.percentile(taken, [5, 50, 95]))
    return {"p5": p5, "p50": p50, "p95": p95}


def _resident() -> int:
    """Bytes of this process in memory, without mapped files."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    return 0
