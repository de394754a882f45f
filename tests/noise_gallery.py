"""Imports of very many records without very many faces: noise pictures, and networks that answer at once.

For tests of the import itself only. The two stand-ins take the place of the networks in
`app.domain.algorithms.networks`, the seam
through which every worker reaches them; everything else, from the manifest to the audit chain, is the product's own.
"""

from __future__ import annotations

import csv
import hashlib
import multiprocessing
import os
import random
import signal
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
from sqlalchemy import create_engine, text

from app.domain.gallery.intake_manifest import NAME
from app.matching.catalogue import catalogue
from app.matching.types import Face
from config.settings import Settings
from tests.drawn_gallery import COLUMNS

SIDE, DIMS = 40, 128
PHOTOS_EACH = 2


class NoiseDetector:
    """One upright face in the middle of every picture."""

    digest = "d" * 64

    def detect(self, image: np.ndarray) -> list[Face]:
        height, width = image.shape[:2]
        points = np.array([(0.35, 0.4), (0.65, 0.4), (0.5, 0.55), (0.38, 0.7), (0.62, 0.7)]) * (width, height)
        return [Face((0.2 * width, 0.2 * height, 0.8 * width, 0.85 * height), 0.99, points)]


class NoiseExtractor:
    """A template drawn from the bytes of the chip: the same picture, the same template."""

    model_id = "noise"

    def __init__(self) -> None:
        known = catalogue()
        self.entry = known.extractors[known.extractor]
        self.digest = self.entry.sha256

    def chip(self, image: np.ndarray, _face: Face) -> np.ndarray:
        return image

    def embed_chips(self, chips: list[np.ndarray]) -> np.ndarray:
        if not chips:
            return np.empty((0, DIMS), np.float32)
        seeds = [int.from_bytes(hashlib.sha256(chip.tobytes()).digest()[:8], "big") for chip in chips]
        rows = np.stack([np.random.default_rng(seed).standard_normal(DIMS, np.float32) for seed in seeds])
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def stand_in() -> Any:
    """Put the stand-ins in this process; returns what was there, for `engines` to be given back."""
    from app.domain.algorithms import networks

    kept = SimpleNamespace(detector=networks.detector, extractor=networks.extractor)
    detector, extractor = NoiseDetector(), NoiseExtractor()
    networks.detector, networks.extractor = lambda: detector, lambda: extractor  # type: ignore[assignment]
    return kept


def record(n: int) -> dict[str, str]:
    return {
        "record_number": f"N-{n:07d}",
        "person_number": f"Q-{n // PHOTOS_EACH:07d}",
        "file": f"{n // 1000:04d}/{n:07d}.png",
        "taken_on": f"20{10 + n % PHOTOS_EACH}-03-04",
        "source": "arrest",
        "source_record": f"ARR-{n:07d}",
        "charge": "Petit larceny",
        "charged": "yes",
        "jurisdiction": "criminal",
        "status": "active",
        "name": f"Noise {n // PHOTOS_EACH}",
        "born_on": "1980-05-04",
        "height_in": "70",
        "weight_lb": "160",
        "marks": "",
    }


def write_records(folder: Path, count: int) -> Path:
    """A folder of `count` noise pictures with its manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / NAME).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for n in range(count):
            row = record(n)
            path = folder / row["file"]
            path.parent.mkdir(exist_ok=True)
            noise = np.random.default_rng(n).integers(0, 256, (SIDE, SIDE), np.uint8)
            path.write_bytes(cv2.imencode(".png", noise)[1].tobytes())
            writer.writerow(row)
    return folder


def child(settings: Settings, folder: Path, chunk_rows: int) -> None:
    """Run the import by stand-ins, in a process of its own."""
    from app.domain.gallery import imports
    from app.domain.gallery.intake_sources import source_of
    from app.factory import create_app
    from app.jobs.gallery import import_workers

    imports.CHUNK_ROWS = chunk_rows
    with create_app(settings).app_context():
        stand_in()
        import_workers.run(source_of(folder))


def run_and_kill(
    settings: Settings, folder: Path, chunk_rows: int, at: int | None, seconds: float = 3600
) -> int | None:
    """Run the import in a process; SIGKILL it at a random moment after `at` photographs; its exit code."""
    process = multiprocessing.get_context("spawn").Process(target=child, args=(settings, folder, chunk_rows))
    process.start()
    engine = create_engine(settings.database_url)
    while process.is_alive():
        if at is not None and photographs(engine) >= at:
            time.sleep(random.random() * 0.4)
            os.kill(process.pid, signal.SIGKILL)
            break
        process.join(0.05)
    process.join(60)
    engine.dispose()
    return process.exitcode


def photographs(engine: Any) -> int:
    with engine.connect() as connection:
        return connection.execute(text("SELECT count(*) FROM gallery_photo")).scalar() or 0


def faults(expected: int) -> list[str]:
    """Return the repository's faults after `expected` records: missing, twice, unreadable, a broken chain."""
    from sqlalchemy import func, select

    from app.audit.chain import verify
    from app.extensions import db, stores
    from app.models import AuditEvent, GalleryImport, GalleryPerson, GalleryPhoto, ImportChunk, ImportOutcome, Template

    def count(what: Any) -> int:
        return db.session.scalar(select(func.count(what))) or 0

    people = -(-expected // PHOTOS_EACH)
    wanted = {
        "photographs": (count(GalleryPhoto.id), expected),
        "record numbers": (count(func.distinct(GalleryPhoto.number_index)), expected),
        "digests": (count(func.distinct(GalleryPhoto.sha256)), expected),
        "templates": (count(func.distinct(Template.photo_id)), expected),
        "people": (count(GalleryPerson.id), people),
        "outcomes": (count(ImportOutcome.line), expected),
        "chunks not done": (db.session.scalar(select(func.count()).where(ImportChunk.done.is_(False))), 0),
        "rows still waiting": (db.session.scalar(select(func.count()).where(ImportChunk.sealed.is_not(None))), 0),
    }
    found = [f"{name}: {is_}, not {should}" for name, (is_, should) in wanted.items() if is_ != should]
    [of] = db.session.scalars(select(GalleryImport))
    if (of.state, of.tally) != ("done", {"enrolled": expected}):
        found.append(f"the import is {of.state} with {of.tally}")
    if stores().keys.exists(of.key_id):
        found.append("the key of the rows that waited is there")
    sample = db.session.scalars(select(GalleryPhoto).order_by(func.random()).limit(200)).all()
    for photo in sample:
        if not stores().blobs.get(photo.blob_id, photo.key_id, photo.sha256) or not photo.private["charge"]:
            found.append(f"{photo.record_number} cannot be read")
    events = db.session.scalars(select(AuditEvent).order_by(AuditEvent.sequence).execution_options(yield_per=1000))
    found += [fault.what for fault in verify(events)]
    return found
