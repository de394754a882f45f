"""How well the matching code finds and identifies drawn people; prints the table of docs/drawn-faces.md.

    python -m tests.bench.drawn_faces [--seeds test|tuning]

The seeds were fixed before anything was tuned. Tuning looked at the ``tuning`` seeds only.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

MODELS = Path(__file__).resolve().parents[2] / "var" / "models"
TEST_PEOPLE, TEST_SCENE = range(0, 300), 7000
TUNING_PEOPLE, TUNING_SCENE = range(5000, 5300), 100
PROBES = 100


@dataclass(frozen=True, slots=True)
class Seen:
    """One picture after detection: faces, width of the largest in pixels, its template or None, seconds drawn."""

    faces: int
    width: float
    vector: np.ndarray | None
    drawing: float


@dataclass(frozen=True, slots=True)
class Job:
    """A mugshot (``scene`` None; ``photo`` its number) or a probe of person ``seed``, with a face of ``face_px``."""

    seed: int
    photo: int = 0
    scene: int | None = None
    face_px: int = 48


_networks: list[object] = []


def _start(models: Path) -> None:
    from app.matching.detector import FaceDetector
    from app.matching.extractor import TemplateExtractor
    from app.matching.threads import configure_threads

    configure_threads(1)
    _networks[:] = [FaceDetector(models), TemplateExtractor(models)]


def see(job: Job) -> Seen:
    """Draw one picture and run detector and extractor on it (networks of this process)."""
    from demo.people import degrade, mugshot, person, scene

    detector, extractor = _networks
    started = time.process_time()
    picture = mugshot(person(job.seed), job.photo) if job.scene is None else scene(person(job.seed), job.scene)
    drawing = time.process_time() - started
    faces = detector.detect(picture)
    if job.scene is not None and faces:
        original, width, target = picture, faces[0].width, 1.05 * job.face_px
        # the box found on a small noisy picture differs from the one on the large picture: shrink until it holds
        while True:
            picture = degrade(original, job.scene, face_px=target, face_width=width)
            faces = detector.detect(picture)
            if not faces or faces[0].width <= job.face_px:
                break
            target *= 0.98
    vector = extractor.embed(picture, faces[:1])[0] if faces else None
    return Seen(len(faces), faces[0].width if faces else 0.0, vector, drawing)


def see_all(jobs: Sequence[Job], models: Path = MODELS) -> list[Seen]:
    """Every job, on as many processes as there are processors (spawned: a fork may hang OpenCV's threads)."""
    with ProcessPoolExecutor(
        min(os.cpu_count() or 1, 4), multiprocessing.get_context("spawn"), _start, (models,)
    ) as pool:
        return list(pool.map(see, jobs, chunksize=10))


def gallery_jobs(people: Sequence[int], all_photos: bool = True) -> list[Job]:
    """Mugshots of ``people``: all the demonstration holds (1 to 3 each), or only the first."""
    from demo.people import mugshot_count, person

    return [Job(seed, n) for seed in people for n in range(mugshot_count(person(seed)) if all_photos else 1)]


def probe_jobs(people: Sequence[int], first_scene: int, face_px: int) -> list[Job]:
    """One probe for each of the first PROBES ``people``."""
    return [Job(seed, scene=first_scene + n, face_px=face_px) for n, seed in enumerate(people[:PROBES])]


def ranks(gallery: Sequence[tuple[Job, Seen]], probes: Sequence[tuple[Job, Seen]]) -> list[int | None]:
    """Rank (1 best, 25 last) of each probe's own person by the product's exact index; None without face or beyond."""
    from app.matching.index.exact import ExactIndex
    from app.matching.types import GalleryTemplate, Template

    digest = "0" * 64
    index = ExactIndex(digest, 128)
    index.add(
        [
            GalleryTemplate(str(job.seed), f"{job.seed}/{job.photo}", Template(seen.vector, digest))
            for job, seen in gallery
            if seen.vector is not None
        ],
        generation=1,
    )
    found: list[int | None] = []
    for job, seen in probes:
        people = index.search(Template(seen.vector, digest), 25, index.photo_ids) if seen.vector is not None else []
        found.append(next((p.rank for p in people if p.person_id == str(job.seed)), None))
    return found


def rank_share(found: Sequence[int | None], at_most: int) -> float:
    """Share of probes whose person came within the first ``at_most``."""
    return sum(r is not None and r <= at_most for r in found) / len(found)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Detection and identification of drawn people.")
    parser.add_argument("--seeds", choices=("test", "tuning"), default="test")
    tuning = parser.parse_args().seeds == "tuning"
    people, first_scene = (TUNING_PEOPLE, TUNING_SCENE) if tuning else (TEST_PEOPLE, TEST_SCENE)
    sizes = (48, 32)
    jobs = gallery_jobs(people)
    shot = len(jobs)
    for size in sizes:
        jobs += probe_jobs(people, first_scene, size)
    seen = list(zip(jobs, see_all(jobs), strict=True))
    gallery = seen[:shot]
    print(
        f"gallery: {len(people)} people, {shot} mugshots; one face found on "
        f"{sum(s.faces == 1 for _, s in gallery) / shot:.1%}"
    )
    print(f"processor time per mugshot: {1000 * np.median([s.drawing for _, s in gallery]):.0f} ms (median)")
    print(
        "| face box at most | probes | face found | box, median | rank 1 | rank 5 | rank 25 | rank 1, first mugshots |"
    )
    print("|---|---|---|---|---|---|---|---|")
    firsts = [item for item in gallery if item[0].photo == 0]
    for size in sizes:
        probes = [item for item in seen[shot:] if item[0].face_px == size]
        found, first = ranks(gallery, probes), ranks(firsts, probes)
        widths = [s.width for _, s in probes if s.faces]
        cells = [
            f"{size} px",
            f"{len(probes)}",
            f"{len(widths) / len(probes):.1%}",
            f"{np.median(widths):.0f} px (to {max(widths):.1f})",
            *(f"{rank_share(found, k):.1%}" for k in (1, 5, 25)),
            f"{rank_share(first, 1):.1%}",
        ]
        print(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
