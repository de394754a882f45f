"""The choice of foils beside the nominated photograph (SRC-4): near ones the examiner excluded, then others (0017).

Slow work, for a job: photographs are opened here, and measured where enrollment kept no measures, before any unit of
work.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import date

import numpy as np
from sqlalchemy import func, select

from app.clauses import enforces
from app.domain.algorithms import networks
from app.domain.gallery.photograph_quality import kept_quality
from app.domain.gallery.photographs import stored
from app.domain.gallery.repository_index import searchable
from app.domain.peers.conditions import kept_apart, line_ups_of
from app.domain.requests.images import limits
from app.extensions import db
from app.imaging import UnusableImage, decode
from app.matching.line_up import Portrait, choose_foils
from app.matching.quality.measures import Quality, measure
from app.matching.types import Face
from app.models import GalleryPhoto, Round
from app.models.base import filled
from app.policy import policy
from app.storage import BlobCorrupt, KeyDestroyed, UnknownBlob, UnknownKey

DAYS_OF_A_YEAR = 365.25


class NoLine(Exception):
    """Raised when no line-up can be composed; the message says why, for people."""


@enforces("SRC-4", "FAIR-1", "CAP-8")
def photographs(round_: Round) -> list[GalleryPhoto]:
    """Choose the nominee's photograph and its foils, the same for every peer. Raises NoLine, MatchingError.

    Raises DiskFailure when the store cannot be read.
    """
    known = line_ups_of(round_)
    if known:
        return [place.photo for place in known[0].places if place.photo is not None]
    nominee = portrait(filled(round_.nominee).photo)
    if nominee is None:
        raise NoLine("No face can be measured in the nominated photograph.")
    rule, apart = policy().review.line_up, kept_apart(round_)
    near = [d.candidate.photo for d in round_.dispositions if d.verdict == "excluded"]
    near = [photo for photo in near if photo.removed_at is None and photo.person_id not in apart]
    measured = measured_of(near[: rule.drawn])
    others: list[Portrait] = []
    if len(measured) < rule.foils:
        listed = apart | {candidate.person_id for candidate in round_.search.candidates}
        others = measured_of(drawn_photographs(listed, rule.drawn))
    chosen = choose_foils(nominee, measured, others, rule.foils)
    if len(chosen) < rule.least:
        raise NoLine(f"The repository gives {len(chosen)} photographs to stand beside; a line needs {rule.least}.")
    return [filled(round_.nominee).photo, *by_uid(one.key for one in chosen)]


def by_uid(uids: Iterable[str]) -> list[GalleryPhoto]:
    """Return the photographs of these public ids."""
    return list(db.session.scalars(select(GalleryPhoto).where(GalleryPhoto.uid.in_(list(uids)))))


def by_id(ids: Iterable[int]) -> list[GalleryPhoto]:
    """Return the photographs of these ids."""
    return list(db.session.scalars(select(GalleryPhoto).where(GalleryPhoto.id.in_(list(ids)))))


@enforces("CAP-3")
def drawn_photographs(apart: set[int], wanted: int) -> list[GalleryPhoto]:
    """Draw photographs of random people, one of each, without the people (ids) set apart."""
    low, high = db.session.execute(select(func.min(GalleryPhoto.id), func.max(GalleryPhoto.id))).one()
    found: dict[int, GalleryPhoto] = {}
    # a gap in the numbers leads to the photograph after it; the tries are bounded, a small repository is soon drawn out
    for _ in range(wanted * 4 if high is not None else 0):
        start = low + secrets.randbelow(high - low + 1)
        free = select(GalleryPhoto).where(searchable(), GalleryPhoto.person_id.not_in(apart | found.keys()))
        photo = db.session.scalars(free.where(GalleryPhoto.id >= start).order_by(GalleryPhoto.id).limit(1)).first()
        photo = photo or db.session.scalars(free.order_by(GalleryPhoto.id).limit(1)).first()
        if photo is None or len(found) == wanted:
            break
        found[photo.person_id] = photo
    return list(found.values())


def measured_of(photos: Iterable[GalleryPhoto]) -> list[Portrait]:
    """Return the photographs in which a face can be measured. Raises MatchingError, DiskFailure."""
    return [one for one in map(portrait, photos) if one is not None]


def portrait(photo: GalleryPhoto) -> Portrait | None:
    """Return a repository photograph as a measured picture, or None when it cannot be opened or shows no face.

    What its enrollment measured is taken as it was kept; then the file is opened only to know that it can be shown.
    """
    try:
        data, quality = stored(photo), kept_quality(photo)
        if quality is None:
            found = measured_face(decode(data, limits()).bgr)
            quality = found[1] if found else None
        born = str(photo.person.private.get("born_on") or "")
    except (UnusableImage, UnknownBlob, UnknownKey, KeyDestroyed, BlobCorrupt):
        return None
    return Portrait(photo.uid, photo.person.uid, quality, _years(born, photo)) if quality is not None else None


def measured_face(bgr: np.ndarray) -> tuple[Face, Quality] | None:
    """Measure the largest face of a picture, (h, w, 3) uint8; None without one. Raises MatchingError."""
    faces = networks.detector().detect(bgr)
    if not faces:
        return None
    face = max(faces, key=lambda one: one.inter_eye)
    return face, measure(bgr, face, len(faces))


def _years(born: str, photo: GalleryPhoto) -> float | None:
    """Return the recorded age on the day of the photograph, in years."""
    try:
        return (photo.taken_on - date.fromisoformat(born)).days / DAYS_OF_A_YEAR
    except ValueError:
        return None
