"""Proficiency items: comparisons with a known answer, given unmarked among peer reviews (FAIR-1).

An item belongs to no request: it changes no state, no figure and no file of a case.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select

from app import audit
from app.access.actor import Actor
from app.clauses import enforces
from app.domain.peers import foils, selection
from app.domain.requests.images import limits
from app.extensions import db, stores
from app.imaging import decode, shown_copy
from app.matching.line_up import Portrait, choose_foils, drawn_reviewer, new_seed
from app.matching.types import Face
from app.models import Account, LineUp, ProficiencyItem, ProficiencyPicture
from app.models.base import filled, now
from app.outbox import ask
from app.policy import policy
from app.storage import BlobRef

PREPARING = "proficiency"


@dataclass(frozen=True, slots=True)
class ItemPicture:
    """A picture of an item before it is stored: the copy to look at, its size, the day it was taken."""

    data: bytes
    width: int
    height: int
    taken_on: date | None


def given(data: bytes, taken_on: date | None = None) -> ItemPicture:
    """Decode a picture that a supervisor gave, as probes are decoded. Raises UnusableImage."""
    copy = shown_copy(decode(data, limits()).bgr)
    height, width = decode(copy).bgr.shape[:2]
    return ItemPicture(copy, width, height, taken_on)


def store(key_id: str, pictures: Iterable[ItemPicture]) -> list[BlobRef]:
    """Put the pictures under the item's key, before any unit of work."""
    return [stores().blobs.put(key_id, picture.data) for picture in pictures]


@enforces("FAIR-1")
def add(
    actor: Actor | None,
    key_id: str,
    probe: tuple[ItemPicture, BlobRef],
    subject: tuple[ItemPicture, BlobRef],
    *,
    same: bool,
    source: str,
    note: str = "",
) -> ProficiencyItem:
    """Keep an item with its truth sealed, and have it measured; it is given to nobody before. `source`: a word."""
    item = ProficiencyItem(key_id=key_id, added_by_id=actor.id if actor else None)
    item.seal(same=same, source=source, note=note.strip())
    db.session.add(item)
    for role, (picture, blob) in (("probe", probe), ("subject", subject)):
        row = ProficiencyPicture(
            item=item, role=role, blob_id=blob.id, sha256=blob.sha256, width=picture.width, height=picture.height
        )
        row.seal(taken_on=picture.taken_on.isoformat() if picture.taken_on else None)
        db.session.add(row)
    db.session.flush()
    audit.record("proficiency.added", item, actor=actor, source=source)
    ask(PREPARING, item.uid, f"{PREPARING}:{item.uid}")
    return item


def retire(item: ProficiencyItem) -> None:
    """Stop giving the item out; open assignments stay, so that nothing shows what they were."""
    item.retired_at = now()
    audit.record("proficiency.retired", item)


@dataclass(frozen=True, slots=True)
class Measured:
    """The measured parts of an item: the box of the probe's face, the eyes in both pictures, its foils (ids).

    eyes: by role, [[x, y], [x, y]] in pixels of the picture, image-left first: without them an item would stand out in
    the viewer, which levels the photographs of the repository by theirs.
    """

    box: tuple[float, float, float, float]
    eyes: dict[str, list[list[float]]]
    foils: tuple[int, ...]


@enforces("FAIR-1", "CAP-8")
def measured(item: ProficiencyItem) -> Measured:
    """Find the faces and choose the foils: slow, for a job. Raises NoLine, MatchingError, StorageError, UnusableImage.

    The people of an item are not of the repository, so every foil shows another person than the probe.
    """
    rule = policy().review.line_up
    probe, _ = _face(item.probe)
    face, subject = _face(item.subject)
    others = foils.measured_of(foils.drawn_photographs(set(), rule.drawn))
    chosen = choose_foils(subject, [], others, rule.foils)
    if len(chosen) < rule.least:
        raise foils.NoLine(f"The repository gives {len(chosen)} photographs to stand beside; {rule.least} are needed.")
    eyes = {"probe": probe.eyes, "subject": face.eyes}
    return Measured(probe.box, eyes, tuple(photo.id for photo in foils.by_uid(one.key for one in chosen)))


def _face(picture: ProficiencyPicture) -> tuple[Face, Portrait]:
    bgr = decode(stores().blobs.get(filled(picture.blob_id), picture.key_id, filled(picture.sha256)), limits()).bgr
    found = foils.measured_face(bgr)
    if found is None:
        raise foils.NoLine("No face is found in one of the two pictures.")
    face, quality = found
    return face, Portrait(picture.uid, picture.item.uid, quality)


def complete(item: ProficiencyItem, found: Measured) -> None:
    """Store the measured parts; from now on the item may be given out. Needs an open unit of work."""
    item.probe.box = list(found.box)
    for picture in (item.probe, item.subject):
        picture.seal(**{**picture.private, "eyes": found.eyes[picture.role]})
    for photo in foils.by_id(found.foils):
        db.session.add(
            ProficiencyPicture(item=item, role="foil", photo_id=photo.id, width=photo.width, height=photo.height)
        )
    audit.record("proficiency.measured", item, places=len(found.foils) + 1)


def ready(item: ProficiencyItem) -> bool:
    """Tell whether the item may be given out: it is measured and not retired."""
    return item.retired_at is None and item.probe.box is not None


@enforces("FAIR-1", "SRC-4")
def deal(present: set[int]) -> LineUp | None:
    """Give an item to an examiner as an assignment, one time in so many reviews assigned."""
    if secrets.randbelow(policy().review.proficiency.one_in):
        return None
    items = db.session.scalars(select(ProficiencyItem).where(ProficiencyItem.retired_at.is_(None)))
    waiting = {item.uid: item for item in items if ready(item) and _free(item, present)}
    if not waiting:
        return None
    return put(waiting[secrets.choice(sorted(waiting))], present)


def _free(item: ProficiencyItem, present: set[int]) -> list[Account]:
    """Return the trained examiners who are available and were never given the item."""
    had = {line_up.peer_id for line_up in item.line_ups} | {item.added_by_id}
    return [one for one in selection.trained_examiners() if one.id in present and one.id not in had]


@enforces("FAIR-1", "SRC-4")
def put(item: ProficiencyItem, present: set[int]) -> LineUp | None:
    """Give the item to the least busy examiner who never had it; None when there is nobody.

    It is due as a review of a request would be, of a priority drawn at random.
    """
    free = {one.uid: one for one in _free(item, present)}
    counted, seed = selection.loads(), new_seed()
    considered = {uid: counted.get(one.id, 0) for uid, one in free.items()}
    chosen = drawn_reviewer(considered, seed)
    if chosen is None or not ready(item):
        return None
    hours = secrets.choice([priority.due_hours for priority in policy().request.priorities.values()])
    due = now() + timedelta(hours=min(hours, policy().review.line_up.due_hours))
    line = [picture for picture in item.pictures if picture.role != "probe"]
    line_up = LineUp(item=item, peer=free[chosen], due_at=due, policy_version=policy().version)
    return selection.assign(line_up, line, {"seed": seed, "considered": considered})


def count() -> int:
    """Count the items, retired ones included."""
    return db.session.scalar(select(func.count(ProficiencyItem.id))) or 0
