"""Speed beside the bare libraries, in the same run: other numbers than these cannot be compared across machines."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import cv2
import numpy as np

from app.extensions import settings
from app.jobs import engines
from app.matching.types import Face

_CHIPS, _ROUNDS = 16, 5


def bench(
    sizes: Sequence[int], *, kinds: Sequence[str], searches: int, checked: int, threads: int,
    told: Callable[[str], object],
) -> dict[str, Any]:  # fmt: skip
    """All measurements. Raises MatchingError, and ValueError when too few drawn faces were found for the fit."""
    from app.cli.matching_bench_search import bench_search
    from app.cli.matching_population import population

    network = engines.extractor()
    kept = settings().data_dir / "bench" / f"drawn-faces-{network.digest[:16]}.npz"
    drawn = population(kept, engines.detector(), network, told)
    found: dict[str, Any] = {"threads": threads, "load": round(os.getloadavg()[0], 1), "fitted_faces": drawn.faces}
    found["search"] = [
        bench_search(
            drawn, size, kinds=kinds, searches=searches, checked=checked, threads=threads,
            milvus_uri=settings().milvus_uri, told=told,
        )
        for size in sizes
    ]  # fmt: skip
    found["enrolment"] = bench_enrolment()
    return found


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
