"""A key for each photograph: what older versions kept under one key per person is re-encrypted separately (ACC-10).

A key can only be destroyed when nothing that stays needs it. Before a photograph leaves, whatever shares its key is
encrypted anew: the other photographs, and what is known about the person. The old key is then of no use; it is written
down as retired in the same transaction, destroyed after it, and looked for again after a crash.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import select

from app import audit
from app.clauses import enforces
from app.domain.gallery.photographs import stored
from app.domain.gallery.repository_index import open_template, seal_template
from app.domain.gallery.verbs import held_of
from app.extensions import db, stores
from app.models import GalleryPerson, GalleryPhoto
from app.models.base import filled
from app.storage import BlobRef
from app.unit_of_work import Conflict, after_commit, unit_of_work


def sharing() -> list[str]:
    """Return the numbers of people whose photographs or details share a key."""
    rows = (
        select(GalleryPerson)
        .join(GalleryPhoto, GalleryPhoto.person_id == GalleryPerson.id)
        .where(GalleryPhoto.removed_at.is_(None), GalleryPhoto.key_id == GalleryPerson.key_id)
        .distinct()
    )
    return sorted(person.person_number for person in db.session.scalars(rows))


def _shared(person: GalleryPerson) -> list[GalleryPhoto]:
    """Return the held photographs whose key also covers something else."""
    held = held_of(person)
    uses = Counter([person.key_id, *(photo.key_id for photo in held)])
    return [photo for photo in held if uses[photo.key_id] > 1]


@enforces("ACC-10", "CAP-3")
def separate(person_numbers: Iterable[str]) -> int:
    """Give every photograph of these people, and each person, a key of its own; returns how many photographs moved.

    Opens a unit of work for each person; a person whose keys are apart costs one reading. Raises Conflict when somebody
    changed the person meanwhile, StorageError when a stored photograph cannot be read.
    """
    return sum(_separate(number) for number in dict.fromkeys(person_numbers))


def _find(number: str, *, locked: bool = False) -> GalleryPerson | None:
    rows = select(GalleryPerson).where(GalleryPerson.person_number == number)
    return db.session.scalars(rows.with_for_update() if locked else rows).one_or_none()


def _separate(number: str) -> int:
    person = _find(number)
    shared = [] if person is None else _shared(person)
    if not shared:
        return 0
    seen = {photo.id: (photo.key_id, photo.blob_id) for photo in shared}
    copies = {photo.id: _copied(photo) for photo in shared}
    own = stores().keys.create()
    try:
        with unit_of_work():
            person = filled(_find(number, locked=True))
            still = _shared(person)
            if {photo.id: (photo.key_id, photo.blob_id) for photo in still} != seen:
                raise Conflict("somebody else changed this person's records first")
            _move(person, still, copies, own)
    except Conflict:
        stores().erase([*(key_id for key_id, _ in copies.values()), own], [blob.id for _, blob in copies.values()])
        raise
    return len(seen)


def _copied(photo: GalleryPhoto) -> tuple[str, BlobRef]:
    """Return (new key, new blob) with the same bytes."""
    key_id = stores().keys.create()
    return key_id, stores().blobs.put(key_id, stored(photo))


def _move(person: GalleryPerson, photos: list[GalleryPhoto], copies: dict[int, tuple[str, BlobRef]], own: str) -> None:
    old_blobs = [photo.blob_id for photo in photos]
    known, old_key = dict(person.private), person.key_id
    for photo in photos:
        stated, (key_id, blob) = dict(photo.private), copies[photo.id]
        for template in photo.templates:
            vector = open_template(photo.key_id, photo.uid, template.algorithm_digest, template.box)
            template.box = seal_template(key_id, photo.uid, vector)
        photo.key_id, photo.blob_id, photo.sealed = key_id, blob.id, None
        photo.seal(**stated)
    person.key_id, person.sealed, person.retired_key_id = own, None, old_key
    if known:
        person.seal(**known)
    db.session.flush()
    audit.record("gallery.rekeyed", person, photos=len(photos))
    after_commit(lambda: _destroy(old_key, old_blobs))


def _destroy(key_id: str, blobs: list[str]) -> None:
    stores().erase([key_id], blobs)
