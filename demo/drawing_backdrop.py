"""What surrounds the head: backgrounds, height chart, neck, shoulders and clothes."""

from __future__ import annotations

import cv2
import numpy as np

from demo.drawing_canvas import Colour, Floats, bump, mix_colour, paint, sample, scale_colour, shade, soft, tile
from demo.drawing_traits import Traits

BACKGROUNDS = ("plain", "chart", "street", "shop", "corridor")


def background(kind: str, height: int, width: int, rng: np.random.Generator) -> Floats:
    """(height, width, 3) background of ``kind`` (one of BACKGROUNDS); ValueError for another."""
    if kind not in BACKGROUNDS:
        raise ValueError(f"unknown background {kind!r}; known: {', '.join(BACKGROUNDS)}")
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    if kind in ("plain", "chart"):
        grey = float(rng.uniform(0.56, 0.74))
        tint = np.array([grey * rng.uniform(0.99, 1.05), grey, grey * rng.uniform(0.96, 1.0)], np.float32)
        fall = 1.06 - 0.22 * (((x / width - 0.5) * 1.1) ** 2 + (y / height - 0.4) ** 2)
        image = tint * fall[..., None]
        return image.astype(np.float32)
    return _room(kind, x, y, height, width, rng)


def chart(image: Floats, crown: float, per_inch: float, height_in: int) -> None:
    """Height chart drawn into ``image`` (H, W, 3): ``height_in`` lies at pixel row ``crown``."""
    height, width = image.shape[:2]
    ink = np.zeros((2 * height, 2 * width), np.uint8)
    top = height_in + int(crown / per_inch) + 1
    for inches in range(top, top - int(height / per_inch) - 3, -1):
        row = round(2 * (crown + (height_in - inches) * per_inch))
        strong = inches % 3 == 0
        cv2.line(ink, (0, row), (2 * width, row), 66 if strong else 26, 2 if strong else 1)
        if strong:
            for left in (10, 2 * width - 52):
                label = f"{inches // 12}'{inches % 12}"
                cv2.putText(ink, label, (left, row - 7), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 165, 1, cv2.LINE_AA)
    shade(image, 1 - cv2.resize(ink, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32) / 255)


def _room(kind: str, x: Floats, y: Floats, height: int, width: int, rng: np.random.Generator) -> Floats:
    base = np.array(rng.uniform(0.26, 0.50, 3), np.float32)
    base = 0.6 * base.mean() + 0.4 * base
    image = np.empty((height, width, 3), np.float32)
    image[:] = base
    floor = height * float(rng.uniform(0.72, 0.9))
    tilt = float(rng.uniform(-0.06, 0.06))
    if kind == "street":
        for left in np.arange(-0.1, 1.1, 0.17):
            at, wide = (left + rng.uniform(0, 0.06)) * width, rng.uniform(0.10, 0.17) * width
            wall = soft(wide / 2 - np.abs(x - at), 2) * soft(y - height * rng.uniform(-0.3, 0.35), 3)
            paint(image, wall, tuple((base * rng.uniform(0.6, 1.35)).tolist()))
            panes = soft(np.sin(x * 26 / width * 6.28) - 0.2, 0.2) * soft(np.sin(y * 15 / height * 6.28) - 0.3, 0.2)
            paint(image, 0.45 * wall * panes, tuple((base * rng.uniform(0.5, 1.9)).tolist()))
    elif kind == "shop":
        for n in range(6):
            row = height * (0.05 + 0.17 * n) + tilt * x
            shelf = soft(height * 0.012 - np.abs(y - row), 1.5)
            goods = (
                soft(y - row + height * 0.15, 2)
                * soft(row - y, 2)
                * soft(
                    sample(
                        tile(41, 4.0), np.floor(x / 17) * 0.37, np.floor((y - row) / (height * 0.17)) * 0.23 + n * 0.31
                    )
                    + 0.5,
                    0.3,
                )
            )
            hue = sample(tile(42, 2.0), np.floor(x / 17) * 0.29, np.zeros_like(x) + n * 0.17)
            colours = np.stack([base[c] * (1 + 0.45 * np.sin(hue * 2.1 + c * 2.0)) for c in range(3)], -1)
            paint(image, 0.8 * goods, colours)
            paint(image, shelf, tuple((base * 1.5).tolist()))
    else:
        centre = width * float(rng.uniform(0.3, 0.7))
        shade(image, 0.75 + 0.5 * np.abs(x - centre) / width)
        door = soft(width * 0.12 - np.abs(x - centre), 2) * soft(y - height * 0.12, 2)
        paint(image, 0.8 * door, tuple((base * 0.55).tolist()))
        paint(image, soft(np.sin((x + y * tilt) / width * 40) - 0.93, 0.05) * 0.4, tuple((base * 0.6).tolist()))
    paint(image, soft(y - floor - tilt * x, 3), tuple((base * 0.7).tolist()))
    shade(image, 0.92 + 0.16 * (1 - y / height) + 0.02 * sample(tile(43, 1.2), x / 256, y / 256))
    return np.asarray(cv2.GaussianBlur(image, (0, 0), 1.8), np.float32)


def shoulders(
    image: Floats, t: Traits, x: Floats, y: Floats, cloth: Colour, cut: int, heavy: float, level: float, side: float
) -> None:
    """Neck, shoulders and a garment (``cut`` 0 crew neck, 1 V-neck, 2 collar, 3 hood) in camera coordinates."""
    chin = t.chin_y
    ground = chin + 0.33
    neck_w = t.neck * (1 + 0.10 * np.clip(y - chin, 0, 1) + 0.9 * np.clip(y - chin - 0.20, 0, 1) ** 1.5)
    neck = soft(neck_w - np.abs(x), 0.02) * soft(y - 0.3, 0.1)
    tone = np.empty_like(image)
    tone[:] = scale_colour(t.skin, (0.80 * level, 0.82 * level, 0.88 * level))
    cast = bump(np.clip(y - chin + 0.10, 0, 3), 0.26)
    shade(
        tone,
        (1 - 0.42 * cast)
        * (1 + side * 0.35 * np.clip(x / t.neck, -1, 1))
        * (1 - 0.35 * (x / (t.neck * 1.25)) ** 2 * (np.abs(x) < 1)),
    )
    shade(tone, 1 - 0.10 * bump(np.abs(x) - 0.20 + 0.25 * (y - chin), 0.06))
    paint(image, neck, tone)
    span = 1.30 + 0.35 * heavy
    slope = (
        ground
        - 0.10
        - 0.14 * bump(x, 0.72)
        + 0.36 * (np.abs(x) / span) ** 1.35
        + 2.2 * np.clip(np.abs(x) - span * 0.92, 0, 2) ** 2
    )
    body = soft(y - slope, 0.02)
    throat = {0: ground + 0.16, 1: ground + 0.52, 2: ground + 0.34, 3: ground + 0.20}[cut]
    reach = t.neck * {0: 1.18, 1: 1.05, 2: 1.02, 3: 1.25}[cut]
    k = np.clip(np.abs(x) / reach, 0, 1)
    opening = throat - (throat - ground + 0.13) * (k**1.0 if cut in (1, 2) else k**2.4)
    body *= soft(y - opening, 0.02)
    fabric = np.empty_like(image)
    fabric[:] = scale_colour(cloth, level)
    folds = sample(tile(31, 9.0), x * 0.30, y * 0.12) * 0.09 + 0.03 * sample(tile(32, 0.7), x * 0.7, y * 0.7)
    lit = 1 + folds + side * 0.25 * np.clip(x, -1, 1) - 0.30 * (np.abs(x) / 1.7) ** 2 - 0.22 * bump(y - slope, 0.06)
    shade(fabric, np.clip(lit, 0.2, 1.5))
    rim = bump(y - opening - 0.05, 0.035) * (np.abs(x) < reach * 1.15)
    if cut == 2:
        flap = soft(0.16 - np.abs(y - opening - 0.10 - 0.2 * k), 0.015) * soft(reach * 1.5 - np.abs(x), 0.05)
        shade(
            fabric,
            1 + 0.16 * flap - 0.3 * bump(y - opening - 0.28 - 0.2 * k, 0.02) * soft(reach * 1.5 - np.abs(x), 0.05),
        )
        shade(fabric, 1 - 0.25 * bump(x, 0.012) * soft(y - throat, 0.02))
    elif cut == 3:
        hood = bump(y - slope - 0.06, 0.16) * soft(0.95 - np.abs(x), 0.1)
        shade(fabric, 1 - 0.30 * hood + 0.25 * bump(y - slope - 0.02, 0.05) * soft(0.9 - np.abs(x), 0.1))
    else:
        shade(fabric, 1 - 0.18 * rim)
    paint(image, body, fabric)


CLOTHES: tuple[Colour, ...] = (
    (0.20, 0.20, 0.22),
    (0.45, 0.36, 0.26),
    (0.30, 0.26, 0.42),
    (0.70, 0.70, 0.70),
    (0.34, 0.42, 0.30),
    (0.52, 0.44, 0.34),
    (0.28, 0.40, 0.55),
    (0.62, 0.55, 0.50),
    (0.16, 0.18, 0.30),
    (0.50, 0.52, 0.46),
)


def garment(rng: np.random.Generator) -> tuple[Colour, int]:
    """A cloth colour and a cut."""
    a, b = rng.integers(0, len(CLOTHES), 2)
    return mix_colour(CLOTHES[int(a)], CLOTHES[int(b)], float(rng.uniform(0, 0.5))), int(rng.integers(0, 4))
