"""Enrolment beside the bare networks, and two of each beside one, in turns in the same run.

A worker is a process with one thread, as an import starts them. It decodes, finds the face, measures its quality,
hashes and embeds, from the file's bytes to the template; keys, files and the database are outside. The bare run is the
forward pass of the same two networks by OpenCV, on input that is ready.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import ExitStack
from multiprocessing import get_context
from multiprocessing.connection import Connection
from statistics import median
from time import perf_counter, process_time
from typing import Any

import cv2
import numpy as np

from app.domain.algorithms import networks
from app.domain.gallery.intake_checks import CheckedPhotograph, examine
from app.domain.gallery.intake_manifest import Row
from app.extensions import settings
from app.matching.threads import configure_threads
from config.settings import Settings
from demo.people import mugshot, person

#: photographs of a turn; a multiple of the eight that are embedded together
PHOTOS, ROUNDS = 16, 9
SIZE = (480, 600)
#: drawn people whom no other measurement uses
_FIRST_SEED = 300_000


def bench_enrolment() -> dict[str, Any]:
    """Photographs a second: one worker, the bare networks in it, two workers. Raises MatchingError."""
    networks.detector(), networks.extractor()  # a missing model is reported here, not in a child
    with ExitStack() as stack:
        workers = [_Worker(stack, settings()) for _ in range(2)]
        turns: dict[str, list[float]] = defaultdict(list)
        for _ in range(ROUNDS):
            for what in ("product", "bare"):
                workers[0].begin(what)
                taken, busy = workers[0].end()
                turns[what].append(taken)
                turns[f"{what}_cpu"].append(busy)
                began = perf_counter()
                for worker in workers:
                    worker.begin(what)
                for worker in workers:
                    worker.end()
                turns[f"{what}_two"].append(perf_counter() - began)

    def ratio(over: str, under: str) -> float:
        return median(a / b for a, b in zip(turns[over], turns[under], strict=True))

    def rate(name: str, photos: int = PHOTOS) -> float:
        return round(photos / median(turns[name]), 2)

    return {
        "photographs": f"{SIZE[0]} × {SIZE[1]}",
        "rounds": ROUNDS,
        "per_second": rate("product"),
        "bare_per_second": rate("bare"),
        "share_of_bare": round(ratio("bare", "product"), 3),
        "share_of_bare_by_processor_time": round(ratio("bare_cpu", "product_cpu"), 3),
        "two_workers_per_second": rate("product_two", 2 * PHOTOS),
        "two_workers_times_one": round(2 * ratio("product", "product_two"), 2),
        "two_bare_per_second": rate("bare_two", 2 * PHOTOS),
        "two_bare_times_one": round(2 * ratio("bare", "bare_two"), 2),
    }


class _Worker:
    """One process with one thread that enrols, or runs the bare networks, when it is told to."""

    def __init__(self, stack: ExitStack, chosen: Settings) -> None:
        context = get_context("spawn")
        self._ours, theirs = context.Pipe()
        process = context.Process(target=_work, args=(chosen, theirs), daemon=True)
        process.start()
        stack.callback(process.join)
        stack.callback(self._ours.send, None)
        self._ours.recv()  # loaded and warm

    def begin(self, what: str) -> None:
        self._ours.send(what)

    def end(self) -> tuple[float, float]:
        """Seconds of the turn that was begun, and of the processor in it."""
        return self._ours.recv()


def _work(chosen: Settings, asked: Connection) -> None:
    from app.factory import create_app

    with create_app(chosen).app_context():
        configure_threads(1)
        files = [_photograph(n) for n in range(PHOTOS)]
        turns = {"product": lambda: _enrol(files), "bare": _bare()}
        for turn in turns.values():
            turn()
        asked.send("ready")
        while (what := asked.recv()) is not None:
            began, busy = perf_counter(), process_time()
            turns[what]()
            asked.send((perf_counter() - began, process_time() - busy))


def _photograph(n: int) -> bytes:
    picture = cv2.resize(mugshot(person(_FIRST_SEED + n), 0), SIZE, interpolation=cv2.INTER_AREA)
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes()


def _enrol(files: list[bytes]) -> None:
    """The way of app.domain.gallery.intake from bytes to templates."""
    found = [examine(Row(n, {}), data) for n, data in enumerate(files)]
    chips = [photo.chip for photo in found if isinstance(photo, CheckedPhotograph)]
    if len(chips) != len(files):
        raise ValueError("A face was not found in a drawn photograph.")
    networks.extractor().embed_chips(chips)


def _bare() -> Any:
    """A turn of both networks on input that is ready: the detector's for each photograph, eight chips at once."""
    detector, extractor = networks.detector(), networks.extractor()
    finder = cv2.dnn.readNetFromONNX(str(settings().models_dir / detector.entry.file), engine=cv2.dnn.ENGINE_NEW)
    embedder = cv2.dnn.readNetFromONNX(str(settings().models_dir / extractor.entry.file), engine=cv2.dnn.ENGINE_NEW)
    random, size = np.random.default_rng(1), extractor.entry.size
    picture = random.random((1, 3, -(-SIZE[1] // 32) * 32, -(-SIZE[0] // 32) * 32), np.float32)
    chips = random.random((8, 3, size, size), np.float32)
    outputs = finder.getUnconnectedOutLayersNames()

    def turn() -> None:
        for _ in range(PHOTOS):
            finder.setInput(picture)
            finder.forward(outputs)
        for _ in range(PHOTOS // 8):
            embedder.setInput(chips)
            embedder.forward()

    return turn
