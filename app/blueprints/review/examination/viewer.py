"""The comparison viewer's data: the original probe, the photographs of a person or a line-up, marks on them.

`review/_viewer.html` draws a `Viewer` and knows nothing else: no candidate, no rank, no case. A page that must stay
blind gives it neutral keys and labels ("A", "Photograph A"), no prepared image and no marks; the page itself records
`faces.viewed` with every picture given here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from app.blueprints.images.links import face_url
from app.blueprints.review.identification.probe import window
from app.domain.identification.preparation import eyes_of, recipe_of_row
from app.imaging.recipe import trace
from app.models import Annotation, DerivedImage, GalleryPhoto, Search

Eyes = tuple[tuple[float, float], tuple[float, float]]


@dataclass(frozen=True, slots=True)
class ViewerImage:
    """One picture of the viewer.

    key: its name on the page and in `?photo=`. label: what stands under it; short: the same on the strip; alt: what it
    is in words, never whom it shows. size: (width, height) in pixels of the original; `eyes` in the same, image-left
    first, None where nobody looked for them. window: the part shown without JavaScript, as an SVG viewBox in those
    pixels.
    """

    key: str
    src: str
    label: str
    short: str
    alt: str
    size: tuple[int, int]
    eyes: Eyes | None
    window: str

    @property
    def eye_numbers(self) -> str:
        """Return the eyes as "x y x y", or an empty string."""
        return " ".join(f"{value:.1f}" for eye in self.eyes or () for value in eye)


@dataclass(frozen=True, slots=True)
class Mark:
    """A numbered mark: `probe` and `photo` are its points in pixels of the originals, `photograph` the key of one."""

    number: int
    kind: str
    probe: tuple[tuple[float, float], ...]
    photo: tuple[tuple[float, float], ...]
    photograph: str
    note: str
    version: int

    @property
    def drawing(self) -> str:
        """Return the JSON from which the page's script draws the mark."""
        shape = {
            "number": self.number,
            "kind": self.kind,
            "probe": self.probe,
            "photo": self.photo,
            "photograph": self.photograph,
        }
        return json.dumps(shape, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Viewer:
    """A viewer on a page. `name` begins its ids; `shown` is the key of the photograph beside the probe at first;
    `markable` that the page has the marks and their forms.

    address: where `?photo=KEY` leads without JavaScript. strip: what the row of photographs is called.
    """

    name: str
    probe: ViewerImage
    photographs: tuple[ViewerImage, ...]
    shown: str
    address: str
    strip: str = "All photographs, oldest first"
    prepared: ViewerImage | None = None
    marks: tuple[Mark, ...] = ()
    markable: bool = False

    @property
    def photograph(self) -> ViewerImage:
        """Return the photograph shown at first."""
        return next((one for one in self.photographs if one.key == self.shown), self.photographs[-1])

    def marks_of(self, key: str) -> list[Mark]:
        """Return the marks made on one of the photographs."""
        return [mark for mark in self.marks if mark.photograph == key]


def original(search: Search) -> ViewerImage:
    """Return the probe as submitted, on which every comparison is made (SRC-2)."""
    image, face = search.image, search.face
    return ViewerImage(
        "original",
        face_url("probe", image.uid),
        "Original probe",
        "Original",
        "Original probe, enlarged to its face",
        (image.width, image.height),
        eyes_of(face),
        window(image, face),
    )


def prepared(row: DerivedImage) -> ViewerImage:
    """Return the prepared image that was searched; it may be viewed but not compared."""
    stage = trace(recipe_of_row(row), (row.image.width, row.image.height))[-1]
    left, right = stage.points(eyes_of(row.face))
    return ViewerImage(
        "prepared",
        face_url("derived", row.uid),
        f"Prepared image {row.number}: searched, not compared",
        f"Prepared {row.number}",
        f"Prepared image {row.number}, made from the probe for the search",
        (row.width, row.height),
        (left, right),
        f"0 0 {row.width} {row.height}",
    )


def photograph(photo: GalleryPhoto, key: str, label: str, short: str, alt: str) -> ViewerImage:
    """Return a photograph of the repository under the names the page gives it."""
    eyes = photo.eyes
    return ViewerImage(
        key,
        face_url("photo", photo.uid),
        label,
        short,
        alt,
        (photo.width, photo.height),
        ((eyes[0][0], eyes[0][1]), (eyes[1][0], eyes[1][1])) if eyes else None,
        f"0 0 {photo.width} {photo.height}",
    )


def drawn_marks(rows: Iterable[Annotation]) -> tuple[Mark, ...]:
    """Marks for the viewer; the photograph's key is its uid."""
    return tuple(_mark(row, row.private) for row in rows)


def _mark(row: Annotation, private: Any) -> Mark:
    return Mark(
        row.number,
        private["kind"],
        tuple(map(tuple, private["probe"])),
        tuple(map(tuple, private["photo"])),
        row.photo.uid,
        private["note"],
        row.version,
    )
