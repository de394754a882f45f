"""Checks one uploaded probe image: decodes within limits, finds the faces, makes the copy to look at (REQ-3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from app.access.actor import system_actor
from app.clauses import enforces
from app.domain.algorithms.networks import detector
from app.domain.gallery.look_alikes import Compared, ProbeComparison
from app.domain.gallery.resemblance import resemble
from app.domain.identification.image_quality import described
from app.domain.numbers import take_turn
from app.domain.requests.images import JOB, finish_check, limits
from app.extensions import db, stores
from app.imaging import ExifFacts, UnusableImage, decode, shown_copy
from app.jobs.registry import JobFailed, Retry, handles
from app.matching.errors import MatchingError
from app.matching.perceptual import perceptual_hash
from app.matching.same_photograph import Look, aligned
from app.matching.types import Face
from app.models.base import filled
from app.models.engine import Job
from app.models.requests import DetectedFace, ProbeImage
from app.policy import policy
from app.storage import DiskFailure, StorageError, masked
from app.unit_of_work import Conflict, unit_of_work

Answer = TypeVar("Answer")
_QUARTERS = (cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_COUNTERCLOCKWISE)


@dataclass(frozen=True, slots=True)
class Finding:
    """The findings of the check: the image's state, a sentence when it is unusable, its pixels and faces."""

    state: str
    problem: str | None = None
    bgr: NDArray[np.uint8] | None = None
    exif: ExifFacts | None = None
    faces: tuple[Face, ...] = ()


def not_checked(row: Job, cause: str) -> None:
    """Mark the image as not checked when the job gave up, so that nobody waits for ever."""
    image = _image(row.subject_id)
    if image is None or image.state != "checking":
        return
    with unit_of_work():
        if image.state == "checking":
            finish_check(image, system_actor(), "not_checked", f"The image could not be checked: {cause}")


@handles(JOB, on_failure=not_checked)
def check_image(row: Job) -> None:
    """Check an image once; a second run finds it checked and changes nothing.

    Raises Retry when the disk fails, JobFailed when the stored bytes or the face detector cannot be used.
    """
    image = _image(row.subject_id)
    if image is None or image.removed_at is not None or image.state != "checking":
        return
    key_id = image.key_id
    data = _stored(lambda: stores().blobs.get(image.blob_id, key_id, image.sha256))
    finding = examine(data)
    shown = None
    columns: dict[str, object] = {}
    look, near, compared, comparison = None, list[int](), Compared(), ProbeComparison()
    bgr = finding.bgr
    if bgr is not None:
        phash = perceptual_hash(bgr)
        look = _look(phash, finding)
        near = _near(image, look, comparison.near)
        compared = comparison.compare(look, near)
        shown = _stored(lambda: stores().blobs.put(key_id, shown_copy(bgr)))
        height, width = bgr.shape[:2]
        columns = {
            "shown_blob_id": shown.id,
            "shown_sha256": shown.sha256,
            "phash": phash,
            "width": width,
            "height": height,
        }
    with unit_of_work():
        take_turn("checks")
        if look is not None and not set(_near(image, look, comparison.near_since)) <= set(near):
            # checked at the same time: neither would know of the other, were it not compared anew
            raise Conflict("an image like this one was checked meanwhile")
        if image.state == "checking" and image.removed_at is None:
            for position, face in enumerate(finding.faces, 1):
                db.session.add(detected(image, position, face, filled(bgr), len(finding.faces)))
            resemble(image, system_actor(), compared)
            if finding.exif is not None:
                image.seal(exif=dict(finding.exif))
            db.session.flush()
            finish_check(image, system_actor(), finding.state, finding.problem, **columns)
            shown = None
    if shown is not None:
        # another run was quicker: its copy is the one recorded
        stores().blobs.destroy(shown.id)


@enforces("REQ-3", "LIM-3", "CAP-8")
def examine(data: bytes) -> Finding:
    """Decode an upload and find its faces, left to right. Raises JobFailed when the detector cannot be used."""
    try:
        decoded = decode(data, limits())
    except UnusableImage as fault:
        return Finding("unreadable", fault.message)
    bgr, exif = decoded.bgr, decoded.exif_summary
    try:
        faces = tuple(sorted(detector().detect(bgr), key=lambda face: face.box))
    except MatchingError as fault:
        raise JobFailed(str(fault)) from fault
    most = policy().request.images.max_faces
    if not faces:
        problem = "No face was found. Send a photograph in which the face is larger or clearer."
        return Finding("no_face", problem, bgr, exif)
    if len(faces) > most:
        problem = (
            f"{len(faces)} faces were found; a photograph may show at most {most}, since pictures of crowds are "
            "not analyzed. Send another moment, with fewer people."
        )
        return Finding("too_many_faces", problem, bgr, exif)
    return Finding("ready", None, bgr, exif, faces)


@enforces("AUD-1", "LIM-5")
def _look(phash: str, finding: Finding) -> Look:
    """Return what tells an image from others as a photograph, never as a person. Raises JobFailed.

    Faces are looked for in the picture turned by quarters too: turned back, it may be searched all the same.
    """
    faces = [] if finding.bgr is None else [aligned(finding.bgr, face.points) for face in finding.faces]
    most = policy().request.images.max_faces
    for quarter in _QUARTERS if faces else ():
        turned = cv2.rotate(filled(finding.bgr), quarter)
        try:
            faces += [aligned(turned, face.points) for face in detector().detect(turned)[:most]]
        except MatchingError as fault:
            raise JobFailed(str(fault)) from fault
    return Look(faces, phash)


def _near(image: ProbeImage, look: Look, named: Callable[[dict[str, Look]], dict[str, list[int]]]) -> list[int]:
    """Return the other images that the hashes name, nearest first; none for a picture without a face.

    What is found the same is kept, so that a search says what was searched before (app.domain.identification.lineage).
    """
    if not look.faces:
        return []
    return [one for one in named({"it": look})["it"] if one != image.id]


def detected(image: ProbeImage, position: int, face: Face, bgr: NDArray[np.uint8], faces: int) -> DetectedFace:
    """Build the row for a face of a picture that shows ``faces``; position counts from 1."""
    row = DetectedFace(
        image=image,
        position=position,
        box=[float(value) for value in face.box],
        points=[[float(x), float(y)] for x, y in face.points],
        detector_score=float(face.score),
        inter_eye=face.inter_eye,
        quality=described(bgr, face, faces),
    )
    row.face_hash = masked(stores().keys, row.uid, aligned(bgr, face.points).hash)
    return row


def _image(uid: str) -> ProbeImage | None:
    return db.session.scalars(select(ProbeImage).where(ProbeImage.uid == uid)).one_or_none()


def _stored(work: Callable[[], Answer]) -> Answer:
    try:
        return work()
    except DiskFailure as fault:
        raise Retry(str(fault)) from fault
    except StorageError as fault:
        raise JobFailed(str(fault)) from fault
