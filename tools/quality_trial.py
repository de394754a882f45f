"""Photographs made worse in known ways, and how often the right person still comes first: what the limits rest on.

A sweep spoils photographs in one way, level by level, and every copy then goes through the same plain camera (noise of
3 grey levels, JPEG of quality 50), since no still from a recording lacks these two.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np

from app.matching.detector import FaceDetector
from app.matching.extractor import TemplateExtractor
from app.matching.quality.measures import Quality, measure
from app.matching.types import Face

Image = np.ndarray
#: the width of the face box at which every way of spoiling but shrinking starts
BASE = 128
NOISE, JPEG = 3.0, 50


@dataclass(frozen=True, slots=True)
class Spoiled:
    """One way to spoil a photograph, at one level. make(image, face, seed) gives the copy, (h, w, 3) uint8 BGR."""

    sweep: str
    level: str
    make: Callable[[Image, Face, int], Image]


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of one spoiled photograph. quality: None when no face was found. first: the share of its person's
    other photographs, each alone on file, that came first in the clean gallery, 0..1."""

    sweep: str
    level: str
    quality: Quality | None
    first: float


def shrink(image: Image, face: Face, box: float) -> Image:
    """A copy in which the face box is ``box`` pixels wide; nothing is enlarged."""
    scale = min(1.0, box / face.width)
    return cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def camera(pixels: np.ndarray, seed: int, noise: float = NOISE, quality: int = JPEG) -> Image:
    """Grey levels, (h, w, 3) of any number type, as a plain camera would record them: noise, then one JPEG."""
    grain = np.random.default_rng(seed).normal(0, noise, pixels.shape)
    sensed = np.clip(np.round(pixels + grain), 0, 255).astype(np.uint8)
    recorded = cv2.imencode(".jpg", sensed, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    shown = cv2.imdecode(recorded, cv2.IMREAD_COLOR)
    assert shown is not None  # written a line above
    return shown


def _shrunk(image: Image, face: Face, seed: int, *, box: float, quality: int = JPEG) -> Image:
    return camera(shrink(image, face, box), seed, quality=quality)


def _blurred(image: Image, face: Face, seed: int, *, share: float) -> Image:
    return camera(cv2.GaussianBlur(shrink(image, face, BASE), (0, 0), share * BASE), seed)


def _lit(image: Image, face: Face, seed: int, *, gain: float) -> Image:
    return camera(shrink(image, face, BASE) * float(gain), seed)


def _flat(image: Image, face: Face, seed: int, *, factor: float) -> Image:
    base = shrink(image, face, BASE).astype(np.float64)
    return camera(128 + (base - base.mean()) * factor, seed)


def _lit_from_the_side(image: Image, face: Face, seed: int, *, ratio: float) -> Image:
    """The light falls off across the face, by ``ratio`` from one temple to the other."""
    base = shrink(image, face, BASE)
    scale = base.shape[1] / image.shape[1]
    middle, apart = float(face.points[:2, 0].mean()) * scale, face.inter_eye * scale
    across = np.clip((np.arange(base.shape[1]) - middle) / (2 * apart) + 0.5, 0, 1)
    return camera(base * (ratio**-across)[None, :, None], seed)


def _rolled(image: Image, face: Face, seed: int, *, degrees: float) -> Image:
    base = shrink(image, face, BASE)
    rows, columns = base.shape[:2]
    side = int(np.hypot(rows, columns)) + 2
    turn = cv2.getRotationMatrix2D((columns / 2, rows / 2), degrees, 1)
    turn[:, 2] += ((side - columns) / 2, (side - rows) / 2)
    return camera(cv2.warpAffine(base, turn, (side, side), borderMode=cv2.BORDER_REPLICATE), seed)


def _cut(image: Image, face: Face, seed: int, *, edge: str, room: float) -> Image:
    """Cut off at ``edge`` (left, above, below), ``room`` distances between the eyes from the middle between them."""
    base = shrink(image, face, BASE)
    scale = base.shape[1] / image.shape[1]
    x, y = face.points[:2].mean(axis=0) * scale
    room *= face.inter_eye * scale
    match edge:
        case "left":
            base = base[:, max(0, round(x - room)) :]
        case "above":
            base = base[max(0, round(y - room)) :]
        case _:
            base = base[: max(1, round(y + room))]
    return camera(base, seed)


def _grey(image: Image, face: Face, seed: int) -> Image:
    grey = cv2.cvtColor(camera(shrink(image, face, BASE), seed), cv2.COLOR_BGR2GRAY)
    return cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)


def _mixed(image: Image, face: Face, seed: int, *, box: float, blur: float, gain: float, quality: int) -> Image:
    small = shrink(image, face, box)
    small = cv2.GaussianBlur(small, (0, 0), blur * box) if blur else small
    return camera(small * float(gain), seed, quality=quality)


def _sweep(name: str, make: Callable[..., Image], argument: str, levels: Sequence[float]) -> Iterator[Spoiled]:
    for level in levels:
        yield Spoiled(name, f"{level:g}", partial(make, **{argument: level}))


def degradations() -> tuple[Spoiled, ...]:
    """Every degradation that the table tries, in its order."""
    found = [
        Spoiled("as it is", "", lambda image, _face, _seed: image),
        *_sweep("size", _shrunk, "box", (128, 96, 64, 48, 40, 32, 28, 24, 20, 16)),
        *_sweep("blur", _blurred, "share", (0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1)),
        *_sweep("dark", _lit, "gain", (0.5, 0.25, 0.15, 0.12, 0.1, 0.08, 0.06, 0.04)),
        *_sweep("bright", _lit, "gain", (1.3, 1.6, 2, 2.5, 3, 4, 6)),
        *_sweep("flat", _flat, "factor", (0.5, 0.25, 0.16, 0.12, 0.1, 0.08, 0.06, 0.04)),
        *_sweep("side light", _lit_from_the_side, "ratio", (2, 4, 8, 16, 32, 64, 128)),
    ]
    for box in (96, 48, 32):
        make = partial(_shrunk, box=box)
        found += _sweep(f"JPEG at {box} px", make, "quality", (60, 30, 20, 15, 10, 7, 5, 3))
    found += _sweep("roll", _rolled, "degrees", (15, 30, 45, 60, 75, 90, 105, 120, 150, 180))
    found += _sweep("cut at the side", partial(_cut, edge="left"), "room", (1.2, 0.8, 0.6, 0.4, 0.2, 0.1, 0, -0.2))
    found += _sweep("cut above", partial(_cut, edge="above"), "room", (1.2, 0.6, 0.3, 0.1, 0, -0.1, -0.2, -0.4))
    found += _sweep("cut below", partial(_cut, edge="below"), "room", (2, 1.5, 1.2, 0.9, 0.7, 0.5, 0.3, 0.15))
    found.append(Spoiled("shades of grey", "", _grey))
    for box in (96, 48, 32):
        for blur in (0.0, 0.03):
            for gain in (1.0, 0.15):
                for quality in (50, 20):
                    level = f"{box} px, blur {blur:g}, light {gain:g}, JPEG {quality}"
                    found.append(
                        Spoiled("mixed", level, partial(_mixed, box=box, blur=blur, gain=gain, quality=quality))
                    )
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Gallery:
    """The clean gallery: unit templates, (n, d), the person of each, and templates of strangers, (m, d)."""

    templates: np.ndarray
    people: tuple[str, ...]
    strangers: np.ndarray

    def first(self, probe: np.ndarray, person: str, itself: int | None) -> float:
        """The share of the person's photographs (but ``itself``) that, alone on file, beat everybody else's, 0..1.

        Raises ValueError when the person has no other photograph.
        """
        scores = self.templates @ probe
        own = np.array([who == person for who in self.people])
        rivals = np.concatenate([scores[~own], self.strangers @ probe])
        if itself is not None:
            own[itself] = False
        if not own.any():
            raise ValueError("A probe needs another photograph of its person in the gallery.")
        return float((scores[own] > rivals.max(initial=-1.0)).mean())


def try_one(
    way: Spoiled,
    image: Image,
    face: Face,
    seed: int,
    detector: FaceDetector,
    extractor: TemplateExtractor,
    first: Callable[[np.ndarray], float],
) -> Trial:
    """Spoil one photograph, find the face anew, measure it and search with it; ``first`` judges its template."""
    spoiled = np.ascontiguousarray(way.make(image, face, seed))
    faces = detector.detect(spoiled)
    if not faces:
        return Trial(way.sweep, way.level, None, 0.0)
    found = faces[0]
    return Trial(way.sweep, way.level, measure(spoiled, found, len(faces)), first(extractor.embed(spoiled, [found])[0]))
