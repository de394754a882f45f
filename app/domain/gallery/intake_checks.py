"""The checks of intake: every row of a manifest against CAP-3 and CAP-4, then its photograph."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import or_, select

from app.clauses import enforces
from app.domain.algorithms import networks
from app.domain.gallery.intake_manifest import Row, value_faults
from app.domain.gallery.intake_sources import Refusal
from app.domain.gallery.photograph_quality import photograph_quality
from app.domain.gallery.tombstones import barred
from app.domain.requests.images import limits
from app.extensions import db
from app.imaging import ImageLimits, UnusableImage, decode
from app.matching.perceptual import perceptual_hash
from app.matching.same_photograph import AlignedFace, Look, aligned
from app.models import DerivedImage, GalleryHold, GalleryPerson, GalleryPhoto, ProbeImage
from app.policy import policy
from app.policy.facts import check_eligibility
from app.policy.gallery.types import ImageExclusion

#: a browser shows these as they are; the repository keeps one file per photograph, the original
FORMATS = ("JPEG", "PNG")
#: two rules of gallery/rules.toml under which a photograph waits for a person's decision
PROBE_LOOK_ALIKE, SAME_PICTURE = "probe-look-alike", "gallery-same-picture"
#: the rule under which the file of a probe is held, where it was submitted as nothing but a booking photograph
BOOKING_PHOTOGRAPH = "probe-booking-photograph"
#: the rule that keeps the file of every other probe out
PROBE_FILE = "probe-same-file"
OTHER_PERSON = "intake-other-person"


@dataclass(frozen=True, slots=True)
class AlreadyThere:
    """The answer that a photograph was taken in or held before, so that nothing is to be done.

    other: its reference there, when it stands under another record number of the same person.
    """

    held: bool = False
    other: str | None = None


class KnownPhoto(NamedTuple):
    """A photograph that is or was in the repository: the indexes of its numbers, its reference, whether it left."""

    record: str
    person: str
    uid: str
    left: bool


@dataclass(frozen=True, slots=True)
class CheckedPhotograph:
    """A checked photograph that can be compared: its bytes, size in pixels, hash, one face as the extractor sees it.

    face: its face, by which copies of the picture are recognised. chip: (size, size, 3) uint8 BGR. quality: as
    GalleryPhoto.quality. vector: (d,) float32 of length 1, once it was embedded. eyes: [[x, y], [x, y]] in its pixels,
    image-left first.
    """

    row: Row
    data: bytes
    sha256: str
    width: int
    height: int
    phash: str
    face: AlignedFace
    chip: np.ndarray
    quality: dict[str, Any]
    eyes: list[list[float]]
    vector: np.ndarray | None = None

    def embedded(self, vector: np.ndarray) -> CheckedPhotograph:
        return replace(self, vector=vector)

    @property
    def look(self) -> Look:
        """Return what tells it from other pictures, never from other people."""
        return Look([self.face], self.phash)


@dataclass(frozen=True, slots=True)
class KnownRecords:
    """What the database holds under some digests and record numbers at one time.

    No number is opened, however many photographs are there already: indexes are compared. photos: by SHA-256.
    records: the indexes of record numbers. holds: SHA-256 -> (decision, the rule it is held by). probes: those of the
    digests that are a probe's, as submitted, as shown or as prepared. booked: SHA-256 -> a probe (id), where the file
    was submitted only as a booking photograph.
    """

    photos: dict[str, KnownPhoto]
    records: set[str]
    holds: dict[str, tuple[str | None, str]]
    probes: frozenset[str]
    booked: dict[str, int]

    @classmethod
    def of(cls, items: Iterable[tuple[str, str]]) -> KnownRecords:
        """For (SHA-256, record number) pairs. Call it inside the unit of work too: what it says may have changed."""
        pairs = list(items)
        digests, records = {sha256 for sha256, _ in pairs}, {record for _, record in pairs}
        photos = db.session.execute(
            select(
                GalleryPhoto.sha256,
                GalleryPhoto.number_index,
                GalleryPerson.number_index,
                GalleryPhoto.uid,
                GalleryPhoto.removed_at,
            )
            .join(GalleryPerson, GalleryPhoto.person_id == GalleryPerson.id)
            .where(or_(GalleryPhoto.sha256.in_(digests), GalleryPhoto.record_number.in_(records)))
        ).all()
        holds = db.session.execute(
            select(GalleryHold.sha256, GalleryHold.decision, GalleryHold.photo_id).where(
                GalleryHold.sha256.in_(digests)
            )
        )
        probes = db.session.execute(
            select(ProbeImage.sha256, ProbeImage.shown_sha256, ProbeImage.source, ProbeImage.id).where(
                or_(ProbeImage.sha256.in_(digests), ProbeImage.shown_sha256.in_(digests))
            )
        ).all()
        derived = db.session.scalars(select(DerivedImage.sha256).where(DerivedImage.sha256.in_(digests))).all()
        as_probes = frozenset(one for row in probes for one in (row.sha256, row.shown_sha256) if one)
        booking = exclusion(BOOKING_PHOTOGRAPH)
        only_as = booking.only_as if booking.action == "hold" else ()
        otherwise = {
            one for row in probes if row.source not in only_as for one in (row.sha256, row.shown_sha256) if one
        } | set(derived)
        return cls(
            {
                sha256: KnownPhoto(record, person, uid, removed is not None)
                for sha256, record, person, uid, removed in photos
            },
            {record for _, record, _, _, _ in photos},
            {
                sha256: (decision, PROBE_LOOK_ALIKE if photo_id is None else SAME_PICTURE)
                for sha256, decision, photo_id in holds
            },
            as_probes | otherwise,
            {row.sha256: row.id for row in probes if row.sha256 not in otherwise},
        )

    def add(self, row: Row, sha256: str) -> None:
        """Count a photograph of the same batch as there."""
        record, person = GalleryPhoto.index_of(row["record_number"]), GalleryPerson.index_of(row["person_number"])
        self.photos[sha256] = KnownPhoto(record, person, "", False)
        self.records.add(record)


@enforces("CAP-3")
def check_row(row: Row, today: date) -> Refusal | None:
    """Check the manifest's statements against every rule of gallery/rules.toml; returns all reasons at once."""
    faults = check_eligibility(policy(), row.values)
    if faults:
        return Refusal(_unique(fault.rule_id for fault in faults), " ".join(fault.message for fault in faults))
    wrong = value_faults(row, today)
    return Refusal(("intake-value",), " ".join(wrong)) if wrong else None


@enforces("CAP-3", "CAP-4")
def check_known(row: Row, sha256: str, known: KnownRecords) -> Refusal | AlreadyThere | None:
    """Check digest and record number against the repository. A probe's digest is refused first (CAP-4)."""
    if sha256 in known.probes and sha256 not in known.booked:
        return Refusal((exclusion(PROBE_FILE).id,), "The file is an image that was submitted as a probe.")
    sealed = barred(row, sha256)
    if sealed is not None:
        return Refusal(("gallery-status",), sealed)
    record = GalleryPhoto.index_of(row["record_number"])
    if (there := known.photos.get(sha256)) is not None:
        if there.left:
            return Refusal(("gallery-status",), "This photograph left the repository before.")
        if there.person == GalleryPerson.index_of(row["person_number"]):
            return AlreadyThere(other=there.uid if there.record != record else None)
        # its own hold comes first: the decision on it may have been taken
        return _check_hold(sha256, known) or Refusal(
            (OTHER_PERSON,), "The same file is in the repository as a record of another person."
        )
    if record in known.records:
        return Refusal(("intake-record-taken",), "Another photograph already has this record number.")
    return _check_hold(sha256, known)


def exclusion(rule_id: str) -> ImageExclusion:
    """Return one rule on images that stay out of the repository, or wait for a person's decision."""
    return next(rule for rule in policy().gallery.exclusions if rule.id == rule_id)


def _check_hold(sha256: str, known: KnownRecords) -> Refusal | AlreadyThere | None:
    if sha256 not in known.holds:
        return None
    decision, rule = known.holds[sha256]
    if decision == "refused":
        return Refusal((rule,), "A person decided that this photograph does not enter.")
    return AlreadyThere(held=True)


def examine(row: Row, data: bytes) -> CheckedPhotograph | Refusal:
    """Decode a photograph and find its one face. Raises MatchingError when the detector cannot be used."""
    allowed = limits()
    try:
        bgr = decode(data, ImageLimits(allowed.max_bytes, allowed.max_pixels, allowed.max_aspect, FORMATS)).bgr
    except UnusableImage as fault:
        return Refusal(("intake-unreadable",), fault.message)
    faces = networks.detector().detect(bgr)
    if not faces:
        return Refusal(("intake-no-face",), "No face was found in the photograph.")
    if len(faces) > 1:
        return Refusal(("intake-several-faces",), f"{len(faces)} faces were found; a photograph must show one person.")
    height, width = bgr.shape[:2]
    chip = networks.extractor().chip(bgr, faces[0])
    return CheckedPhotograph(
        row,
        data,
        hashlib.sha256(data).hexdigest(),
        width,
        height,
        perceptual_hash(bgr),
        aligned(bgr, faces[0].points),
        chip,
        photograph_quality(bgr, faces[0]),
        faces[0].eyes,
    )


def _unique(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
