"""What may enter the repository: every row of a manifest against CAP-3 and CAP-4, then its photograph."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
from sqlalchemy import or_, select

from app.domain.intake_manifest import Row, file_below, leads_outside, value_faults
from app.domain.probe_images import limits
from app.extensions import db
from app.imaging import ImageLimits, UnusableImage, decode
from app.jobs import engines
from app.matching.perceptual import perceptual_hash
from app.models import DerivedImage, GalleryHold, GalleryPerson, GalleryPhoto, ProbeImage
from app.policy import policy
from app.policy.enforcement import enforces
from app.policy.facts import check_eligibility

#: a browser shows these as they are; the repository keeps one file per photograph, the original
FORMATS = ("JPEG", "PNG")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a row does not enter: ids of policy rules, or of intake's own checks (“intake-…”), and sentences."""

    rules: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class AlreadyThere:
    """The photograph was taken in, or held, by an earlier run; nothing is to be done."""

    held: bool = False


@dataclass(frozen=True, slots=True)
class Examined:
    """A photograph that can be compared: its bytes, pixels' size, hash, one face as the extractor sees it.

    chip: (size, size, 3) uint8 BGR. eyes: ((x, y), (x, y)) in its pixels, image-left first. vector: (d,) float32 of
    length 1, once it was embedded.
    """

    row: Row
    data: bytes
    sha256: str
    width: int
    height: int
    phash: str
    chip: np.ndarray
    eyes: list[list[float]]
    vector: np.ndarray | None = None

    def embedded(self, vector: np.ndarray) -> Examined:
        return replace(self, vector=vector)


@dataclass(frozen=True, slots=True)
class Known:
    """What the database holds of some digests and record numbers at one moment.

    photos: SHA-256 -> (record number, person number, whether it left). records: record number -> SHA-256.
    holds: SHA-256 -> decision. probes: those of the digests that are a probe's, as submitted or as shown.
    """

    photos: dict[str, tuple[str, str, bool]]
    records: dict[str, str]
    holds: dict[str, str | None]
    probes: frozenset[str]

    @classmethod
    def of(cls, items: Iterable[tuple[str, str]]) -> Known:
        """For (SHA-256, record number) pairs. Call it inside the unit of work too: what it says may have changed."""
        pairs = list(items)
        digests, records = {sha256 for sha256, _ in pairs}, {record for _, record in pairs}
        photos = db.session.execute(
            select(
                GalleryPhoto.sha256,
                GalleryPhoto.record_number,
                GalleryPerson.person_number,
                GalleryPhoto.removed_at,
            )
            .join(GalleryPerson, GalleryPhoto.person_id == GalleryPerson.id)
            .where(or_(GalleryPhoto.sha256.in_(digests), GalleryPhoto.record_number.in_(records)))
        ).all()
        holds = db.session.execute(
            select(GalleryHold.sha256, GalleryHold.decision).where(GalleryHold.sha256.in_(digests))
        )
        probes = db.session.execute(
            select(ProbeImage.sha256, ProbeImage.shown_sha256).where(
                or_(ProbeImage.sha256.in_(digests), ProbeImage.shown_sha256.in_(digests))
            )
        )
        derived = db.session.scalars(select(DerivedImage.sha256).where(DerivedImage.sha256.in_(digests)))
        return cls(
            {sha256: (record, person, removed is not None) for sha256, record, person, removed in photos},
            {record: sha256 for sha256, record, _, _ in photos},
            dict(holds.all()),
            frozenset(digest for pair in probes for digest in pair if digest) | frozenset(derived),
        )

    def add(self, row: Row, sha256: str) -> None:
        """Count a photograph of the same batch as there."""
        self.photos[sha256] = (row["record_number"], row["person_number"], False)
        self.records[row["record_number"]] = sha256


@enforces("CAP-3")
def check_row(row: Row, today: date) -> Refusal | None:
    """The manifest's own statements against every rule of gallery.toml; all reasons at once."""
    faults = check_eligibility(policy(), row.values)
    if faults:
        return Refusal(_unique(fault.rule_id for fault in faults), " ".join(fault.message for fault in faults))
    wrong = value_faults(row, today)
    return Refusal(("intake-value",), " ".join(wrong)) if wrong else None


@enforces("CAP-3", "CAP-4")
def check_known(row: Row, sha256: str, known: Known) -> Refusal | AlreadyThere | None:
    """The digest and the record number against what is there. A probe's digest is refused before all else (CAP-4)."""
    if sha256 in known.probes:
        rule = next(rule for rule in policy().gallery.exclusions if rule.test == "same_digest")
        return Refusal((rule.id,), "The file is an image that was submitted as a probe.")
    if sha256 in known.photos:
        record, person, removed = known.photos[sha256]
        if removed:
            return Refusal(("gallery-status",), f"This photograph left the repository as record {record}.")
        if person != row["person_number"]:
            return Refusal(
                ("intake-other-person",), f"The same file is in the repository as record {record} of another person."
            )
        return AlreadyThere()
    if row["record_number"] in known.records:
        return Refusal(("intake-record-taken",), "Another photograph already has this record number.")
    if sha256 in known.holds:
        if known.holds[sha256] == "refused":
            return Refusal(("probe-look-alike",), "A person decided that this photograph does not enter.")
        return AlreadyThere(held=True)
    return None


def read_photograph(folder: Path, row: Row) -> bytes | Refusal:
    """The file's bytes, read only from below the folder and only up to the policy's size."""
    if leads_outside(folder, row["file"]):
        return Refusal(("intake-path",), "The file's path leads out of the import folder.")
    path = file_below(folder, row["file"])
    if path is None:
        return Refusal(("intake-file",), "There is no such file in the import folder.")
    most = limits().max_bytes
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        return Refusal(("intake-file",), f"The file cannot be read: {error.strerror}.")
    if len(data) > most:
        return Refusal(("intake-unreadable",), f"The file is larger than {most // 1024**2} MB.")
    return data


def examine(row: Row, data: bytes) -> Examined | Refusal:
    """Decode a photograph and find its one face. Raises MatchingError when the detector cannot be used."""
    allowed = limits()
    try:
        bgr = decode(data, ImageLimits(allowed.max_bytes, allowed.max_pixels, allowed.max_aspect, FORMATS)).bgr
    except UnusableImage as fault:
        return Refusal(("intake-unreadable",), fault.message)
    faces = engines.detector().detect(bgr)
    if not faces:
        return Refusal(("intake-no-face",), "No face was found in the photograph.")
    if len(faces) > 1:
        return Refusal(("intake-several-faces",), f"{len(faces)} faces were found; a photograph must show one person.")
    height, width = bgr.shape[:2]
    chip = engines.extractor().chip(bgr, faces[0])
    digest, eyes = hashlib.sha256(data).hexdigest(), faces[0].eyes
    return Examined(row, data, digest, width, height, perceptual_hash(bgr), chip, eyes)


def _unique(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
