"""The probe on pages: always the original picture, and the same picture enlarged to its face."""

from __future__ import annotations

from dataclasses import dataclass

from app.blueprints.images.links import face_url
from app.models import DetectedFace, GalleryPhoto, ProbeImage, ProficiencyPicture, Search
from app.models.base import filled

#: width to height of the window on a face, that of a mugshot
WINDOW = 4 / 5
#: the face takes this part of the window's height, as it does in a mugshot
FACE_PART = 0.5


@dataclass(frozen=True, slots=True)
class ShownProbe:
    """A probe on a page: the address of its picture, its size, its faces as (x, y, width, height), a window on one."""

    src: str
    natural: tuple[int, int]
    faces: list[tuple[float, float, float, float]]
    chosen: int | None
    window: str


def rectangle(face: DetectedFace | ProficiencyPicture) -> tuple[float, float, float, float]:
    """(x, y, width, height) of a face in pixels of its image."""
    x1, y1, x2, y2 = filled(face.box)
    return round(x1, 1), round(y1, 1), round(x2 - x1, 1), round(y2 - y1, 1)


def window(image: ProbeImage | ProficiencyPicture, face: DetectedFace | ProficiencyPicture) -> str:
    """The SVG viewBox around a face, kept inside the picture where it fits."""
    x, y, width, height = rectangle(face)
    tall = min(max(height, width / WINDOW) / FACE_PART, float(image.height))
    wide = tall * WINDOW
    left = min(max(x + width / 2 - wide / 2, 0), max(image.width - wide, 0))
    top = min(max(y + height * 0.45 - tall / 2, 0), max(image.height - tall, 0))
    return f"{left:.1f} {top:.1f} {wide:.1f} {tall:.1f}"


def shown_probe(search: Search) -> ShownProbe:
    """The selected probe of a search."""
    image, face = search.image, search.face
    return ShownProbe(
        face_url("probe", image.uid), (image.width, image.height), [rectangle(face)], 0, window(image, face)
    )


@dataclass(frozen=True, slots=True)
class ShownPhoto:
    """One photograph of a candidate."""

    photo: GalleryPhoto
    src: str


def shown_photos(photos: list[GalleryPhoto]) -> list[ShownPhoto]:
    """The photographs still held of one person, in the order of time."""
    held = sorted((p for p in photos if p.removed_at is None), key=lambda photo: (photo.taken_on, photo.id))
    return [ShownPhoto(photo, face_url("photo", photo.uid)) for photo in held]
