"""Speed beside the bare libraries, in the same run: other numbers than these cannot be compared across machines."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

from app.domain.algorithms import networks
from app.extensions import settings
from tools.bench_enrolment import bench_enrolment


def bench(
    sizes: Sequence[int],
    *,
    kinds: Sequence[str],
    searches: int,
    checked: int,
    threads: int,
    on_progress: Callable[[str], object],
) -> dict[str, Any]:
    """All measurements. Raises MatchingError, and ValueError when too few drawn faces were found for the fit."""
    from tools.bench_search import bench_search
    from tools.population import population

    network = networks.extractor()
    kept = settings().data_dir / "bench" / f"drawn-faces-{network.digest[:16]}.npz"
    drawn = population(kept, networks.detector(), network, on_progress)
    found: dict[str, Any] = {"threads": threads, "load": round(os.getloadavg()[0], 1), "fitted_faces": drawn.faces}
    found["search"] = [
        bench_search(
            drawn,
            size,
            kinds=kinds,
            searches=searches,
            checked=checked,
            threads=threads,
            milvus_uri=settings().milvus_uri,
            on_progress=on_progress,
        )
        for size in sizes
    ]
    on_progress("enrolment")
    return found | enrolment()


def enrolment() -> dict[str, Any]:
    """The measurement of enrolment alone, with the load of the machine when it began. Raises MatchingError."""
    load = round(os.getloadavg()[0], 1)
    return {"enrolment": {"load": load, **bench_enrolment()}}
