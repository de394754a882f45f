"""Near-duplicate pictures (CAP-4), by a 64-bit perceptual hash.

A small distance only says that two pictures look alike in the large; mugshots of different people do too.
So CAP-4 asks for agreement of this hash AND of the face templates before anybody is bothered.
"""

import cv2
import numpy as np

from app.matching.images import as_bgr

BITS = 64
#: pixels a side of the small copy
SMALL = 64


def perceptual_hash(image: np.ndarray) -> str:
    """16 hex digits of OpenCV's PHash (the signs of the low frequencies of the 32×32 grey picture).

    image: (h, w[, 1|3|4]) uint8. Survives re-compression and scaling, not cropping. Raises ValueError.
    """
    return cv2.img_hash.pHash(as_bgr(image)).tobytes().hex()


def hash_distance(one: str, other: str) -> int:
    """How many of the 64 bits differ. Raises ValueError for anything but two 16-digit hashes."""
    if len(one) != BITS // 4 or len(other) != BITS // 4:
        raise ValueError("A perceptual hash has 16 hexadecimal digits.")
    return (int(one, 16) ^ int(other, 16)).bit_count()


def small_copy(bgr: np.ndarray) -> np.ndarray:
    """(64, 64) uint8 grey: what two pictures are laid side by side in. bgr: (h, w, 3) uint8."""
    return cv2.resize(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY), (SMALL, SMALL), interpolation=cv2.INTER_AREA)


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    """Pearson's correlation of two small copies, -1..1; 0 when one of them is even."""
    a, b = (copy.astype(np.float64) - copy.mean() for copy in (one, other))
    scale = float(np.sqrt((a**2).sum() * (b**2).sum()))
    return float((a * b).sum()) / scale if scale > 0 else 0.0
