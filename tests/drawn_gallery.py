"""Small galleries of drawn people for tests, imported through the product's own import."""

from __future__ import annotations

import csv
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from sqlalchemy import select

from app import audit
from app.access.directory import lookup
from app.access.sessions import sync_account
from app.domain.accounts.acknowledgement import acknowledge
from app.domain.gallery import imports
from app.domain.gallery.intake_manifest import NAME, Row
from app.domain.gallery.intake_sources import Refusal, Source, source_of
from app.extensions import db
from app.jobs.gallery.import_workers import run
from app.matching.catalogue import catalogue
from app.models import Account, GalleryImport
from app.models.base import filled, now
from app.unit_of_work import unit_of_work
from demo.people import mugshot, mugshot_count, person
from tests.conftest import models_directory

COLUMNS = (
    "record_number",
    "person_number",
    "file",
    "taken_on",
    "source",
    "source_record",
    "charge",
    "charged",
    "jurisdiction",
    "status",
    "name",
    "born_on",
    "height_in",
    "weight_lb",
    "marks",
)


def _missing() -> list[str]:
    known = catalogue()
    wanted = [known.detectors[known.detector], known.extractors[known.extractor]]
    return [model.file for model in wanted if not (models_directory() / model.file).is_file()]


needs_models = pytest.mark.skipif(
    bool(_missing()), reason=f"face models are not installed ({', '.join(_missing())}): make models"
)


def encoded(picture: np.ndarray, quality: int = 90) -> bytes:
    """Return a picture as JPEG."""
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


@cache
def arrest_photograph(seed: int, n: int = 0) -> bytes:
    """The n-th drawn arrest photograph of a drawn person, as JPEG."""
    return encoded(mugshot(person(seed), n))


def row(seed: int, n: int = 0, **changes: Any) -> dict[str, str]:
    """Return a manifest row that every rule lets in; `changes` replace fields."""
    return {
        "record_number": f"R-{seed:04d}-{n}",
        "person_number": f"P-{seed:04d}",
        "file": f"{seed}-{n}.jpg",
        "taken_on": f"2024-0{n + 1}-15",
        "source": "arrest",
        "source_record": f"ARR-{seed:05d}-{n}",
        "charge": "Theft of a drawn coat",
        "charged": "yes",
        "jurisdiction": "criminal",
        "status": "active",
        "name": person(seed).name,
        "born_on": "1980-05-04",
        "height_in": "70",
        "weight_lb": "160",
        "marks": "Scar over the left eyebrow",
        **changes,
    }


def write_folder(base: Path, rows: Sequence[dict[str, str]], files: dict[str, bytes] | None = None) -> Path:
    """An import folder with its manifest; drawn photographs for every name that `row` gives, and `files`."""
    folder = base / "import"
    folder.mkdir(exist_ok=True)
    for given in rows:
        stem = given["file"].removesuffix(".jpg").split("-")
        if len(stem) == 2 and all(part.isdigit() for part in stem):
            (folder / given["file"]).write_bytes(arrest_photograph(int(stem[0]), int(stem[1])))
    for name, data in (files or {}).items():
        (folder / name).write_bytes(data)
    with (folder / NAME).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return folder


@dataclass
class Outcome:
    """The outcomes of an import's records, with the rows as listed."""

    uid: str
    enrolled: int = 0
    held: int = 0
    already: int = 0
    refused: list[tuple[Row, Refusal]] = field(default_factory=list)
    held_rows: list[Row] = field(default_factory=list)
    outcomes: dict[int, str] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return len(self.outcomes)


def vouch(of: GalleryImport) -> None:
    """Put a second person's signature on an import, past the program: what comes of it is searched at once."""
    with unit_of_work():
        for sample in of.samples:
            sample.verdict, sample.signed_at, sample.signed_by_id = "agrees", now(), _signer()
        audit.record("gallery.sample_signed", of, batch=of.uid, sample=1, verdict="agrees", differing=0)


def _signer() -> int:
    name = "b.juniper"
    known = db.session.scalars(select(Account).where(Account.name == name)).one_or_none()
    if known is None:
        known = sync_account(filled(lookup(name)))
        acknowledge(known)
    return known.id


def run_import(folder: Path, source: Source | None = None, workers: int = 1, *, vouched: bool = True) -> Outcome:
    """Import a folder, in this process unless there are several workers.

    vouched: a second person has signed for it, so that it is searched.
    """
    source = source or source_of(folder)
    if vouched:
        vouch(imports.begin(source))
    of = run(source, workers=workers)
    rows = {listed.line: listed for listed in source.rows()}
    told = Outcome(of.uid, *(of.tally.get(name, 0) for name in ("enrolled", "held", "already")))
    for kept in imports.outcomes(of):
        told.outcomes[kept.line] = kept.outcome
        if kept.outcome == "held":
            told.held_rows.append(rows[kept.line])
        elif kept.rules:
            told.refused.append((rows[kept.line], Refusal(tuple(kept.rules), kept.reason)))
    assert sum(of.tally.values()) == len(told.outcomes) == len(rows)
    return told


def import_people(base: Path, seeds: Sequence[int]) -> Path:
    """Import every arrest photograph of some drawn people; returns the folder."""
    folder = write_folder(base, [row(seed, n) for seed in seeds for n in range(mugshot_count(person(seed)))])
    outcome = run_import(folder)
    assert not outcome.refused and not outcome.held
    return folder


def killed_import(settings: Any, folder: Path, batch_rows: int, batch: int) -> None:
    """In a process of its own: an import that SIGKILL strikes in its n-th batch, all written and nothing committed."""
    from app.domain.gallery import verbs as gallery
    from app.factory import create_app

    imports.CHUNK_ROWS = batch_rows
    enrol, calls = gallery.enrol, []

    def enrol_and_die(*args: Any) -> int:
        generation = enrol(*args)
        calls.append(generation)
        if len(calls) == batch:
            os.kill(os.getpid(), signal.SIGKILL)
        return generation

    gallery.enrol = enrol_and_die
    with create_app(settings).app_context():
        run_import(folder)
