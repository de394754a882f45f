"""The repository's verbs: a photograph enters, is held, is decided on, gets a template, leaves (CAP-3, CAP-4).

Every function needs an open unit of work and raises Refused or Conflict; none commits. Keys and blobs are made by
the caller before the unit, and destroyed after it has committed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from sqlalchemy import select

from app import audit
from app.clauses import enforces
from app.domain.algorithms import upkeep
from app.domain.gallery import index_snapshot
from app.domain.gallery.intake_checks import CheckedPhotograph
from app.domain.gallery.intake_manifest import Row
from app.domain.gallery.repository_index import next_generation, seal_template, unsigned
from app.extensions import db, stores
from app.matching.types import Template as Vector
from app.models import GalleryHold, GalleryImport, GalleryPerson, GalleryPhoto, ProbeImage, Template
from app.models.base import now
from app.policy import policy
from app.storage import BlobRef, masked
from app.unit_of_work import Conflict, after_commit

_WHOLE = ("height_in", "weight_lb")
#: the reason of a removal with the person's file: nothing has to be recognised afterwards
DISPOSED = "disposed"


@dataclass(frozen=True, slots=True)
class Stored:
    """A photograph in the blob store under a key of its own, its person's key, the template made of its face."""

    photo: CheckedPhotograph
    key_id: str
    person_key_id: str
    blob: BlobRef
    algorithm_digest: str

    @property
    def row(self) -> Row:
        return self.photo.row


def key_in_use(person_number: str) -> str | None:
    """Return the key of what is known about a person with photographs in the repository: name, body, marks.

    None for a new person, and for one whose photographs all left: whatever was sealed for them is erased, and what
    a later arrest brings gets a key of its own.
    """
    return db.session.scalar(
        select(GalleryPerson.key_id)
        .join(GalleryPhoto, GalleryPhoto.person_id == GalleryPerson.id)
        .where(GalleryPerson.person_number == person_number, GalleryPhoto.removed_at.is_(None))
        .limit(1)
    )


@enforces("CAP-3", "ACC-10")
def enrol(stored: Sequence[Stored], batch: str) -> int:
    """Take photographs in, one event for all; returns the generation.

    Raises Conflict when a person's key changed, or the algorithm in use.

    The database repeats what CAP-3 demands: a source, jurisdiction or charge outside it cannot be written.
    """
    for item in stored:
        row = item.row
        person = _person(item)
        photo = GalleryPhoto(
            person=person,
            record_number=row["record_number"],
            source=row["source"].lower(),
            jurisdiction=row["jurisdiction"].lower(),
            charged=row["charged"].lower() == "yes",
            taken_on=date.fromisoformat(row["taken_on"]),
            sha256=item.blob.sha256,
            phash=item.photo.phash,
            blob_id=item.blob.id,
            key_id=item.key_id,
            width=item.photo.width,
            height=item.photo.height,
            batch=batch,
            quality=item.photo.quality,
        )
        photo.face_hash = masked(stores().keys, photo.uid, item.photo.face.hash)
        photo.seal(charge=row["charge"], source_record=row["source_record"], eyes=item.photo.eyes)
        db.session.add(photo)
        add_template(photo, np.asarray(item.photo.vector), item.algorithm_digest)
        db.session.flush()
    waiting = db.session.scalar(unsigned().where(GalleryImport.uid == batch)) is not None
    generation = next_generation(waiting=waiting)
    upkeep.enrolled({item.algorithm_digest for item in stored}, generation)
    audit.record("gallery.enrolled", batch=batch, photos=len(stored), generation=generation)
    return generation


def add_template(photo: GalleryPhoto, vector: np.ndarray, algorithm_digest: str) -> None:
    """Keep the encrypted template of a photograph. vector: (d,) float32 of length 1."""
    box = seal_template(photo.key_id, photo.uid, Vector(vector, algorithm_digest))
    db.session.add(Template(photo=photo, algorithm_digest=algorithm_digest, box=box))


def embedded(count: int, algorithm_digest: str) -> None:
    """Record that templates were added to photographs already there; workers bring their index up to date."""
    next_generation()
    audit.record("gallery.embedded", algorithm=algorithm_digest, photos=count)


def _person(item: Stored) -> GalleryPerson:
    """Return the person a photograph belongs to, created or updated from it."""
    row, key_id = item.row, item.person_key_id
    person = db.session.scalars(
        select(GalleryPerson).where(GalleryPerson.person_number == row["person_number"]).with_for_update()
    ).one_or_none()
    here = [] if person is None else held_of(person)
    if person is None:
        person = GalleryPerson(person_number=row["person_number"], key_id=key_id)
        db.session.add(person)
    elif bool(here) != (person.key_id == key_id):
        # their first photograph came, or their last one left with the key, since this one was stored
        raise Conflict("somebody else changed this person's records first")
    elif not here:
        erased = person.key_id
        after_commit(lambda: stores().keys.destroy(erased))
        person.key_id, person.sealed = key_id, None
        person.seal(person_number=row["person_number"])
    newest = all(photo.taken_on <= date.fromisoformat(row["taken_on"]) for photo in here)
    # what the most recent arrest recorded stands; an older record only fills gaps
    given = {name: value for name, value in _described(row).items() if newest or name not in person.private}
    person.seal(**given)
    return person


def _described(row: Row) -> dict[str, Any]:
    named = {name: row[name] for name in ("name", "born_on", "marks") if row[name]}
    return {**named, **{name: int(row[name]) for name in _WHOLE if row[name]}}


@enforces("CAP-4", "CAP-3")
def hold(row: Row, blob: BlobRef, key_id: str, like: ProbeImage | GalleryPhoto, batch: str) -> GalleryHold:
    """Keep a photograph outside the repository until a person decides: it looks like a probe, or like another
    person's photograph there.
    """
    held = GalleryHold(
        key_id=key_id,
        batch=batch,
        record_number=row["record_number"],
        sha256=blob.sha256,
        blob_id=blob.id,
        **{"probe_image_id" if isinstance(like, ProbeImage) else "photo_id": like.id},
    )
    held.seal(row=dict(row.values), line=row.line)
    db.session.add(held)
    db.session.flush()
    if isinstance(like, ProbeImage):
        audit.record("gallery.held", held, batch=batch, record=held.uid, image=like.uid)
    else:
        audit.record("gallery.same_picture", held, batch=batch, record=held.uid, other=like.uid)
    return held


def held_row(held: GalleryHold) -> Row:
    """Return the manifest row of a held photograph, as it was given."""
    return Row(held.private["line"], held.private["row"])


def decide(held: GalleryHold, admitted: bool, reason: str) -> None:
    """Record a person's decision; what was held is erased afterwards, admitted or not (an admitted one has its own)."""
    if held.decision is not None:
        raise Conflict("somebody else decided on this photograph first")
    held.decision, held.reason, held.decided_at = "admitted" if admitted else "refused", reason, now()
    held.sealed = None
    held.forget_number()
    db.session.flush()
    audit.record("gallery.hold_decided", held, hold=held.uid, decision=held.decision)
    key_id, blob_id = held.key_id, held.blob_id
    after_commit(lambda: _erase([blob_id], [key_id]))


def refused(batch: str, rows: int, rules: Mapping[str, int]) -> None:
    """Record how many rows of a batch were refused, and which rule refused how many. rules: rule id -> rows."""
    audit.record("gallery.refused", batch=batch, rows=rows, rules=dict(rules))


def removal_reasons() -> tuple[str, ...]:
    """Return the reasons for a removal: what the policy forbids, or that the record never should have entered."""
    rules = {rule.id: rule for rule in policy().gallery.eligibility}
    return (*rules["gallery-status"].forbidden, "ineligible")


@enforces("CAP-3", "ACC-10")
def remove(photo: GalleryPhoto, because: str) -> int:
    """Remove a photograph at once; returns the generation from which no search sees it.

    Its template goes in this transaction, its file and key after it, and with a person's last photograph the person's
    own key: then nothing that was sealed for them can be read again, in a backup of the database neither. One whose key
    also covers what stays is given a key of its own before (app/domain/gallery/photo_keys.py), or its key stays.

    The index of its number stays, so that the number keeps it from coming back; with a disposal that goes too.
    """
    if photo.removed_at is not None:
        raise Conflict("this photograph left the repository already")
    photo.removed_at, photo.removed_because = now(), because
    photo.sealed, photo.phash, photo.face_hash, photo.quality = None, "", None, None
    for template in list(photo.templates):
        db.session.delete(template)
    if not held_of(photo.person):
        photo.person.sealed = None
    if because == DISPOSED:
        _forget_numbers(photo)
    db.session.flush()
    generation = next_generation()
    audit.record("gallery.removed", photo, record=photo.uid, generation=generation)
    keys, blob_id = unneeded_keys(photo), photo.blob_id
    after_commit(lambda: _erase([blob_id], keys))
    after_commit(index_snapshot.forget)
    return generation


def _forget_numbers(photo: GalleryPhoto) -> None:
    """Leave nothing to test a number against: no order and no rule keeps a record out that was disposed of."""
    photo.forget_number()
    if not held_of(photo.person):
        photo.person.forget_number()


def held_of(person: GalleryPerson) -> list[GalleryPhoto]:
    """Return the photographs of a person that are in the repository."""
    return [photo for photo in person.photos if photo.removed_at is None]


def unneeded_keys(photo: GalleryPhoto) -> list[str]:
    """Return the keys without a use once a photograph left: its own, and with the last one its person's."""
    person, held = photo.person, held_of(photo.person)
    needed = {other.key_id for other in held} | ({person.key_id} if held else set())
    return [key_id for key_id in dict.fromkeys((photo.key_id, person.key_id)) if key_id not in needed]


def unfinished_erasures() -> list[tuple[list[str], list[str]]]:
    """Return (blobs, keys) that a crash left behind after a removal; destroying them finishes the erasure."""
    keys, blobs = stores().keys, stores().blobs
    found: list[tuple[list[str], list[str]]] = []
    for photo in db.session.scalars(select(GalleryPhoto).where(GalleryPhoto.removed_at.is_not(None))):
        alive = [key_id for key_id in unneeded_keys(photo) if keys.exists(key_id)]
        if alive or blobs.exists(photo.blob_id):
            found.append(([photo.blob_id], alive))
    decided = db.session.scalars(select(GalleryHold).where(GalleryHold.decision.is_not(None)))
    found += [([held.blob_id], [held.key_id]) for held in decided if keys.exists(held.key_id)]
    retired = db.session.scalars(select(GalleryPerson.retired_key_id).where(GalleryPerson.retired_key_id.is_not(None)))
    found += [([], [key_id]) for key_id in retired if key_id and keys.exists(key_id)]
    return found


def finish_erasures() -> int:
    """Destroy what `unfinished_erasures` finds; returns how many there were. Needs no unit of work: no row changes."""
    left = unfinished_erasures()
    for blobs, keys in left:
        _erase(blobs, keys)
    return len(left)


def _erase(blobs: Sequence[str], keys: Sequence[str]) -> None:
    stores().erase(keys, blobs)
