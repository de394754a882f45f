"""The facts of a round's comparison document, gathered from the records (SRC-2)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from app.access.actor import Actor
from app.documents.examination.comparison import Comparison, ComparisonFacts, Picture, PrintedMark
from app.domain.accounts.naming import UNIT, here, person_of
from app.domain.examination.annotations import marks_on
from app.domain.examination.printed_contradictions import printed_contradictions
from app.domain.gallery.photographs import stored
from app.domain.serving import left_among, left_at
from app.extensions import settings, stores
from app.imaging import display_copy
from app.imaging.recipe_ops import Pixels, pixels_of
from app.models import Account, Annotation, Candidate, GalleryPhoto, Round
from app.models.base import now
from app.policy import policy

#: the longer side of a printed picture, in pixels
PICTURE = 1000
#: how much is shown around a face, as a part of its size, and around a mark, in parts of the picture
AROUND, MARGIN = 0.8, 0.03


def gather_comparison(round_: Round, actor: Actor, printed_by: Account) -> ComparisonFacts:
    """Gather every marked photograph of a round, and always the nominee's. Raises StorageError for unreadable ones."""
    marks = marks_on(round_, actor)
    probe = _probe_pixels(round_)
    return ComparisonFacts(
        department=settings().department,
        unit=UNIT,
        request_number=round_.request.number,
        case_number=round_.request.case_number,
        round_number=round_.number,
        examiner=person_of(round_.examiner, "examiner"),
        began_at=_moment(round_.created_at),
        printed_at=_moment(now()),
        printed_by=person_of(printed_by, None),
        probe_sha256=round_.search.image.sha256,
        comparisons=tuple(
            _comparison(round_, probe, candidate, photo, [row for row in marks if row.photo_id == photo.id])
            for candidate, photo in _pairs(round_, marks)
        ),
        contradictions=tuple(
            (f"candidate {check.candidate.shown_order}", printed_contradictions(round_, check.candidate))
            for check in sorted(round_.background_checks, key=lambda one: one.candidate is not round_.nominee)
        ),
        policy_version=policy().version,
        demonstration=settings().demonstration,
    )


def printed_faces(round_: Round, actor: Actor) -> list[str]:
    """Return the uids of the pictures that the document shows."""
    pairs = _pairs(round_, marks_on(round_, actor))
    photos = [photo for _, photo in pairs]
    kept = [photo.uid for photo, left in zip(photos, left_among(photos), strict=True) if left is None]
    return [round_.search.image.uid, *kept] if pairs else []


def _pairs(round_: Round, marks: Iterable[Annotation]) -> list[tuple[Candidate, GalleryPhoto]]:
    """Return the (candidate, photograph) pairs to print: the nominee's first, then in the order shown."""
    found = {(row.candidate, row.photo) for row in marks}
    nominee = round_.nominee
    if nominee is not None and all(candidate is not nominee for candidate, _ in found):
        found.add((nominee, nominee.photo))
    return sorted(found, key=lambda pair: (pair[0] is not nominee, pair[0].shown_order, pair[1].taken_on, pair[1].id))


def _comparison(
    round_: Round, probe: Pixels, candidate: Candidate, photo: GalleryPhoto, marks: list[Annotation]
) -> Comparison:
    drawn = tuple(_mark(row) for row in marks)
    held = left_at(photo) is None
    row = round_.disposition_of(candidate)
    result = policy().review.dispositions[row.verdict].title if row else "Not disposed"
    x1, y1, x2, y2 = round_.search.face.box
    wide, high = (x2 - x1) * AROUND, (y2 - y1) * AROUND
    corners = [(x1 - wide, y1 - high), (x2 + wide, y2 + high)]
    corners += [point for mark in drawn for point in mark.probe]
    return Comparison(
        title=f"Candidate {candidate.shown_order}, photograph of {photo.taken_on:%Y-%m-%d}",
        result=f"{result}; nominated" if candidate is round_.nominee else result,
        probe=_picture(
            probe,
            _part(corners, (round_.search.image.width, round_.search.image.height)),
            (round_.search.image.width, round_.search.image.height),
            "Original probe, the part compared",
        ),
        photo=_photograph(photo) if held else None,
        marks=drawn,
        policy_version=(row.policy_version or None) if row else None,
    )


def _probe_pixels(round_: Round) -> Pixels:
    image = round_.search.image
    return pixels_of(stores().blobs.get(image.shown_blob_id or "", image.key_id, image.shown_sha256 or ""))


def _photograph(photo: GalleryPhoto) -> Picture:
    pixels = pixels_of(stored(photo))
    size = (photo.width, photo.height)
    return _picture(pixels, (0, 0, *size), size, f"Record {photo.record_number}")


def _part(corners: list[tuple[float, float]], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return (left, top, width, height) around points, kept inside the picture."""
    width, height = size
    room = MARGIN * max(size)
    left, right = max(0, min(x for x, _ in corners) - room), min(width, max(x for x, _ in corners) + room)
    top, bottom = max(0, min(y for _, y in corners) - room), min(height, max(y for _, y in corners) + room)
    return int(left), int(top), max(1, int(right) - int(left)), max(1, int(bottom) - int(top))


def _picture(pixels: Pixels, part: tuple[int, int, int, int], size: tuple[int, int], caption: str) -> Picture:
    """Cut a part, given in pixels of the original, from a copy that may be smaller."""
    x, y, width, height = part
    scale = pixels.shape[1] / size[0]
    rows = slice(round(y * scale), max(round(y * scale) + 1, round((y + height) * scale)))
    columns = slice(round(x * scale), max(round(x * scale) + 1, round((x + width) * scale)))
    return Picture(display_copy(pixels[rows, columns], PICTURE), part, caption)


def _mark(row: Annotation) -> PrintedMark:
    private = row.private
    label = next(kind.label for kind in policy().review.marks.kinds if kind.value == private["kind"])
    probe, photo = (tuple((x, y) for x, y in private[side]) for side in ("probe", "photo"))
    return PrintedMark(row.number, private["kind"], label, probe, photo, private["note"])


def _moment(moment: datetime) -> datetime:
    at = here(moment)
    assert at is not None
    return at
