"""One chunk of an import: its records are examined, then written in batches, each in one transaction.

A run that was killed left whole batches behind and nothing else. What became of each record is written with it, so
that the next run goes on after the last batch, and nothing is judged twice.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from flask import current_app
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from app import audit
from app.calendar import today
from app.clauses import enforces
from app.domain.algorithms import networks
from app.domain.gallery import verbs as gallery
from app.domain.gallery.by_source import Room
from app.domain.gallery.intake_checks import (
    BOOKING_PHOTOGRAPH,
    OTHER_PERSON,
    PROBE_LOOK_ALIKE,
    SAME_PICTURE,
    AlreadyThere,
    CheckedPhotograph,
    KnownRecords,
    check_known,
    check_row,
    examine,
    exclusion,
)
from app.domain.gallery.intake_manifest import IntakeError, Row
from app.domain.gallery.intake_sources import Refusal, Source
from app.domain.gallery.look_alikes import ProbeComparison
from app.domain.gallery.repository_index import lock_repository
from app.domain.gallery.same_picture import SamePictures
from app.domain.gallery.verbs import Stored, key_in_use
from app.extensions import db, stores
from app.matching.same_photograph import SAME_BITS, Look
from app.models import GalleryHold, GalleryImport, GalleryPhoto, ImportChunk, ImportOutcome, ProbeImage
from app.storage import BlobRef
from app.storage import batch as storage_batch
from app.unit_of_work import Conflict, unit_of_work

#: originals of a batch wait in memory until it is written
BATCH_BYTES = 128 * 1024 * 1024
_ATTEMPTS = 5
#: what a refusal by one of intake's own checks is called; every other refusal is “refused”
_CALLED = {
    "intake-unreadable": "unreadable",
    "intake-file": "unreadable",
    "intake-path": "unreadable",
    "intake-itl": "unreadable",
    "intake-compression": "unreadable",
    "intake-no-image": "unreadable",
    "intake-no-face": "no_face",
    "intake-several-faces": "several_faces",
}


@dataclass(frozen=True, slots=True)
class RecordOutcome:
    """The outcome of one record, as ImportOutcome keeps it."""

    row: Row
    outcome: str
    rules: tuple[str, ...] = ()
    reason: str = ""

    @classmethod
    def of(cls, row: Row, verdict: Refusal | AlreadyThere) -> RecordOutcome:
        """Of a record that does not enter."""
        if isinstance(verdict, Refusal):
            return cls(row, _CALLED.get(verdict.rules[0], "refused"), verdict.rules, verdict.reason)
        if verdict.other is not None:
            said = f"The same file is there under another record number of the same person, reference {verdict.other}."
            return cls(row, "duplicate", (), said)
        return cls(row, "already")


class _Overtaken(Exception):
    """Raised when a probe or the same picture came in while the batch was prepared: it is checked again."""


#: raised before a commit, never after it
NOT_COMMITTED = (Conflict, _Overtaken, IntegrityError)


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
        _write(_Batch(chunk, first, part.outcomes, probes, last=part.last and not later))
        if later:
            _write(_Batch(chunk, later, [], probes, last=part.last))


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
    for photo, look in zip(photos, (_look(one) for one in photos), strict=True):
        others = [one for one in first if one.row["person_number"] != photo.row["person_number"]]
        distances = look.distances(np.array([one.face.hash for one in others], np.uint64))
        (later if (distances <= SAME_BITS).any() else first).append(photo)
    return first, later


def _look(photo: CheckedPhotograph) -> Look:
    return Look([photo.face], photo.phash)


def _write(batch: _Batch) -> None:
    """Write one batch, again from the comparison with what is there on when somebody was quicker."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            batch.write()
        except NOT_COMMITTED:
            if attempt == _ATTEMPTS:
                raise IntakeError("The repository is being changed by others; run the import again.") from None
            continue
        return


def _same_pictures() -> SamePictures:
    """Return the finder of this process, which holds the hashes of the whole repository."""
    return current_app.extensions.setdefault("same_pictures", SamePictures())


class _Batch:
    """Photographs of a chunk that are written together, with the keys and files made for the present attempt."""

    def __init__(
        self,
        chunk: ImportChunk,
        photos: list[CheckedPhotograph],
        outcomes: list[RecordOutcome],
        probes: ProbeComparison,
        *,
        last: bool,
    ) -> None:
        self.chunk_id, self.batch, self.last = chunk.id, chunk.of.uid, last
        self.photos, self.outcomes, self.probes = photos, outcomes, probes
        self.looks = {photo.sha256: _look(photo) for photo in photos}
        self.near: dict[str, list[int]] = {}
        self.same: dict[str, list[int]] = {}
        self.new_keys: list[str] = []
        self.blobs: list[str] = []
        self.kept: set[str] = set()

    @enforces("CAP-4")
    def write(self) -> None:
        """Store, then commit once. What was stored for nothing is destroyed. Raises Conflict, _Overtaken.

        After any other failure nothing is destroyed, for it may have struck after the commit; what no row names is
        then an orphan for the clean-up job, as after a kill.
        """
        self.new_keys, self.blobs, self.kept = [], [], set()
        alike = self._alike()
        with storage_batch():
            stored, held = self._store(alike)
        try:
            with unit_of_work():
                self._commit(stored, held)
        except NOT_COMMITTED:
            self._discard(kept=set())
            raise
        self._discard(self.kept)

    def _alike(self) -> dict[str, ProbeImage | GalleryPhoto]:
        """Map digests to the probe, or another person's photograph, that the picture looks like."""
        db.session.rollback()
        self.near, self.same = self.probes.near(self.looks), _same_pictures().near(self.looks)
        found: dict[str, ProbeImage | GalleryPhoto] = {}
        known = KnownRecords.of((photo.sha256, photo.row["record_number"]) for photo in self.photos)
        for photo in self.photos:
            if photo.sha256 in known.booked:
                found[photo.sha256] = db.session.get_one(ProbeImage, known.booked[photo.sha256])
                continue
            probe = self.probes.copy_of(self.looks[photo.sha256], self.near[photo.sha256])
            other = probe or self._other_persons(photo, self.same[photo.sha256])
            if other is not None:
                found[photo.sha256] = other
        return found

    def _store(
        self, alike: dict[str, ProbeImage | GalleryPhoto]
    ) -> tuple[list[Stored], list[tuple[Stored, type[Any], int]]]:
        stored, held = [], []
        keys: dict[str, str] = {}
        digest = networks.extractor().digest
        for photo in self.photos:
            if photo.sha256 in alike:
                like, key_id = alike[photo.sha256], self._new_key()
                held.append((Stored(photo, key_id, key_id, self._put(key_id, photo), digest), type(like), like.id))
                continue
            person = photo.row["person_number"]
            if person not in keys:
                keys[person] = key_in_use(person) or self._new_key()
            key_id = self._new_key()
            stored.append(Stored(photo, key_id, keys[person], self._put(key_id, photo), digest))
        return stored, held

    def _commit(self, stored: list[Stored], held: list[tuple[Stored, type[Any], int]]) -> None:
        """Check again, under the write lock, everything that others can change, and write."""
        lock_repository()
        known = KnownRecords.of((photo.sha256, photo.row["record_number"]) for photo in self.photos)
        self._as_before()
        outcomes, enrolled, room = list(self.outcomes), [], Room()
        like = {id(item): (kind, other) for item, kind, other in held}
        for item in [*stored, *(item for item, _, _ in held)]:
            verdict = check_known(item.row, item.blob.sha256, known)
            if isinstance(verdict, Refusal) and verdict.rules == (OTHER_PERSON,):
                if id(item) not in like:
                    raise _Overtaken
                verdict = None
            if verdict is not None:
                outcomes.append(RecordOutcome.of(item.row, verdict))
                continue
            if item.blob.sha256 in known.booked and id(item) not in like:
                raise _Overtaken
            if id(item) in like and exclusion(_looks(item, *like[id(item)])[0]).action == "refuse":
                rule, said = _looks(item, *like[id(item)])
                outcomes.append(RecordOutcome.of(item.row, Refusal((rule,), said)))
                continue
            full = None if id(item) in like else room.take(item.row["source"])
            if full is not None:
                outcomes.append(RecordOutcome.of(item.row, full))
                continue
            self.kept |= {item.key_id, item.person_key_id, item.blob.id}
            if id(item) in like:
                outcomes.append(self._hold(item, *like[id(item)]))
            else:
                known.add(item.row, item.blob.sha256)
                enrolled.append(item)
                outcomes.append(RecordOutcome(item.row, "enrolled"))
        if enrolled:
            gallery.enrol(enrolled, self.batch)
        self._record(outcomes)

    def _hold(self, item: Stored, kind: type[Any], other: int) -> RecordOutcome:
        gallery.hold(item.row, item.blob, item.key_id, db.session.get_one(kind, other), self.batch)
        rule, said = _looks(item, kind, other)
        return RecordOutcome(item.row, "held", (rule,), said)

    def _record(self, outcomes: list[RecordOutcome]) -> None:
        """What became of each record, counted in its import; the chunk is done with its last batch."""
        chunk = db.session.get_one(ImportChunk, self.chunk_id)
        of = db.session.get_one(GalleryImport, chunk.import_id, with_for_update=True)
        counted = Counter(one.outcome for one in outcomes)
        if outcomes:
            db.session.execute(insert(ImportOutcome), [_kept(of.id, one) for one in outcomes])
            of.tally = dict(Counter(of.tally) + counted)
        if self.last:
            chunk.done, chunk.sealed, chunk.error = True, None, None
        db.session.flush()
        rules = Counter(rule for one in outcomes if one.outcome != "held" for rule in one.rules)
        if rules:
            gallery.refused(self.batch, sum(one.outcome != "held" and bool(one.rules) for one in outcomes), rules)
        audit.record("gallery.examined", batch=self.batch, records=len(outcomes), outcomes=dict(counted))

    def _as_before(self) -> None:
        """Raises _Overtaken when a probe, or another person's record, that looks the same came since `_alike`."""
        near, same = self.probes.near(self.looks), _same_pictures().near(self.looks)
        if any(set(near[sha256]) - set(self.near[sha256]) for sha256 in near):
            raise _Overtaken
        for photo in self.photos:
            before = set(self.same[photo.sha256])
            came = [one for one in same[photo.sha256] if one not in before]
            if came and self._other_persons(photo, came) is not None:
                raise _Overtaken

    def _other_persons(self, photo: CheckedPhotograph, near: list[int]) -> GalleryPhoto | None:
        look = self.looks[photo.sha256]
        return _same_pictures().other_persons(photo, look, near, networks.extractor().digest)

    def _new_key(self) -> str:
        self.new_keys.append(stores().keys.create())
        return self.new_keys[-1]

    def _put(self, key_id: str, photo: CheckedPhotograph) -> BlobRef:
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


def _looks(item: Stored, kind: type[Any], other: int) -> tuple[str, str]:
    """Return the rule that keeps a photograph out or waiting, and the sentence for it."""
    if kind is not ProbeImage:
        return SAME_PICTURE, "The same picture is there as another person's."
    if item.blob.sha256 == db.session.get_one(ProbeImage, other).sha256:
        return BOOKING_PHOTOGRAPH, "The file was submitted as a probe, as a photograph from arrest processing."
    return PROBE_LOOK_ALIKE, "It is the photograph of a submitted probe."


def _kept(import_id: int, one: RecordOutcome) -> dict[str, Any]:
    return {
        "import_id": import_id,
        "line": one.row.line,
        "outcome": one.outcome,
        "rules": list(one.rules),
        "reason": one.reason[:500],
    }


def decide(held: GalleryHold, admitted: bool, reason: str) -> Refusal | None:
    """A person's decision on a held photograph. Admitted only if every other rule still holds; else the refusal.

    Raises Conflict when somebody else decided first, StorageError, MatchingError.
    """
    if not admitted:
        with unit_of_work():
            gallery.decide(held, False, reason)
        return None
    row = gallery.held_row(held)
    fault = check_row(row, today())
    photo = fault or examine(row, stores().blobs.get(held.blob_id, held.key_id, held.sha256))
    if isinstance(photo, Refusal):
        return photo
    extractor = networks.extractor()
    photo = photo.embedded(extractor.embed_chips([photo.chip])[0])
    used = key_in_use(row["person_number"])
    made = [stores().keys.create() for _ in range(1 if used else 2)]
    blob = stores().blobs.put(made[0], photo.data)
    try:
        with unit_of_work():
            lock_repository()
            known = KnownRecords.of([(held.sha256, row["record_number"])])
            # the hold itself is what is being decided; everything else that is known still counts
            verdict = check_known(row, held.sha256, replace(known, holds={})) or Room().take(row["source"])
            if verdict is not None:
                raise _NotAdmitted(verdict)
            gallery.decide(held, True, reason)
            gallery.enrol([Stored(photo, made[0], used or made[1], blob, extractor.digest)], held.batch)
    except (*NOT_COMMITTED, _NotAdmitted) as error:
        stores().blobs.destroy(blob.id)
        for key_id in made:
            stores().keys.destroy(key_id)
        if isinstance(error, _NotAdmitted):
            return error.refusal
        raise
    return None


class _NotAdmitted(Exception):
    """Raised when another rule keeps the held photograph out, whatever was decided about the probe."""

    def __init__(self, verdict: Refusal | AlreadyThere) -> None:
        already = Refusal(("intake-record-taken",), "The photograph is in the repository already.")
        self.refusal = verdict if isinstance(verdict, Refusal) else already
