"""The image format of matching: (rows, columns, 3) uint8, blue-green-red, as in OpenCV."""

import cv2
import numpy as np


def as_bgr(image: np.ndarray) -> np.ndarray:
    """A grey (h, w) or (h, w, 1), BGR (h, w, 3) or BGRA (h, w, 4) uint8 array as BGR (h, w, 3) uint8.

    Raises ValueError for an empty array, another type of number, or another number of channels.
    """
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8:
        raise ValueError("An image must be an array of 8-bit numbers.")
    if image.ndim not in (2, 3) or image.size == 0:
        raise ValueError("An image must have at least one row and one column.")
    channels = 1 if image.ndim == 2 else image.shape[2]
    match channels:
        case 1:
            return cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
        case 3:
            return np.ascontiguousarray(image)
        case 4:
            return cv2.cvtColor(image, cv2.COLOR_BGRA2BGR)
        case _:
            raise ValueError(f"An image has 1, 3 or 4 channels, not {channels}.")
