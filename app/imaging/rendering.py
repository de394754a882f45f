"""Copies for display: pixels only, so that none of the original's metadata goes with them."""

import cv2
import numpy as np
from numpy.typing import NDArray

_JPEG_QUALITY = 90
_THUMBNAIL_QUALITY = 82
#: the longer side of a copy that is shown; nothing is ever enlarged
SHOWN_SIDE = 3000
#: up to this many pixels the copy is lossless, for compression would blur what little a small still holds
LOSSLESS_PIXELS = 1_500_000


def shown_copy(bgr: NDArray[np.uint8]) -> bytes:
    """Encode the display copy, (H, W, 3) uint8 pixels without metadata, as PNG when small, JPEG when large."""
    return display_copy(bgr, SHOWN_SIDE, lossless=bgr.shape[0] * bgr.shape[1] <= LOSSLESS_PIXELS)


def display_copy(bgr: NDArray[np.uint8], max_side: int, *, lossless: bool = False) -> bytes:
    """Encode (H, W, 3) uint8 pixels as JPEG, or PNG if lossless, at most ``max_side`` pixels a side.

    Smaller images keep their size: enlarging would invent detail. Raises ValueError for another array shape.
    """
    if lossless:
        return _encode(".png", fitted(bgr, max_side), [])
    return _encode(".jpg", fitted(bgr, max_side), [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])


def thumbnail(bgr: NDArray[np.uint8], max_side: int = 240) -> bytes:
    """Encode (H, W, 3) uint8 pixels as a small JPEG for lists. Raises ValueError for another array shape."""
    return _encode(".jpg", fitted(bgr, max_side), [cv2.IMWRITE_JPEG_QUALITY, _THUMBNAIL_QUALITY])


def fitted(bgr: NDArray[np.uint8], max_side: int) -> NDArray[np.uint8]:
    """Return the image shrunk in proportion to at most ``max_side`` pixels a side, each side at least one."""
    if bgr.ndim != 3 or bgr.shape[2] != 3 or bgr.dtype != np.uint8 or 0 in bgr.shape or max_side < 1:
        raise ValueError("An image to be shown must be (H, W, 3) uint8 with at least one pixel a side.")
    height, width = bgr.shape[:2]
    scale = max_side / max(height, width)
    if scale >= 1:
        return bgr
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(bgr, size, interpolation=cv2.INTER_AREA), np.uint8)


def _encode(suffix: str, bgr: NDArray[np.uint8], parameters: list[int]) -> bytes:
    done, encoded = cv2.imencode(suffix, bgr, parameters)
    if not done:
        raise ValueError("The image cannot be encoded for display.")
    return encoded.tobytes()
