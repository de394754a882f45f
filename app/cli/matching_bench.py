"""Speed beside the bare libraries, in the same run: other numbers than these cannot be compared across machines."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import cv2
import numpy as np
from sklearn.neighbors import NearestNeighbors

from app.domain.repository import RepositoryIndex
from app.extensions import settings
from app.jobs import engines
from app.matching.types import Face, GalleryTemplate, Template

PEOPLE_LISTED = 25
_CHIPS, _ROUNDS = 16, 5


def bench_search(photos: int, searches: int) -> dict[str, Any]:
    """Median milliseconds of one exact search among `photos` templates (two per person), and of the bare libraries.

    numpy: matrix product and partial sort. sklearn: NearestNeighbors with metric="cosine". Random unit vectors: the
    time of an exact search does not depend on what they mean. Raises MatchingError.
    """
    network = engines.extractor()
    random = np.random.default_rng(photos)
    vectors = random.standard_normal((photos, network.entry.dims), np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    probes = vectors[random.integers(0, photos, searches)]
    ours = RepositoryIndex.empty(network.digest, network.entry.dims).index
    ours.add(
        [GalleryTemplate(str(i // 2), str(i), Template(vector, network.digest)) for i, vector in enumerate(vectors)],
        generation=1,
    )
    eligible = set(ours.photo_ids)
    cosine = NearestNeighbors(algorithm="brute", metric="cosine").fit(vectors)

    def numpy_search(probe: np.ndarray) -> None:
        scores = vectors @ probe
        best = np.argpartition(-scores, PEOPLE_LISTED)[:PEOPLE_LISTED]
        best[np.argsort(-scores[best])]

    times = _interleaved(
        [
            lambda probe: ours.search(Template(probe, network.digest), PEOPLE_LISTED, eligible),
            numpy_search,
            lambda probe: cosine.kneighbors(probe[None], PEOPLE_LISTED),
        ],
        list(probes),
    )
    exact, brute, sklearn = (round(1000 * value, 3) for value in times)
    return {
        "photographs": photos, "search_ms": exact, "numpy_ms": brute, "sklearn_cosine_ms": sklearn,
        "ratio_to_numpy": round(exact / brute, 2), "ratio_to_sklearn_cosine": round(exact / sklearn, 2),
    }  # fmt: skip


def bench_enrolment() -> dict[str, Any]:
    """Faces embedded a second, through the product's extractor and by the bare network on the same chips.

    The chips are noise: a network's time does not depend on what it sees. Raises MatchingError.
    """
    network = engines.extractor()
    size = network.entry.size
    image = np.random.default_rng(1).integers(0, 256, (size, size, 3), np.uint8)
    face = Face((0.0, 0.0, float(size), float(size)), 1.0, np.asarray(network.entry.template))
    net = cv2.dnn.readNetFromONNX(str(settings().models_dir / network.entry.file), engine=cv2.dnn.ENGINE_NEW)

    def through_product(_round: Any) -> None:
        network.embed(image, [face] * _CHIPS)

    def bare(_round: Any) -> None:
        for start in range(0, _CHIPS, 8):
            count = min(8, _CHIPS - start)
            net.setInput(
                cv2.dnn.blobFromImages([image] * count, 1 / network.entry.divisor, (size, size), network.entry.mean)
            )
            net.forward()

    ours, theirs = _interleaved([through_product, bare], range(_ROUNDS))
    return {
        "faces_per_second": round(_CHIPS / ours, 1), "bare_network_per_second": round(_CHIPS / theirs, 1),
        "ratio_to_bare_network": round(ours / theirs, 2),
    }  # fmt: skip


def _interleaved(calls: Sequence[Callable[[Any], object]], inputs: Sequence[Any]) -> list[float]:
    """Median seconds of each call, taken in turns so that a busy moment of the machine hits all alike."""
    for call in calls:
        call(inputs[0])
    times: list[list[float]] = [[] for _ in calls]
    for value in inputs:
        for taken, call in zip(times, calls, strict=True):
            began = time.perf_counter()
            call(value)
            taken.append(time.perf_counter() - began)
    return [median(taken) for taken in times]
