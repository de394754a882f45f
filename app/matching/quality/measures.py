"""Plain measures of one face in one photograph, for REQ-7 and the examiner's own judgement of suitability.

They describe the picture, never the person (CAP-8), and know no limit: which value passes, stands in the policy.
The components are those of ISO/IEC 29794-5 that a picture and five points allow, in our own formulas: aligned with,
not conformant to, that standard.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from app.matching.alignment import face_chip
from app.matching.images import as_bgr
from app.matching.quality.detail import blocks, detail
from app.matching.quality.geometry import margins, pose
from app.matching.quality.light import light
from app.matching.types import Face

#: changes whenever a formula does; stored beside every measure
VERSION = "2"
CHIP = 128
# the five points of an upright face in a square of side 1 (dlib's mean shape with a quarter around it)
TEMPLATE = tuple(
    (x * CHIP, y * CHIP)
    for x, y in ((0.3170, 0.3107), (0.6698, 0.3107), (0.4934, 0.5104), (0.3361, 0.6868), (0.6507, 0.6868))
)
CHIP_APART = TEMPLATE[1][0] - TEMPLATE[0][0]
#: compression is looked for in the face and this many face widths around it
AROUND = 1.0


@dataclass(frozen=True, slots=True)
class Quality:
    """The measures of one face, each in its own unit.

    inter_eye: pixels between the eyes. detail: pixels between the eyes that would hold the detail there is.
    brightness: mean grey level, 0..255. bright_share: percent of the face at grey levels >= 247.
    levels: grey levels between the 2nd and the 98th percentile. side_ratio: brighter half / darker half, >= 1.
    blocks: percent, see `detail.blocks`. yaw, pitch, roll: degrees away from straight, >= 0.
    margin_side, margin_above, margin_below: from the middle between the eyes to the nearer side, the upper and the
    lower edge of the picture, in distances between the eyes. faces: faces in the picture. chroma: mean distance from
    grey in CIE Lab.
    """

    inter_eye: float
    detail: float
    brightness: float
    bright_share: float
    levels: float
    side_ratio: float
    blocks: float
    yaw: float
    pitch: float
    roll: float
    margin_side: float
    margin_above: float
    margin_below: float
    faces: float
    chroma: float


def measure(image: np.ndarray, face: Face, faces: int = 1) -> Quality:
    """Measure a face in the photograph it was found in, (h, w[, 1|3|4]) uint8, which shows ``faces`` faces.

    Raises ValueError for anything that is no image, or a face whose points coincide.
    """
    bgr = as_bgr(image)
    rows, columns = bgr.shape[:2]
    turned, room = pose(face.points), margins(face, columns, rows)
    chip = face_chip(bgr, face.points, TEMPLATE, CHIP)
    inside = _face_area()
    lit = light(chip, inside)
    held = detail(cv2.cvtColor(chip, cv2.COLOR_BGR2GRAY), inside, CHIP_APART)
    return Quality(
        inter_eye=face.inter_eye,
        detail=min(held, face.inter_eye),
        brightness=lit.brightness,
        bright_share=100 * lit.bright_share,
        levels=lit.levels,
        side_ratio=lit.side_ratio,
        blocks=blocks(cv2.cvtColor(_surroundings(bgr, face), cv2.COLOR_BGR2GRAY), face.inter_eye),
        yaw=abs(turned.yaw),
        pitch=abs(turned.pitch),
        roll=abs(turned.roll),
        margin_side=min(room.left, room.right),
        margin_above=room.above,
        margin_below=room.below,
        faces=float(faces),
        chroma=lit.chroma,
    )


def _face_area() -> np.ndarray:
    """(128, 128) bool: the ellipse around eyes, nose and mouth, without background and hair."""
    mask = np.zeros((CHIP, CHIP), np.uint8)
    cv2.ellipse(mask, (63, 66), (40, 48), 0, 0, 360, 255, cv2.FILLED)
    return mask > 0


def _surroundings(bgr: np.ndarray, face: Face) -> np.ndarray:
    """The part of the picture around the face, with the pixels as they are; the whole picture when none is left."""
    rows, columns = bgr.shape[:2]
    x1, y1, x2, y2 = face.box
    more = AROUND * face.width
    left, top = max(0, round(x1 - more)), max(0, round(y1 - more))
    part = bgr[top : min(rows, round(y2 + more)), left : min(columns, round(x2 + more))]
    return part if part.size else bgr
