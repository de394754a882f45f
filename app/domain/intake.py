"""An import: rows are examined, then written in batches, each in one transaction, so that it can be run again.

A run that was killed left whole batches behind and nothing else; the next run finds them by digest and goes on.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from sqlalchemy.exc import IntegrityError

from app.domain import gallery
from app.domain.gallery import Stored, key_in_use
from app.domain.intake_checks import (
    AlreadyThere,
    Examined,
    Known,
    Refusal,
    check_known,
    check_row,
    examine,
    read_photograph,
)
from app.domain.intake_manifest import IntakeError, Row
from app.domain.look_alikes import ProbeComparison
from app.extensions import db, settings, stores
from app.jobs import engines
from app.models import GalleryHold, ProbeImage
from app.models.base import new_uid, now
from app.policy.enforcement import enforces
from app.storage import BlobRef
from app.storage import batch as storage_batch
from app.storage.durable import make_directory
from app.unit import Conflict, unit_of_work

BATCH_ROWS = 50
#: originals of a batch wait in memory until it is written
BATCH_BYTES = 128 * 1024 * 1024
_ATTEMPTS = 3


@dataclass(slots=True)
class Outcome:
    """What became of the rows of an import so far."""

    enrolled: int = 0
    held: int = 0
    already: int = 0
    generation: int | None = None
    refused: list[tuple[Row, Refusal]] = field(default_factory=list)
    held_rows: list[Row] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return self.enrolled + self.held + self.already + len(self.refused)

    def by_rule(self) -> Counter[str]:
        """How many rows each rule refused."""
        return Counter(rule for _, refusal in self.refused for rule in refusal.rules)


class _Overtaken(Exception):
    """A probe was submitted while the batch was prepared and looks near: judge the batch again."""


#: raised before a commit, never after it
NOT_COMMITTED = (Conflict, _Overtaken, IntegrityError)


def import_rows(folder: Path, rows: Sequence[Row], told: Callable[[Outcome], None] = lambda _: None) -> Outcome:
    """Import the rows of a manifest; `told` hears of every batch that is safely written.

    Raises IntakeError when another import runs or the folder is none; MatchingError when the models are missing;
    StorageError when the disk refuses. What was told before stays.
    """
    if not folder.is_dir():
        raise IntakeError(f"There is no folder {folder}.")
    engines.follow()
    engines.detector(), engines.extractor()
    outcome, probes = Outcome(), ProbeComparison()
    with _alone():
        gallery.finish_erasures()
        for chunk in _chunks(rows):
            _import_chunk(folder, chunk, probes, outcome)
            told(outcome)
    return outcome


def _chunks(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows), BATCH_ROWS):
        yield rows[start : start + BATCH_ROWS]


def _import_chunk(folder: Path, rows: Sequence[Row], probes: ProbeComparison, outcome: Outcome) -> None:
    """Examine some rows and write them, in several transactions when their files are large."""
    judged: list[Examined] = []
    refused: list[tuple[Row, Refusal]] = []
    size = 0
    db.session.rollback()  # a new reading transaction: see what was committed since the last chunk
    for row in rows:
        found = _examine_row(folder, row)
        match found:
            case Refusal():
                refused.append((row, found))
            case AlreadyThere():
                outcome.already += 1
            case Examined():
                judged.append(found)
                size += len(found.data)
        if size > BATCH_BYTES:
            _write(judged, refused, probes, outcome)
            judged, refused, size = [], [], 0
    _write(judged, refused, probes, outcome)


def _examine_row(folder: Path, row: Row) -> Examined | Refusal | AlreadyThere:
    """Cheap checks first: a row already there is known by its digest, before anything is decoded."""
    fault = check_row(row, now().date())
    if fault is not None:
        return fault
    data = read_photograph(folder, row)
    if isinstance(data, Refusal):
        return data
    sha256 = hashlib.sha256(data).hexdigest()
    known = check_known(row, sha256, Known.of([(sha256, row["record_number"])]))
    return known or examine(row, data)


def _write(
    examined: list[Examined], refused: list[tuple[Row, Refusal]], probes: ProbeComparison, outcome: Outcome
) -> None:
    """Write one batch, again from the comparison with probes on when somebody was quicker."""
    if not examined and not refused:
        return
    vectors = engines.extractor().embed_chips([photo.chip for photo in examined])
    photos = [photo.embedded(vector) for photo, vector in zip(examined, vectors, strict=True)]
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            written = _Batch(photos, refused, probes).write()
        except NOT_COMMITTED:
            if attempt == _ATTEMPTS:
                raise IntakeError("The repository is being changed by others; run the import again.") from None
            continue
        outcome.enrolled += written.enrolled
        outcome.held += written.held
        outcome.held_rows += written.held_rows
        outcome.already += written.already
        outcome.refused += written.refused
        outcome.generation = written.generation or outcome.generation
        return


class _Batch:
    """One attempt at one transaction, with the keys and files made for it."""

    def __init__(self, photos: list[Examined], refused: list[tuple[Row, Refusal]], probes: ProbeComparison) -> None:
        self.photos, self.refused, self.probes = photos, refused, probes
        self.uid = new_uid()
        self.near: dict[str, frozenset[int]] = {}
        self.new_keys: list[str] = []
        self.blobs: list[str] = []
        self.kept: set[str] = set()

    @enforces("CAP-4")
    def write(self) -> Outcome:
        """Store, then commit once. What was stored for nothing is destroyed. Raises Conflict, _Overtaken.

        After any other failure nothing is destroyed, for it may have struck after the commit; what no row names is
        then an orphan for the clean-up job, as after a kill.
        """
        alike = self._alike()
        with storage_batch():
            stored, held = self._store(alike)
        try:
            with unit_of_work():
                outcome = self._commit(stored, held)
        except NOT_COMMITTED:
            self._discard(kept=set())
            raise
        self._discard(self.kept)
        return outcome

    def _alike(self) -> dict[str, ProbeImage]:
        db.session.rollback()
        self.near = self.probes.near(photo.phash for photo in self.photos)
        found = {
            photo.sha256: self.probes.look_alike(photo.phash, np.asarray(photo.vector), self.near[photo.phash])
            for photo in self.photos
        }
        return {sha256: probe for sha256, probe in found.items() if probe is not None}

    def _store(self, alike: dict[str, ProbeImage]) -> tuple[list[Stored], list[tuple[Stored, int]]]:
        stored, held = [], []
        keys: dict[str, str] = {}
        digest = engines.extractor().digest
        for photo in self.photos:
            if photo.sha256 in alike:
                key_id = self._new_key()
                held.append((Stored(photo, key_id, self._put(key_id, photo), digest), alike[photo.sha256].id))
                continue
            person = photo.row["person_number"]
            if person not in keys:
                keys[person] = key_in_use(person) or self._new_key()
            stored.append(Stored(photo, keys[person], self._put(keys[person], photo), digest))
        return stored, held

    def _commit(self, stored: list[Stored], held: list[tuple[Stored, int]]) -> Outcome:
        """Under the write lock everything that others can change is asked again."""
        known = Known.of((photo.sha256, photo.row["record_number"]) for photo in self.photos)
        self._same_probes()
        outcome = Outcome(refused=list(self.refused))
        fresh = []
        for item in [*stored, *(item for item, _ in held)]:
            verdict = check_known(item.row, item.blob.sha256, known)
            if isinstance(verdict, Refusal):
                outcome.refused.append((item.row, verdict))
            elif isinstance(verdict, AlreadyThere):
                outcome.already += 1
            else:
                known.add(item.row, item.blob.sha256)
                fresh.append(item)
        chosen = {id(item) for item in fresh}
        enrolled = [item for item in stored if id(item) in chosen]
        for item, probe_id in held:
            if id(item) in chosen:
                gallery.hold(item.row, item.blob, item.key_id, db.session.get_one(ProbeImage, probe_id), self.uid)
                outcome.held += 1
                outcome.held_rows.append(item.row)
        if enrolled:
            outcome.generation = gallery.enrol(enrolled, self.uid)
            outcome.enrolled = len(enrolled)
        if outcome.refused:
            gallery.refused(self.uid, outcome.by_rule())
        self.kept = {name for item in fresh for name in (item.key_id, item.blob.id)}
        return outcome

    def _same_probes(self) -> None:
        near = self.probes.near(photo.phash for photo in self.photos)
        if any(not near[phash] <= self.near[phash] for phash in near):
            raise _Overtaken

    def _new_key(self) -> str:
        self.new_keys.append(stores().keys.create())
        return self.new_keys[-1]

    def _put(self, key_id: str, photo: Examined) -> BlobRef:
        blob = stores().blobs.put(key_id, photo.data)
        self.blobs.append(blob.id)
        return blob

    def _discard(self, kept: set[str]) -> None:
        for blob_id in self.blobs:
            if blob_id not in kept:
                stores().blobs.destroy(blob_id)
        for key_id in self.new_keys:
            if key_id not in kept:
                stores().keys.destroy(key_id)


def decide(held: GalleryHold, admitted: bool, reason: str) -> Refusal | None:
    """A person's decision on a held photograph. Admitted only if every other rule still holds; else the refusal.

    Raises Conflict when somebody else decided first, StorageError, MatchingError.
    """
    if not admitted:
        with unit_of_work():
            gallery.decide(held, False, reason)
        return None
    row = gallery.held_row(held)
    fault = check_row(row, now().date())
    photo = fault or examine(row, stores().blobs.get(held.blob_id, held.key_id, held.sha256))
    if isinstance(photo, Refusal):
        return photo
    extractor = engines.extractor()
    photo = photo.embedded(extractor.embed_chips([photo.chip])[0])
    used = key_in_use(row["person_number"])
    key_id = used or stores().keys.create()
    blob = stores().blobs.put(key_id, photo.data)
    try:
        with unit_of_work():
            known = Known.of([(held.sha256, row["record_number"])])
            # the hold itself is what is being decided; everything else that is known still counts
            verdict = check_known(row, held.sha256, Known(known.photos, known.records, {}, known.probes))
            if verdict is not None:
                raise _NotAdmitted(verdict)
            gallery.decide(held, True, reason)
            gallery.enrol([Stored(photo, key_id, blob, extractor.digest)], new_uid())
    except (*NOT_COMMITTED, _NotAdmitted) as error:
        stores().blobs.destroy(blob.id)
        if used is None:
            stores().keys.destroy(key_id)
        if isinstance(error, _NotAdmitted):
            return error.refusal
        raise
    return None


class _NotAdmitted(Exception):
    """Another rule keeps the held photograph out, whatever was decided about the probe."""

    def __init__(self, verdict: Refusal | AlreadyThere) -> None:
        already = Refusal(("intake-record-taken",), "The photograph is in the repository already.")
        self.refusal = verdict if isinstance(verdict, Refusal) else already


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One import at a time on this machine. Raises IntakeError at once instead of waiting."""
    make_directory(settings().data_dir)
    with (settings().data_dir / ".gallery-import.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise IntakeError("Another import is running; wait until it has ended.") from None
        yield
