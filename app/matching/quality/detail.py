"""Measures of how much detail a picture of a face holds: blur and enlargement, and the blocks of lossy compression.

Aligned with, not conformant to, ISO/IEC 29794-5. They describe the picture, never the person (CAP-8).
"""

import cv2
import numpy as np

#: widths of the low-pass filters that are tried, in pixels of the chip
SIGMAS = tuple(0.5 * 2 ** (k / 3) for k in range(16))
#: this part of the chip's variance may be lost before a filter counts as taking detail away
LOST = 0.01
#: detail = FACTOR * (distance between the eyes in the chip / sigma) ** POWER; fitted by least squares on the 25
#: labelled photographs shrunk to face boxes of 12 to 48 pixels, where the right answer is the distance between the
#: eyes itself. One face's error is some 20 percent.
FACTOR, POWER = 0.092, 1.43
BLOCK = 8
#: steps between neighboring pixels count at most this many grey levels: edges of things are no blocks
STEP = 24
#: what is added on both sides of the ratio, so that an even picture has none
EVEN = 0.25


def detail(grey: np.ndarray, inside: np.ndarray, apart: float) -> float:
    """How many pixels between the eyes would hold the detail of this face, at most ``apart``.

    grey: (n, n) uint8, an upright face whose eyes are ``apart`` pixels apart; inside: (n, n) bool, where to look.
    A picture that was blurred by motion or focus, or enlarged, holds less than its size says. Found as the widest
    Gaussian low-pass filter that takes away at most one hundredth of the variance; blurring moves variance towards low
    frequencies whatever the face, so more blur never gives more detail. Noise counts as detail. An even picture has 0.
    """
    chip = grey.astype(np.float32)
    total = float(chip[inside].var())
    if not total > 0:
        return 0.0
    shares: list[float] = []
    for sigma in SIGMAS:
        without = chip - cv2.GaussianBlur(chip, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
        shares.append(max(float((without[inside] ** 2).mean()) / total, 1e-9, *shares[-1:]))
        if shares[-1] > LOST:
            break  # wider filters lose more; they are the slow ones, and the curve is read here
    sigma = float(np.exp(np.interp(np.log(LOST), np.log(shares), np.log(SIGMAS[: len(shares)]))))
    held: float = FACTOR * (apart / sigma) ** POWER
    return min(apart, held)


def blocks(grey: np.ndarray, apart: float) -> float:
    """How strongly the 8-pixel grid of JPEG and video shows, for a face whose eyes are ``apart`` pixels apart; percent.

    grey: (h, w) uint8, the face and its surroundings as the picture has them. The steps between pixels on the grid are
    compared with those beside it, wherever the grid lies; 100 means: on a face so large that one block spans the
    distance between the eyes, steps on the grid are twice as large. Chance gives small faces up to some 25. A picture
    that was compressed and then enlarged or shrunk has lost the grid and is not noticed.
    """
    if apart <= 0:
        raise ValueError("The eyes of the face coincide.")
    ratio = max(_grid(grey.astype(np.float32)), _grid(grey.T.astype(np.float32)))
    return max(0.0, 100 * (ratio - 1) * BLOCK / apart)


def _grid(grey: np.ndarray) -> float:
    """Mean step on the strongest of the eight possible grids, over the median of the other seven."""
    if grey.shape[1] <= 2 * BLOCK:
        return 1.0
    steps = np.minimum(np.abs(np.diff(grey, axis=1)), STEP).mean(axis=0)
    phases = np.array([steps[k::BLOCK].mean() for k in range(BLOCK)])
    best = int(phases.argmax())
    return float((phases[best] + EVEN) / (np.median(np.delete(phases, best)) + EVEN))
