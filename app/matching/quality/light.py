"""Measures of the light on a face: exposure, range of brightness, evenness, color.

Aligned with, not conformant to, ISO/IEC 29794-5. They describe the picture, never the person (CAP-8).
"""

from dataclasses import dataclass

import cv2
import numpy as np

#: a grey level so bright that no detail is left (the bound that ISO/IEC 29794-5 uses)
BRIGHTEST = 247
#: the range of brightness leaves out this percentage of the pixels at either end: glints, pupils, nostrils
TAIL = 2


@dataclass(frozen=True, slots=True)
class Light:
    """brightness: mean grey level, 0..255. bright_share: share of the face, 0..1, at grey levels >= 247.
    levels: grey levels between the 2nd and the 98th percentile. side_ratio: mean brightness of the
    brighter half of the face divided by that of the darker, left against right, >= 1; of black, 1. chroma: mean
    distance from grey in CIE Lab, 0 for a picture in shades of grey."""

    brightness: float
    bright_share: float
    levels: float
    side_ratio: float
    chroma: float


def light(chip: np.ndarray, inside: np.ndarray) -> Light:
    """Measure an upright face: ``chip`` (n, n, 3) uint8 BGR, ``inside`` (n, n) bool, its pixels to look at."""
    grey = cv2.cvtColor(chip, cv2.COLOR_BGR2GRAY)
    face = grey[inside].astype(np.float64)
    low, high = np.percentile(face, (TAIL, 100 - TAIL))
    half = chip.shape[1] // 2
    left, right = grey[:, :half][inside[:, :half]].mean(), grey[:, half:][inside[:, half:]].mean()
    # one grey level is the least that can be told from black
    darker, brighter = sorted((max(float(left), 1.0), max(float(right), 1.0)))
    return Light(
        brightness=float(face.mean()),
        bright_share=float((face >= BRIGHTEST).mean()),
        levels=float(high - low),
        side_ratio=brighter / darker,
        chroma=_chroma(chip)[inside].mean().item(),
    )


def _chroma(chip: np.ndarray) -> np.ndarray:
    """(n, n) distance of each pixel from grey in CIE Lab."""
    lab = cv2.cvtColor(chip.astype(np.float32) / 255, cv2.COLOR_BGR2LAB)
    return np.hypot(lab[..., 1], lab[..., 2])
