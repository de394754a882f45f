"""One chunk of an import: its records are examined, then written in batches, each in one transaction.

A run that was killed left whole batches behind and nothing else. What became of each record is written with it, so
that the next run goes on after the last batch, and nothing is judged twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from sqlalchemy import select

from app.calendar import today
from app.domain.algorithms import networks
from app.domain.gallery.intake_batch import Batch, write_batch
from app.domain.gallery.intake_checks import (
    OTHER_PERSON,
    CheckedPhotograph,
    KnownRecords,
    check_known,
    check_row,
    examine,
)
from app.domain.gallery.intake_manifest import Row
from app.domain.gallery.intake_outcomes import RecordOutcome
from app.domain.gallery.intake_sources import Refusal, Source
from app.domain.gallery.look_alikes import ProbeComparison
from app.extensions import db
from app.matching.same_photograph import SAME_BITS
from app.models import ImportChunk, ImportOutcome

#: originals of a batch wait in memory until it is written
BATCH_BYTES = 128 * 1024 * 1024


@dataclass(slots=True)
class _Part:
    """Records whose files were read and wait to be examined, and those already decided."""

    loaded: list[tuple[Row, bytes]] = field(default_factory=list)
    outcomes: list[RecordOutcome] = field(default_factory=list)
    last: bool = False


def import_chunk(chunk_id: int, source: Source) -> None:
    """Work off a chunk, or what an earlier run left of it. A chunk that is done is left alone.

    Raises IntakeError when others change the same records again and again, MatchingError when the models are missing,
    StorageError when the disk refuses.
    """
    networks.follow()
    db.session.rollback()
    chunk = db.session.get_one(ImportChunk, chunk_id)
    if chunk.done:
        return
    settled = set(db.session.scalars(select(ImportOutcome.line).where(ImportOutcome.import_id == chunk.import_id)))
    rows = [Row(line, values) for line, values in chunk.private["rows"] if line not in settled]
    probes = ProbeComparison()
    for part in _parts(source, rows):
        photos = _examine(part)
        first, later = _apart(photos)
        write_batch(Batch(chunk, first, part.outcomes, probes, last=part.last and not later))
        if later:
            write_batch(Batch(chunk, later, [], probes, last=part.last))


def _parts(source: Source, rows: Sequence[Row]) -> Iterator[_Part]:
    """Split a chunk after the cheap checks: no file is read of a record that its statements keep out."""
    part, size = _Part(), 0
    for listed in rows:
        opened = source.open(listed)
        if isinstance(opened, Refusal):
            part.outcomes.append(RecordOutcome.of(listed, opened))
            continue
        row = opened.row
        data = check_row(row, today()) or opened.photograph()
        if isinstance(data, Refusal):
            part.outcomes.append(RecordOutcome.of(row, data))
            continue
        part.loaded.append((row, data))
        size += len(data)
        if size > BATCH_BYTES:
            yield part
            part, size = _Part(), 0
    part.last = True
    yield part


def _examine(part: _Part) -> list[CheckedPhotograph]:
    """Examine records: those known by digest are not decoded, and all faces are embedded together."""
    digests = [hashlib.sha256(data).hexdigest() for _, data in part.loaded]
    db.session.rollback()  # a new reading transaction: see what was committed since the last part
    pairs = ((sha256, row["record_number"]) for sha256, (row, _) in zip(digests, part.loaded, strict=True))
    known = KnownRecords.of(pairs)
    found: list[CheckedPhotograph] = []
    for sha256, (row, data) in zip(digests, part.loaded, strict=True):
        verdict = check_known(row, sha256, known)
        if isinstance(verdict, Refusal) and verdict.rules == (OTHER_PERSON,):
            verdict = None  # a person decides; it has to be looked at to be held
        judged = verdict or examine(row, data)
        if isinstance(judged, CheckedPhotograph):
            found.append(judged)
        else:
            part.outcomes.append(RecordOutcome.of(row, judged))
    part.loaded.clear()
    vectors = networks.extractor().embed_chips([photo.chip for photo in found])
    return [photo.embedded(vector) for photo, vector in zip(found, vectors, strict=True)]


def _apart(photos: list[CheckedPhotograph]) -> tuple[list[CheckedPhotograph], list[CheckedPhotograph]]:
    """Those to write first, and those that may be the picture of one of them under another person.

    The latter can only be held against a photograph that stands in the repository.
    """
    first: list[CheckedPhotograph] = []
    later: list[CheckedPhotograph] = []
    for photo in photos:
        others = [one for one in first if one.row["person_number"] != photo.row["person_number"]]
        distances = photo.look.distances(np.array([one.face.hash for one in others], np.uint64))
        (later if (distances <= SAME_BITS).any() else first).append(photo)
    return first, later
