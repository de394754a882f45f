"""Near-duplicate pictures (CAP-4), by a 64-bit perceptual hash.

A small distance only says that two pictures look alike in the large; mugshots of different people do too. So it only
names pictures to compare (app.matching.same_photograph).
"""

import cv2
import numpy as np

from app.matching.images import as_bgr

BITS = 64


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
