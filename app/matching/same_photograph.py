"""Recognition of one photograph in two files: cut, scaled, turned, mirrored, saved anew, relit, blurred (AUD-1, CAP-4).

The same photograph, never the same person (LIM-5): the hash of the aligned face only finds a few among many; what
decides are the pixels around the face, registered on each other. Two photographs of a person differ in pose, light and
what surrounds the face, and their fine detail does not agree wherever it is laid. No face template is made here.

Measured by `flask matching same-photographs` (docs/decisions/0046-the-same-photograph.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from app.matching.alignment import face_chip
from app.matching.perceptual import BITS

#: pixels a side of an aligned face, whose eyes lie 36 pixels apart: the head and what surrounds it
SIDE = 192
_POINTS = tuple(
    (96 + 36 * x, 96 + 36 * y) for x, y in ((-0.5, -0.46), (0.5, -0.46), (0, 0.11), (-0.41, 0.68), (0.41, 0.68))
)
#: what is hashed of it: from the brows to the chin, which a crop leaves
_CORE = slice(44, 148)
#: how a detector's points shift on an edited copy: to the right, down (pixels), scale, turn (degrees)
_SHIFTS = (
    (0, 0, 1.0, 0),
    *((x, y, 1.0, 0) for x, y in ((4, 0), (-4, 0), (0, 4), (0, -4))),
    *((0, 0, scale, 0) for scale in (1.06, 0.94)),
    *((0, 0, 1.0, turn) for turn in (3, -3)),
)
#: bits in which the hashes of an edited copy may differ
SAME_BITS = 11
#: bands of detail (sigmas of two blurs, pixels) with the correlation from which registered pictures are one photograph.
#: Noise and blur take the first away and leave the second, in which other photographs of a person agree more too.
SAME_PIXELS = ((1.0, 4.0, 0.945), (3.0, 10.0, 0.99))
#: correlation in the last band from which a registration with perspective is worth its time, and taking noise away
_NEAR, _NEARER = 0.8, 0.95
_STEPS = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 60, 1e-5)
#: pixels of the registered pictures that must lie within both
_LEAST = SIDE * SIDE // 10


@dataclass(frozen=True, slots=True, eq=False)
class AlignedFace:
    """A face brought upright to one size, with what surrounds it.

    grey: (SIDE, SIDE) uint8. inside: the same, 255 where the picture has pixels.
    """

    grey: np.ndarray
    inside: np.ndarray

    @property
    def hash(self) -> int:
        """Return the 64-bit perceptual hash of its core."""
        core = np.ascontiguousarray(self.grey[_CORE, _CORE])
        return int.from_bytes(cv2.img_hash.pHash(core).tobytes(), "big")


def aligned(bgr: np.ndarray, points: np.ndarray) -> AlignedFace:
    """Align a face. bgr: (h, w, 3) uint8; points: (5, 2). Raises ValueError when the points coincide."""
    grey = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY)
    inside = face_chip(np.full_like(grey, 255), points, _POINTS, SIDE)
    return AlignedFace(face_chip(grey, points, _POINTS, SIDE, cv2.BORDER_REPLICATE), inside)


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A new picture as it is compared: its aligned faces as a detector's points may shift, and mirrored.

    picture: perceptual hash of the whole of it, 16 hex digits.
    """

    faces: Sequence[AlignedFace]
    picture: str
    _hashes: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        hashes = [
            self._view(face, mirrored, shift).hash
            for face in range(len(self.faces))
            for mirrored in (False, True)
            for shift in range(len(_SHIFTS))
        ]
        object.__setattr__(self, "_hashes", np.array(hashes, np.uint64))

    def _view(self, face: int, mirrored: bool, shift: int) -> AlignedFace:
        """Return one view. Made when it is asked for: all of a picture's would be megabytes."""
        seen = self.faces[face]
        return _shifted(_mirrored(seen) if mirrored else seen, *_SHIFTS[shift])

    def distances(self, hashes: np.ndarray) -> np.ndarray:
        """Return for each hash of an aligned face, (n,) uint64, in how many bits the nearest view differs from it."""
        least = np.full(len(hashes), BITS, np.uint8)
        for own in self._hashes:
            np.minimum(least, np.bitwise_count(hashes ^ own), out=least)
        return least

    def picture_distances(self, hashes: np.ndarray) -> np.ndarray:
        """Return for each hash of a whole picture, (n,) uint64, in how many bits it differs."""
        distances: np.ndarray = np.bitwise_count(hashes ^ np.uint64(int(self.picture, 16)))
        return distances

    def shows(self, other: AlignedFace) -> bool:
        """Tell whether this picture and the other's are one photograph, by the pixels of the nearest views.

        One as it stands and one mirrored: a frontal face is nearly its own mirror image, and hashes take one for the
        other.
        """
        bits = np.bitwise_count(self._hashes ^ np.uint64(other.hash)).reshape(-1, 2, len(_SHIFTS))
        for mirrored in range(2 if self.faces else 0):
            face, shift = np.unravel_index(int(np.argmin(bits[:, mirrored])), bits[:, mirrored].shape)
            if same_pixels(other, self._view(int(face), bool(mirrored), int(shift))):
                return True
        return False


def same_pixels(one: AlignedFace, other: AlignedFace) -> bool:
    """Tell whether the detail of two faces agrees in a band once they are registered; False where they cannot be.

    An enhanced correlation coefficient (Evangelidis and Psarakis, IEEE PAMI 30(10), 2008) brings the other onto the
    one by an affine map, since an edit moves all pixels alike, and where that comes near, by one with perspective.
    Where noise alone is left between them, it is taken off both.
    """
    way = _registered(one, other, np.eye(2, 3, dtype=np.float32), cv2.MOTION_AFFINE)
    if way is None:
        return False
    way = np.vstack([way, np.array([[0, 0, 1]], np.float32)])
    found = agreement(one, other, way)
    if _agrees(found) or found[-1] < _NEAR:
        return _agrees(found)
    seen = _registered(one, other, way, cv2.MOTION_HOMOGRAPHY)
    again = agreement(one, other, seen) if seen is not None else found
    if _agrees(again):
        return True
    if seen is not None and again[-1] > found[-1]:
        way, found = seen, again
    return found[-1] >= _NEARER and _agrees(agreement(_quiet(one), _quiet(other), way))


def agreement(one: AlignedFace, other: AlignedFace, way: np.ndarray) -> tuple[float, ...]:
    """Return how far the detail of two faces agrees in each band of SAME_PIXELS, -1..1; 0 where too little is in both.

    way: (3, 3) float32, from the one's pixels to the other's. Light drops out: each tone of the one is given the
    tone of the other that stands at the same place in its order, as a gamma or a contrast keeps the order.
    """
    back, size = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, (SIDE, SIDE)
    moved = cv2.warpPerspective(other.grey, way, size, flags=back, borderMode=cv2.BORDER_REPLICATE)
    inside = (one.inside > 250) & (cv2.warpPerspective(other.inside, way, size, flags=back) > 250)
    if np.count_nonzero(inside) < _LEAST:
        return (0.0,) * len(SAME_PIXELS)
    # to the darker and to the lighter: which of the two lost tones is not known
    pairs = ((_toned(one.grey, moved, inside), moved), (one.grey, _toned(moved, one.grey, inside)))
    return tuple(
        max(_correlation(_detail(a, fine, coarse)[inside], _detail(b, fine, coarse)[inside]) for a, b in pairs)
        for fine, coarse, _ in SAME_PIXELS
    )


def _agrees(found: Sequence[float]) -> bool:
    return any(value >= least for value, (_, _, least) in zip(found, SAME_PIXELS, strict=True))


def _registered(one: AlignedFace, other: AlignedFace, start: np.ndarray, motion: int) -> np.ndarray | None:
    """Return the map that brings the other onto the one, (2 or 3, 3) float32; None where none does."""
    a, b = (_detail(face.grey, 1.5, 10) for face in (one, other))
    try:
        return np.asarray(cv2.findTransformECC(a, b, start.copy(), motion, _STEPS, other.inside, 5)[1])
    except cv2.error:
        return None


def _quiet(face: AlignedFace) -> AlignedFace:
    """Return a face without its noise (non-local means, Buades et al., CVPR 2005)."""
    return AlignedFace(cv2.fastNlMeansDenoising(face.grey, None, 12, 5, 15), face.inside)


def _toned(grey: np.ndarray, like: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Return a picture in the tones of another of the same place, (SIDE, SIDE) float32."""
    own, wanted = (np.cumsum(np.bincount(one[inside], minlength=256)) for one in (grey, like))
    tones: np.ndarray = np.interp(own, wanted, np.arange(256)).astype(np.float32)[grey]
    return tones


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    a, b = (one.astype(np.float64) - one.mean(dtype=np.float64) for one in (a, b))
    scale = float(np.sqrt((a**2).sum() * (b**2).sum()))
    return float((a * b).sum()) / scale if scale > 0 else 0.0


def _detail(grey: np.ndarray, fine: float, coarse: float) -> np.ndarray:
    """Return the detail between two blurs (sigmas in pixels) in units of its local strength: light drops out."""
    pixels = grey.astype(np.float32)
    band = cv2.GaussianBlur(pixels, (0, 0), fine) - cv2.GaussianBlur(pixels, (0, 0), coarse)
    strength = np.sqrt(cv2.GaussianBlur(band * band, (0, 0), coarse * 1.5))
    detail: np.ndarray = band / (strength + 1.0)
    return detail


def _mirrored(face: AlignedFace) -> AlignedFace:
    return AlignedFace(np.ascontiguousarray(face.grey[:, ::-1]), np.ascontiguousarray(face.inside[:, ::-1]))


def _shifted(face: AlignedFace, right: int, down: int, scale: float, turn: float) -> AlignedFace:
    matrix = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), turn, scale)
    matrix[:, 2] += (right, down)
    grey = cv2.warpAffine(face.grey, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return AlignedFace(grey, cv2.warpAffine(face.inside, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR))
