"""One picture of one head: places it, lights it and lays background, body, skin, features and hair together."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from demo import drawing_backdrop, drawing_face, drawing_hair, drawing_head
from demo.drawing_canvas import Floats, paint, scale_colour
from demo.drawing_head import Expression, Hit
from demo.drawing_traits import Traits

Image = npt.NDArray[np.uint8]
Vector = tuple[float, float, float]

EXPRESSIONS: dict[str, Expression] = {
    "neutral": Expression(),
    "smile": Expression(smile=0.7, squint=0.35),
    "talk": Expression(open=0.55),
    "frown": Expression(smile=-0.6, squint=0.5),
    "surprise": Expression(open=0.35, brows=0.8),
    "squint": Expression(squint=0.8),
}
BEARDS = ("none", "stubble", "moustache", "goatee", "full")


HEAD_INCHES = 9.0  # from chin to crown


@dataclass(frozen=True, slots=True)
class Look:
    """Everything about a picture that is not the person. Angles in degrees, sizes in pixels.

    ``light`` is (azimuth, elevation, level): azimuth > 0 from the picture's right, elevation < 0 from above,
    level 1.0 normal exposure. ``face`` is the head's height as a share of the picture's, ``centre`` its place.
    """

    age: float
    yaw: float
    pitch: float
    roll: float
    light: Vector
    expression: str
    hair: str
    glasses: int | None
    beard: str
    background: str
    size: tuple[int, int]
    face: float
    centre: tuple[float, float]

    def __post_init__(self) -> None:
        for word, known in (
            (self.expression, EXPRESSIONS),
            (self.hair, drawing_hair.STYLES),
            (self.beard, BEARDS),
            (self.background, drawing_backdrop.BACKGROUNDS),
        ):
            if word not in known:
                raise ValueError(f"Unknown word {word!r}; known are: {', '.join(known)}.")
        if self.glasses not in (None, 0, 1, 2):
            raise ValueError("Glasses are None, 0 (round), 1 (oblong) or 2 (thick).")
        if max(abs(self.yaw), abs(self.pitch)) > 40:
            raise ValueError("A drawn head turns by at most 40 degrees.")
        if min(self.size) < 32 or max(self.size) > 4096:
            raise ValueError("A drawing is between 32 and 4096 pixels wide and high.")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the head stands in the picture: centre in pixels, pixels per half head height, roll in degrees."""

    width: int
    height: int
    cx: float
    cy: float
    scale: float
    roll: float

    def grid(self, rows: slice, columns: slice, step: int) -> tuple[Floats, Floats]:
        """Camera coordinates x, y of the pixels (blocks of ``step`` pixels) in ``rows``, ``columns``."""
        half = (step - 1) / 2
        px = np.arange(columns.start, columns.stop - step + 1, step, dtype=np.float32) + (half - self.cx)
        py = np.arange(rows.start, rows.stop - step + 1, step, dtype=np.float32)[:, None] + (half - self.cy)
        angle = np.radians(self.roll)
        c, s = float(np.cos(angle)) / self.scale, float(np.sin(angle)) / self.scale
        return c * px + s * py, c * py - s * px

    def area(self, left: float, right: float, top: float, bottom: float) -> tuple[slice, slice]:
        """Rows and columns (even counts, at least 2) of a rectangle in half head heights around the centre."""
        x0, x1 = (int(np.clip(self.cx + v * self.scale, 0, self.width)) // 2 * 2 for v in (left, right))
        y0, y1 = (int(np.clip(self.cy + v * self.scale, 0, self.height)) // 2 * 2 for v in (top, bottom))
        return slice(min(y0, self.height - 2), max(y1, y0 + 2)), slice(min(x0, self.width - 2), max(x1, x0 + 2))

    def flat_turn(self, turn: Floats) -> Floats:
        """Head rotation ``turn`` (3, 3) followed by the roll in the picture."""
        c, s = np.cos(np.radians(self.roll)), np.sin(np.radians(self.roll))
        return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]], np.float32) @ turn


def compose(t: Traits, height_in: int, look: Look, rng: np.random.Generator) -> Image:
    """Picture (height, width, 3) uint8 BGR of a person with traits ``t``, ``height_in`` inches tall."""
    width, height = look.size
    scale = look.face * height / 2
    place = _Place(width, height, look.centre[0] * width, look.centre[1] * height, scale, look.roll)
    azimuth, elevation, level = np.radians(look.light[0]), np.radians(look.light[1]), look.light[2]
    sun = (
        float(np.sin(azimuth) * np.cos(elevation)),
        float(np.sin(elevation)),
        float(np.cos(azimuth) * np.cos(elevation)),
    )
    style = drawing_hair.STYLES[look.hair] if look.hair != "bald" else None
    tint = scale_colour(drawing_hair.tint(t, look.age), level)
    cloth, cut = drawing_backdrop.garment(rng)

    # what surrounds the head is soft enough for half the resolution
    image = drawing_backdrop.background(look.background, height // 2, width // 2, rng)
    if look.background == "chart":
        drawing_backdrop.chart(image, (place.cy - scale) / 2, scale / HEAD_INCHES, height_in)
    x, y = place.grid(slice(0, height // 2 * 2), slice(0, width // 2 * 2), 2)
    body = slice(int(np.clip((place.cy - 1.4 * scale) / 2, 0, height // 2 - 1)), height // 2)
    x, y, lower = x[body], y[body], image[body]
    if style:
        drawing_hair.behind(lower, t, style, x, y, tint)
    drawing_backdrop.shoulders(lower, t, x, y, cloth, cut, t.heavy, level * 0.95, 0.6 * sun[0])
    image = np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    gaze = (float(rng.uniform(-0.5, 0.5)), float(rng.uniform(-0.5, 0.5)))
    _head(image, t, look, place, sun, style, tint, gaze)
    image += (rng.standard_normal((height, width), np.float32) * 0.011)[..., None]
    return np.clip(cv2.GaussianBlur(image, (0, 0), 0.55) * 255, 0, 255).astype(np.uint8)


def _head(
    image: Floats,
    t: Traits,
    look: Look,
    place: _Place,
    sun: Vector,
    style: drawing_hair.Style | None,
    tint: Vector,
    gaze: tuple[float, float],
) -> None:
    mood, level, pixel = EXPRESSIONS[look.expression], look.light[2], 1 / place.scale
    head = drawing_head.build(t, look.age, mood)
    turn = drawing_head.rotation(look.yaw, look.pitch)
    flat = place.flat_turn(turn)
    rows, columns = place.area(-1.0, 1.0, -1.32, 1.4)
    view = image[rows, columns]
    to_pixel = (place.cx - columns.start, place.cy - rows.start, place.scale)
    drawing_hair.ears(view, head, t, flat, to_pixel, level)
    coarse_x, coarse_y = place.grid(rows, columns, 2)
    coarse = drawing_head.meet(head, coarse_x, coarse_y, turn)
    hit = coarse.enlarged(view.shape[:2])
    cover = hit.cover(pixel)
    size = (view.shape[1], view.shape[0])
    # complexion has no fine detail: it is painted on the coarse grid, the features on the full one
    base = _surface(coarse, flat, place, rows, columns, 2)
    drawing_face.skin(base, head, t, look.age)
    surface = _surface(hit, flat, place, rows, columns, 1)
    cv2.resize(base.colour, size, dst=surface.colour)
    cv2.resize(base.gloss, size, dst=surface.gloss)
    drawing_face.lines(surface, t, look.age, mood)
    drawing_face.marks(surface, t)
    drawing_face.nose(surface, t)
    drawing_face.mouth(surface, t, mood)
    drawing_face.beard(surface, t, look.beard, drawing_hair.tint(t, look.age))
    drawing_face.eyes(surface, t, look.age, mood, gaze)
    drawing_face.brows(surface, t, drawing_hair.tint(t, look.age), mood)
    light, shine = _light(coarse, 2 * pixel, sun, level)
    shine *= 1.5 - 0.7 * sum(t.skin) / 3  # on darker skin the shine carries more of the shape
    colour = surface.colour * cv2.resize(light, size) + (cv2.resize(shine, size) * surface.gloss)[..., None]
    paint(view, cover, colour)
    if style:
        shell = drawing_head.meet(head, coarse_x, coarse_y, turn, style.grow)
        facing = _facing(shell, 2 * pixel, sun)[3] * 0.6 + 0.4
        drawing_hair.crown(
            view,
            cover,
            shell.enlarged(view.shape[:2]),
            head,
            t,
            style,
            pixel,
            tint,
            look.age,
            cv2.resize(np.clip(facing, 0, 1.2), size),
        )
    if style and style.back > 0:
        long = place.area(-1.15, 1.15, -0.9, style.back + 0.3)
        drawing_hair.locks(image[long], head, t, style, *place.grid(*long, 1), tint)
    if look.glasses is not None:
        drawing_hair.glasses(view, head, t, flat, to_pixel, look.glasses)


def _surface(hit: Hit, flat: Floats, place: _Place, rows: slice, columns: slice, step: int) -> drawing_face.Surface:
    shape, pixel = hit.x.shape, 1 / place.scale
    half = (step - 1) / 2
    return drawing_face.Surface(
        hit,
        np.empty((*shape, 3), np.float32),
        np.empty(shape, np.float32),
        flat,
        step * pixel,
        (columns.start + half - place.cx) * pixel,
        (rows.start + half - place.cy) * pixel,
    )


def _facing(hit: Hit, pixel: float, sun: Vector) -> tuple[Floats, Floats, Floats, Floats]:
    """Slopes towards x and y, length factor, and cosine between surface and ``sun``; each (H, W)."""
    near = cv2.GaussianBlur(hit.near, (0, 0), max(0.5, 0.010 / pixel))
    gx = np.asarray(cv2.Sobel(near, cv2.CV_32F, 1, 0, scale=0.125 / pixel), np.float32)
    gy = np.asarray(cv2.Sobel(near, cv2.CV_32F, 0, 1, scale=0.125 / pixel), np.float32)
    norm = 1 / np.sqrt(1 + gx * gx + gy * gy)
    return gx, gy, norm, (sun[2] - gx * sun[0] - gy * sun[1]) * norm


def _light(hit: Hit, pixel: float, sun: Vector, level: float) -> tuple[Floats, Floats]:
    """Light (H, W, 3) that falls on the skin, redder in its shadows as real skin is, and its shine (H, W)."""
    gx, gy, norm, facing = _facing(hit, pixel, sun)
    strength = (0.40 + 0.66 * np.clip((facing + 0.35) / 1.35, 0, 1)) * (0.86 + 0.14 * norm)
    light = cv2.merge([level * strength**power for power in (1.12, 1.04, 0.90)])
    length = float(np.sqrt(sun[0] ** 2 + sun[1] ** 2 + (sun[2] + 1) ** 2))
    half = (sun[0] / length, sun[1] / length, (sun[2] + 1) / length)
    shine = np.clip((half[2] - gx * half[0] - gy * half[1]) * norm, 0, 1) ** 18
    return light, 0.10 * level * shine
