"""From pressing “Start the search” to the rendered list of candidates, on a repository of a million photographs.

    python -m tests.bench.submit_to_candidates [--photographs 1000000] [--times 11] [--index faiss]
        [--write docs/search-time.md]

Everything a search takes part in runs as it does in service: the portal under gunicorn, the queue, one worker with the
face networks, the encrypted database and key store. A browser without a face to look at signs in, presses the button,
asks for the progress as often as the page says, opens the examination and reads the page of candidates. Templates are
sampled as in `flask matching bench` (people who do not exist); their photographs have no file, for nobody looks at
them. Times are told with a disk that is not waited for while the repository is filled; it is while searches run.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from unittest import mock

import numpy as np
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import insert

from app import audit, create_app
from app.cli.matching_population import population
from app.demo.accounts import load_accounts
from app.demo.browser import Browser
from app.demo.services import start_directory, start_portal, start_redis, start_worker
from app.domain.repository import next_generation, seal_template
from app.extensions import db, stores
from app.jobs import engines
from app.matching.types import Template as Vector
from app.models import FRRequest, GalleryPerson, GalleryPhoto, Template
from app.models.base import new_uid, now
from app.unit import unit_of_work
from config.settings import Settings
from tests.conftest import People, models_directory, run_due_jobs
from tests.factory import Factory

BATCH = 5000
PHOTOS = 2


def fill(photographs: int, kept: Path) -> None:
    """Put sampled templates into the repository, two a person, each under a key of its own, as an import would."""
    network = engines.extractor()
    drawn = population(kept, engines.detector(), network, lambda text: print(f"  {text}", flush=True))
    random = np.random.default_rng(7)
    for start in range(0, photographs, BATCH * PHOTOS):
        count = min(BATCH, (photographs - start) // PHOTOS)
        centers = drawn.people(random, count)
        vectors = [drawn.photographs(random, centers) for _ in range(PHOTOS)]
        people = [
            {"uid": new_uid(), "created_at": now(), "person_number": f"S-{start + n}", "key_id": stores().keys.create()}
            for n in range(count)
        ]
        with unit_of_work() as rows:
            ids = list(
                rows.scalars(insert(GalleryPerson).returning(GalleryPerson.id, sort_by_parameter_order=True), people)
            )
            photos = [_photo(f"S-{start + n}-{m}", ids[n]) for n in range(count) for m in range(PHOTOS)]
            rows_ids = rows.scalars(
                insert(GalleryPhoto).returning(GalleryPhoto.id, sort_by_parameter_order=True), photos
            )
            boxes = [
                {
                    "uid": new_uid(), "created_at": now(), "photo_id": photo_id, "algorithm_digest": network.digest,
                    "box": seal_template(
                        photo["key_id"], photo["uid"], Vector(vectors[at % PHOTOS][at // PHOTOS], network.digest)
                    ),
                }
                for at, (photo, photo_id) in enumerate(zip(photos, rows_ids, strict=True))
            ]  # fmt: skip
            rows.execute(insert(Template), boxes)
            audit.record("gallery.enrolled", batch="bench", photos=len(photos), generation=next_generation())
        print(f"  {min(start + BATCH * PHOTOS, photographs):,} of {photographs:,} photographs", flush=True)


def _photo(number: str, person_id: int) -> dict[str, object]:
    uid = new_uid()
    return {
        "uid": uid, "created_at": now(), "record_number": number, "person_id": person_id, "source": "arrest",
        "jurisdiction": "criminal", "charged": True, "taken_on": date(2024, 1, 1), "sha256": uid, "phash": "",
        "width": 480, "height": 600, "blob_id": "none", "batch": "bench", "key_id": stores().keys.create(),
    }  # fmt: skip


class _Timed:
    """One examiner at a browser, who searches the probe of a request."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser

    def search(self, number: str) -> tuple[float, int]:
        """(seconds, candidates listed)."""
        browser = self.browser.open(f"/review/{number}")
        began = time.perf_counter()
        browser.send(f"/review/{number}/search")
        while browser.page.select_one("#search-progress"):
            trigger = browser.page.select_one("#search-progress").get("hx-trigger", "")
            time.sleep(float(re.fullmatch(r"every ([0-9.]+)s", trigger)[1]))
            browser.open(f"/review/{number}")
        browser.send(f"/review/{number}/examination")
        spent = time.perf_counter() - began
        return spent, len(browser.page.select("main img")) - 1


@contextmanager
def portal(index: str) -> Iterator[tuple[Flask, Settings]]:
    """The portal's application on a fresh database, with its loopback directory; nothing serves yet."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        environ = {"CORROBORATE_MODE": "demonstration", "CORROBORATE_DATA_DIR": folder}
        settings = dataclasses.replace(Settings.from_env(environ), models_dir=models_directory(), matching_index=index)
        stack.enter_context(start_directory(settings))
        app = create_app(settings)
        with app.app_context():
            upgrade()
            yield app, settings
            db.session.remove()
            db.engine.dispose()


def waiting(app: Flask, times: int) -> list[str]:
    """Numbers of requests whose probe is selected, each of another drawn person."""
    make = Factory(app, People(), run_due_jobs)
    made: list[FRRequest] = [make.request(state="probe_selected", seed=30 + n) for n in range(times)]
    return [request.number for request in made]


def main() -> None:
    """Fill, start, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--photographs", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=11)
    parser.add_argument("--index", default="faiss", choices=("exact", "faiss"))
    parser.add_argument("--fit", type=Path, default=Path("var/bench/drawn-faces.npz"))
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    with portal(options.index) as (app, settings), ExitStack() as stack:
        numbers = waiting(app, options.times + 1)
        with mock.patch("os.fsync", lambda _descriptor: None):  # noqa: PT008  (a Mock would keep every one of a million calls)
            fill(options.photographs, options.fit)
        db.session.remove()
        stack.enter_context(start_redis(settings))
        began = time.perf_counter()
        worker = stack.enter_context(start_worker(settings))
        stack.enter_context(start_portal(settings))
        examiner = _Timed(Browser(settings.public_url, "k.rowan").sign_in(load_accounts().password))
        first, _ = examiner.search(numbers[0])
        ready = time.perf_counter() - began
        taken, listed = zip(*(examiner.search(number) for number in numbers[1:]), strict=True)
        resident = _resident(worker.pid)
    lines = [
        f"{options.photographs:,} photographs, index `{options.index}`, {os.cpu_count()} processors, load "
        f"{os.getloadavg()[0]:.1f} at the end, one worker with {settings.network_threads} thread(s): median "
        f"{statistics.median(taken):.2f} s ({min(taken):.2f} to {max(taken):.2f}) over {len(taken)} searches of "
        f"{len(set(listed)) and listed[0]} candidates.",
        f"The first search after the start, with the index made from the encrypted database: {first:.1f} s "
        f"({ready:.1f} s from the start of the worker). The worker then holds {resident:,} MB.",
    ]
    text = "\n".join(
        (
            "# From the button to the list",
            "",
            "Written by `python -m tests.bench.submit_to_candidates`.",
            "",
            *lines,
            "",
        )
    )
    print(text)
    if options.write:
        options.write.write_text(text)
    sys.exit(0)


def _resident(pid: int) -> int:
    """Megabytes that a process holds."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) // 1024 if found else 0


if __name__ == "__main__":
    main()
