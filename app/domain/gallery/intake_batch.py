"""A batch of an import: photographs that are stored and written together, in one transaction.

What others can change meanwhile is checked again under the write lock; whoever was overtaken begins anew.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from flask import current_app
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from app import audit
from app.clauses import enforces
from app.domain.algorithms import networks
from app.domain.gallery import verbs as gallery
from app.domain.gallery.by_source import Room
from app.domain.gallery.intake_checks import (
    BOOKING_PHOTOGRAPH,
    OTHER_PERSON,
    PROBE_LOOK_ALIKE,
    SAME_PICTURE,
    CheckedPhotograph,
    KnownRecords,
    check_known,
    exclusion,
)
from app.domain.gallery.intake_manifest import IntakeError
from app.domain.gallery.intake_outcomes import RecordOutcome
from app.domain.gallery.intake_sources import Refusal
from app.domain.gallery.look_alikes import ProbeComparison
from app.domain.gallery.repository_index import lock_repository
from app.domain.gallery.same_picture import SamePictures
from app.domain.gallery.verbs import Stored, key_in_use
from app.extensions import db, stores
from app.models import GalleryImport, GalleryPhoto, ImportChunk, ImportOutcome, ProbeImage
from app.storage import BlobRef
from app.storage import batch as storage_batch
from app.unit_of_work import Conflict, unit_of_work

_ATTEMPTS = 5


class Overtaken(Exception):
    """Raised when a probe or the same picture came in while the batch was prepared: it is checked again."""


#: raised before a commit, never after it
NOT_COMMITTED = (Conflict, Overtaken, IntegrityError)


def write_batch(batch: Batch) -> None:
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


class Batch:
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
        self.looks = {photo.sha256: photo.look for photo in photos}
        self.near: dict[str, list[int]] = {}
        self.same: dict[str, list[int]] = {}
        self.new_keys: list[str] = []
        self.blobs: list[str] = []
        self.kept: set[str] = set()

    @enforces("CAP-4")
    def write(self) -> None:
        """Store, then commit once. What was stored for nothing is destroyed. Raises Conflict, Overtaken.

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
                    raise Overtaken
                verdict = None
            if verdict is not None:
                outcomes.append(RecordOutcome.of(item.row, verdict))
                continue
            if item.blob.sha256 in known.booked and id(item) not in like:
                raise Overtaken
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
            db.session.execute(insert(ImportOutcome), [one.kept(of.id) for one in outcomes])
            of.tally = dict(Counter(of.tally) + counted)
        if self.last:
            chunk.done, chunk.sealed, chunk.error = True, None, None
        db.session.flush()
        rules = Counter(rule for one in outcomes if one.outcome != "held" for rule in one.rules)
        if rules:
            gallery.refused(self.batch, sum(one.outcome != "held" and bool(one.rules) for one in outcomes), rules)
        audit.record("gallery.examined", batch=self.batch, records=len(outcomes), outcomes=dict(counted))

    def _as_before(self) -> None:
        """Raises Overtaken when a probe, or another person's record, that looks the same came since `_alike`."""
        near, same = self.probes.near(self.looks), _same_pictures().near(self.looks)
        if any(set(near[sha256]) - set(self.near[sha256]) for sha256 in near):
            raise Overtaken
        for photo in self.photos:
            before = set(self.same[photo.sha256])
            came = [one for one in same[photo.sha256] if one not in before]
            if came and self._other_persons(photo, came) is not None:
                raise Overtaken

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
