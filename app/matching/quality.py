"""Plain measures of one face in one photograph, for REQ-7 and the examiner's own judgement of suitability.

They describe the picture, never the person (CAP-8). They follow the idea of ISO/IEC 29794-5 components, in
our own formulas: no conformance is claimed.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from app.matching.alignment import face_chip
from app.matching.images import as_bgr
from app.matching.types import Face

_CHIP = 128
# the five points of an upright face in a square of side 1 (dlib's mean shape with a quarter around it)
_TEMPLATE = tuple(
    (x * _CHIP, y * _CHIP)
    for x, y in ((0.3170, 0.3107), (0.6698, 0.3107), (0.4934, 0.5104), (0.3361, 0.6868), (0.6507, 0.6868))
)
_DARK, _BRIGHT = 25, 247


@dataclass(frozen=True, slots=True)
class Quality:
    """inter_eye: pixels between the eyes in the photograph. sharpness: variance of the Laplacian of the grey
    aligned chip after its contrast is brought to one standard deviation of 50 grey levels; higher is sharper.
    luminance: mean grey of the face, 0..255. dark_share, bright_share: shares of the face, 0..1, so dark
    (grey <= 25) or so bright (grey >= 247) that no detail is left."""

    inter_eye: float
    sharpness: float
    luminance: float
    dark_share: float
    bright_share: float


@dataclass(frozen=True, slots=True)
class Suitability:
    """A hint, never a decision: code for machines, text for the examiner and the notice of REQ-7."""

    code: str
    text: str


def measure(image: np.ndarray, face: Face) -> Quality:
    """Measure a face in the photograph it was found in, (h, w[, 1|3|4]) uint8. Raises ValueError."""
    chip = cv2.cvtColor(face_chip(as_bgr(image), face.points, _TEMPLATE, _CHIP), cv2.COLOR_BGR2GRAY)
    inside = _face_area()
    grey = chip[inside].astype(np.float64)
    contrast = max(float(grey.std()), 1.0)
    edges = cv2.Laplacian(chip.astype(np.float32) * (50 / contrast), cv2.CV_32F)
    return Quality(
        inter_eye=face.inter_eye,
        sharpness=float(edges[inside].var()),
        luminance=float(grey.mean()),
        dark_share=float((grey <= _DARK).mean()),
        bright_share=float((grey >= _BRIGHT).mean()),
    )


def _face_area() -> np.ndarray:
    """(128, 128) bool: the ellipse around eyes, nose and mouth, without background and hair."""
    mask = np.zeros((_CHIP, _CHIP), np.uint8)
    cv2.ellipse(mask, (63, 66), (40, 48), 0, 0, 360, 255, cv2.FILLED)
    return mask > 0


def hints(quality: Quality) -> tuple[Suitability, ...]:
    """What speaks against searching with this face; empty when nothing does.

    Limits measured with the bundled network (docs/decisions/0003-face-models-and-search.md); a person decides.
    """
    found = []
    if quality.inter_eye < 14:
        found.append(Suitability("face_very_small", "The eyes are under 14 pixels apart; a search would mislead."))
    elif quality.inter_eye < 20:
        found.append(Suitability("face_small", "The eyes are under 20 pixels apart; a search may mislead."))
    if quality.sharpness < 35:
        found.append(Suitability("blurred", "The face is blurred."))
    if quality.luminance < 50 or quality.dark_share > 0.25:
        found.append(Suitability("dark", "The face is too dark; its details are lost."))
    if quality.luminance > 225 or quality.bright_share > 0.15:
        found.append(Suitability("bright", "The face is too bright; its details are lost."))
    return tuple(found)
