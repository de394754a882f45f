"""A person's decision on a photograph that waits: one of a probe, or of another person's record (CAP-3, CAP-4)."""

from __future__ import annotations

from dataclasses import replace

from app.calendar import today
from app.domain.algorithms import networks
from app.domain.gallery import verbs as gallery
from app.domain.gallery.by_source import Room
from app.domain.gallery.intake_batch import NOT_COMMITTED
from app.domain.gallery.intake_checks import AlreadyThere, KnownRecords, check_known, check_row, examine
from app.domain.gallery.intake_sources import Refusal
from app.domain.gallery.repository_index import lock_repository
from app.domain.gallery.verbs import Stored, key_in_use
from app.extensions import stores
from app.models import GalleryHold
from app.unit_of_work import unit_of_work


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
