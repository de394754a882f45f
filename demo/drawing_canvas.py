"""Small numerical brushes shared by the drawing modules: soft steps, bumps, noise, painting."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache, reduce
from operator import add
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Colour = tuple[float, float, float]  # blue, green, red, each 0..1


def soft(distance: Floats, width: float | Floats) -> Floats:
    """Smooth step: 0 where ``distance`` < -width, 1 where > width; any shape, same shape out."""
    t = np.clip(distance / width * 0.5 + 0.5, 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def bump(offset: Floats, sigma: float | Floats) -> Floats:
    """Bell of height 1 and width ``sigma``; any shape, same shape out."""
    scaled = offset / sigma
    return np.exp(-scaled * scaled)


def mix(a: float, b: float, share: float) -> float:
    """``a`` at share 0, ``b`` at share 1."""
    return a + (b - a) * share


def mix_colour(a: Colour, b: Colour, share: float) -> Colour:
    """Colour between ``a`` (share 0) and ``b`` (share 1)."""
    return (mix(a[0], b[0], share), mix(a[1], b[1], share), mix(a[2], b[2], share))


def scale_colour(colour: Colour, factor: float | Colour) -> Colour:
    """Colour times a number, or channel by channel times another colour."""
    f = (factor,) * 3 if isinstance(factor, int | float) else factor
    return (colour[0] * f[0], colour[1] * f[1], colour[2] * f[2])


def paint(image: Floats, mask: Floats, colour: Colour | Floats) -> None:
    """Blend ``colour`` (3 numbers, or (H, W, 3)) into ``image`` (H, W, 3) in place where ``mask`` (H, W) > 0."""
    if mask.size == 0:
        return
    keep = 1 - mask
    image *= cv2.merge([keep, keep, keep])
    if isinstance(colour, tuple):
        image += cv2.merge([mask * colour[0], mask * colour[1], mask * colour[2]])
    else:
        image += colour * cv2.merge([mask, mask, mask])


def shade(image: Floats, factor: Floats) -> None:
    """Multiply ``image`` (H, W, 3) in place by ``factor`` (H, W)."""
    if factor.size:
        image *= cv2.merge([factor, factor, factor])


def _noise(seed: int, sigma: float, side: int) -> Floats:
    raw = np.random.default_rng(seed).standard_normal((side, side)).astype(np.float32)
    pad = int(4 * sigma) + 1
    wide = cv2.copyMakeBorder(raw, pad, pad, pad, pad, cv2.BORDER_WRAP)
    smooth = np.asarray(cv2.GaussianBlur(wide, (0, 0), sigma), np.float32)[pad:-pad, pad:-pad]
    noise = (smooth - smooth.mean()) / smooth.std()
    noise.setflags(write=False)
    return noise


@lru_cache(maxsize=64)
def tile(seed: int, sigma: float) -> Floats:
    """Seamless (256, 256) noise of mean 0 and standard deviation 1, smoothed by ``sigma`` pixels; shared by all."""
    return _noise(seed, sigma, 256)


@lru_cache(maxsize=16)
def own_tile(seed: int, sigma: float) -> Floats:
    """As ``tile``, but (64, 64) and of one person only: for broad patterns, cheap to make."""
    return _noise(seed, sigma, 64)


def total(parts: Iterable[Floats]) -> Floats:
    """The sum of layers of one shape, in their order; at least one."""
    return reduce(add, parts)


def sample(noise: Floats, u: Floats, v: Floats) -> Floats:
    """Noise read at (u, v), both (H, W) in tiles (1.0 = one repetition), repeating; smoothly if the tile is small."""
    side = noise.shape[0]
    way = cv2.INTER_NEAREST if side > 64 else cv2.INTER_LINEAR
    return np.asarray(cv2.remap(noise, u * float(side), v * float(side), way, borderMode=cv2.BORDER_WRAP), np.float32)


def polygon_mask(shape: tuple[int, int], points: npt.NDArray[np.floating], blur: float = 0.0) -> Floats:
    """Filled polygon as an (H, W) mask 0..1; ``points`` (N, 2) in pixels x, y; edges softened by ``blur``."""
    mask = np.zeros(shape, np.uint8)
    cv2.fillPoly(mask, [np.round(points * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    soft_edged = cv2.GaussianBlur(mask, (0, 0), blur) if blur > 0 else mask
    return soft_edged.astype(np.float32) / 255.0
