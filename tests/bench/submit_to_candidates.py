"""From pressing “Start the search” to the rendered list of candidates, on a repository of a million photographs.

    python -m tests.bench.submit_to_candidates [--photographs 1000000] [--times 11] [--index faiss] [--write FILE]

All that takes part in a search runs as in service: the portal under gunicorn, the queue, one worker with the face
networks, the encrypted database and key store. A browser signs in, presses the button, asks how it goes as often as
the page says, opens the examination and reads the page of candidates. The probe is an image that was lightened by a
recipe, so that its face is found anew in that time, embedded and searched. Templates are sampled as in `flask matching
bench`, two photographs a person, each under a key of its own; the photographs have no file, for nobody looks at them.
Writing is not waited for while the repository is filled; it is while searches run.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import insert

from app import audit
from app.domain.algorithms import networks
from app.domain.gallery.repository_index import next_generation, seal_template
from app.extensions import db, stores
from app.factory import create_app
from app.matching.types import Template as Vector
from app.models import GalleryPerson, GalleryPhoto, Template
from app.models.base import new_uid, now
from app.unit_of_work import unit_of_work
from config.settings import Settings
from demo.accounts import load_accounts
from demo.browser import Browser
from demo.services import start_directory, start_portal, start_redis, start_worker
from tests.conftest import People, models_directory, run_due_jobs
from tests.request_factory import RequestFactory
from tools.population import Population, population

PEOPLE_AT_ONCE, PHOTOS = 5000, 2
#: seconds until a worker has the whole repository in its index
READY_SECONDS = 1800


def fill(photographs: int, drawn: Population) -> None:
    """Put sampled templates into the repository."""
    random = np.random.default_rng(7)
    for start in range(0, photographs // PHOTOS, PEOPLE_AT_ONCE):
        count = min(PEOPLE_AT_ONCE, photographs // PHOTOS - start)
        _people(start, drawn.people(random, count), drawn, random)
        print(f"  {(start + count) * PHOTOS:,} of {photographs:,} photographs", flush=True)


def _people(start: int, centers: np.ndarray, drawn: Population, random: np.random.Generator) -> None:
    digest, count = networks.extractor().digest, len(centers)
    vectors = np.stack([drawn.photographs(random, centers) for _ in range(PHOTOS)], axis=1).reshape(count * PHOTOS, -1)
    people = [
        _row(number_index=GalleryPerson.index_of(f"S-{start + n}"), key_id=stores().keys.create()) for n in range(count)
    ]
    with unit_of_work() as rows:
        made = insert(GalleryPerson).returning(GalleryPerson.id, sort_by_parameter_order=True)
        owners = [owner for owner in rows.scalars(made, people) for _ in range(PHOTOS)]
        photos = [_photo(f"S-{start}-{n}", owner) for n, owner in enumerate(owners)]
        made = insert(GalleryPhoto).returning(GalleryPhoto.id, sort_by_parameter_order=True)
        ids = list(rows.scalars(made, photos))
        boxes = [
            seal_template(photo["key_id"], photo["uid"], Vector(vector, digest))
            for photo, vector in zip(photos, vectors, strict=True)
        ]
        templates = [_row(photo_id=of, algorithm_digest=digest, box=box) for of, box in zip(ids, boxes, strict=True)]
        rows.execute(insert(Template), templates)
        audit.record("gallery.enrolled", batch="bench", photos=len(photos), generation=next_generation())


def _row(**values: Any) -> dict[str, Any]:
    return {"uid": new_uid(), "created_at": now(), **values}


def _photo(number: str, owner: int) -> dict[str, Any]:
    return _row(
        number_index=GalleryPhoto.index_of(number),
        person_id=owner,
        source="arrest",
        jurisdiction="criminal",
        charged=True,
        taken_on=date(2024, 1, 1),
        sha256=new_uid(),
        phash="",
        width=480,
        height=600,
        blob_id="none",
        batch="bench",
        key_id=stores().keys.create(),
    )


def prepared(make: RequestFactory, seed: int) -> str:
    """The number of a request whose probe is selected: its whole image, made lighter."""
    request = make.request(state="documented", seed=seed, case_number=f"2026-075-{seed:05}")
    derived = make.prepare(request, [{"op": "gamma", "value": 1.2}])
    return make.advance_to(request, "probe_selected", derived=derived).number


def search(browser: Browser, number: str) -> tuple[float, int]:
    """(seconds from the button to the list, candidates listed)."""
    browser.open(f"/review/{number}")
    began = time.perf_counter()
    browser.send(f"/review/{number}/search")
    while (waiting := browser.page.select_one("#search-progress")) is not None:
        if time.perf_counter() - began > READY_SECONDS:
            raise SystemExit(f"The search of {number} does not end: {browser.text[:300]}")
        time.sleep(float(re.fullmatch(r"every ([0-9.]+)s", str(waiting["hx-trigger"]))[1]))
        browser.open(f"/review/{number}")
    browser.send(f"/review/{number}/examination")
    return time.perf_counter() - began, len(browser.page.select(".cor-cards .cor-card"))


@contextmanager
def portal(index: str) -> Iterator[tuple[Flask, Settings]]:
    """The portal's application on a fresh database, with its loopback directory; nothing serves yet."""
    with tempfile.TemporaryDirectory() as folder:
        environ = {"CORROBORATE_MODE": "demonstration", "CORROBORATE_DATA_DIR": folder}
        settings = dataclasses.replace(Settings.from_env(environ), models_dir=models_directory(), matching_index=index)
        with start_directory(settings):
            app = create_app(settings)
            with app.app_context():
                upgrade()
                yield app, settings
                db.session.remove()
                db.engine.dispose()


def resident(pid: int) -> int:
    """Megabytes that a process holds."""
    return int(re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())[1]) // 1024


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
        stack.enter_context(start_redis(settings))
        make = RequestFactory(app, People(), run_due_jobs)
        numbers = [prepared(make, 30 + n) for n in range(options.times + 1)]
        drawn = population(options.fit, networks.detector(), networks.extractor(), print)
        with mock.patch("os.fsync", return_value=None):
            fill(options.photographs, drawn)
        db.session.remove()
        db.engine.dispose()
        began = time.perf_counter()
        worker = stack.enter_context(start_worker(settings))
        stack.enter_context(start_portal(settings))
        examiner = Browser(settings.public_url, "k.rowan").sign_in(load_accounts().password)
        first, _ = search(examiner, numbers[0])
        ready = time.perf_counter() - began
        taken, listed = zip(*(search(examiner, number) for number in numbers[1:]), strict=True)
        held = resident(worker.pid)
    text = "\n".join(
        (
            "# From the button to the list of candidates",
            "",
            "Written by `python -m tests.bench.submit_to_candidates`; not edited by hand.",
            "",
            f"- {options.photographs:,} photographs, index `{options.index}`, {os.cpu_count()} processors, load "
            f"{os.getloadavg()[0]:.1f} at the end, one worker with {settings.network_threads} thread(s).",
            f"- Median **{statistics.median(taken):.2f} s** ({min(taken):.2f} to {max(taken):.2f}) over {len(taken)} "
            f"searches, each of another probe, {min(listed)} to {max(listed)} candidates listed. The face is found, "
            "embedded and searched in that time.",
            "- The first search after the start waits until the index is made from the encrypted database: "
            f"{first:.0f} s, {ready:.0f} s after the worker was started. The worker then holds {held:,} MB.",
            "",
        )
    )
    print(text)
    if options.write:
        options.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
