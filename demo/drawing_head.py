"""The head as a solid: outline and depth tables, relief of the face, and where each pixel's ray meets it.

A horizontal cut through the head is an ellipse with half width w(y) and half depth d(y); the relief of the
face (sockets, nose, lips, chin) displaces its front along z. A pixel's ray is met by a few fixed-point steps.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from demo.drawing_canvas import Floats, bump, own_tile, sample, soft
from demo.drawing_traits import Traits

Y_LOW, Y_HIGH, ROWS = -1.3, 1.5, 336
X_EDGE, COLUMNS = 0.9, 216
CRUMB = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))


@dataclass(frozen=True, slots=True)
class Head:
    """Tables of one head: width, depth (336, 1) over y; relief and hollows (336, 216) over y, x."""

    width: Floats
    depth: Floats
    relief: Floats
    hollows: Floats


@dataclass(frozen=True, slots=True)
class Hit:
    """Where rays meet a head: x, y, z in head units, depth towards the camera, distance inside the outline.

    All (H, W); ``inside`` is negative where a ray misses, and the other fields hold the nearest point there.
    """

    x: Floats
    y: Floats
    z: Floats
    near: Floats
    inside: Floats

    def cover(self, pixel: float) -> Floats:
        """Coverage 0..1 of each pixel, softened over about ``pixel``; (H, W)."""
        return soft(self.inside, 1.1 * pixel)

    def enlarged(self, shape: tuple[int, int]) -> Hit:
        """The same field on a finer grid of ``shape`` (rows, columns) over the same area."""
        size = (shape[1], shape[0])

        def finer(field: Floats) -> Floats:
            return np.asarray(cv2.resize(field, size, interpolation=cv2.INTER_LINEAR), np.float32)

        return Hit(
            finer(self.x),
            finer(self.y),
            finer(self.z),
            finer(self.near),
            finer(self.inside),
        )


@dataclass(frozen=True, slots=True)
class Expression:
    """How much a face smiles (-1..1), opens the mouth, narrows the eyes and raises the brows (0..1)."""

    smile: float = 0.0
    open: float = 0.0
    squint: float = 0.0
    brows: float = 0.0


def _table(points: list[tuple[float, float]], sigma: float) -> Floats:
    ys = np.linspace(Y_LOW, Y_HIGH, ROWS)
    values = np.interp(ys, [p[0] for p in points], [p[1] for p in points]).astype(np.float32) ** 2
    # squares stay straight towards the end of an ellipse, so that smoothing leaves crown and chin round
    smooth = cv2.GaussianBlur(values[:, None], (0, 0), sigmaX=0.1, sigmaY=sigma, borderType=cv2.BORDER_REPLICATE)
    return np.sqrt(np.maximum(smooth - 0.010, 1e-5))


def _dome(top: float, middle: float, value: float) -> list[tuple[float, float]]:
    angles = np.linspace(np.pi / 2, 0, 24)
    return [(float(middle - (middle - top) * np.sin(a)), float(value * np.cos(a) ** 0.85) + 1e-3) for a in angles]


def build(t: Traits, age: float, expression: Expression) -> Head:
    """Head of a person with traits ``t`` at ``age`` years showing ``expression``."""
    jowl = max(0.0, age - 45) / 40
    jaw = t.jaw_width * (1 + 0.05 * jowl)
    chin = t.chin_y + 0.05 * expression.open
    end = [
        (chin - 0.24, jaw * 0.45 + t.chin_width * 0.62),
        (chin - 0.12, t.chin_width * 1.06),
        (chin - 0.06, t.chin_width * 0.90),
        (chin - 0.02, t.chin_width * 0.60),
        (chin, 0.10),
        (chin + 0.005, 0.0),
    ]
    width = _table(
        [
            *_dome(-1.0, -0.18, t.cranium),
            (0.12, t.cheek_width),
            (0.32, t.cheek_width * 0.62 + jaw * 0.38 + t.cheek_fill * 0.4),
            (t.jaw_height, jaw + t.cheek_fill * 0.3),
            *end,
        ],
        3.8,
    )
    depth = _table(
        [
            *_dome(-1.0, -0.15, 0.88 * t.depth),
            (0.1, 0.86 * t.depth),
            (0.45, 0.85 * t.depth),
            (0.75, 0.83 * t.depth),
            (chin - 0.08, 0.80),
            (chin, 0.60),
            (chin + 0.03, 0.3),
        ],
        4.5,
    )
    y, x = np.meshgrid(
        np.linspace(Y_LOW, Y_HIGH, ROWS, dtype=np.float32),
        np.linspace(-X_EDGE, X_EDGE, COLUMNS, dtype=np.float32),
        indexing="ij",
        sparse=True,
    )
    relief = _relief(t, x, y, expression, jowl, chin)
    hollows = relief - cv2.GaussianBlur(relief, (0, 0), 8.2)
    return Head(width, depth, relief, hollows)


def _relief(t: Traits, x: Floats, y: Floats, e: Expression, jowl: float, chin: float) -> Floats:
    a = np.abs(x)
    eye = t.eye_y
    out = -t.eye_depth * bump(a - t.eye_x * 0.96, 0.17) * bump(y - eye + 0.02, 0.10)
    out += 0.045 * bump(a - t.eye_x, 0.11) * bump(y - eye, 0.085)
    out += t.brow_ridge * bump(y - eye + t.brow_height + 0.02, 0.07) * bump(a - 0.2, 0.26)
    out += (t.cheekbone + 0.03 * max(e.smile, 0)) * bump(a - 0.40, 0.15) * bump(y - eye - 0.24 + 0.05 * e.smile, 0.13)
    out += t.cheek_fill * bump(a - 0.40, 0.2) * bump(y - 0.5, 0.18)
    base = eye + t.nose_length
    nx = x - t.nose_skew * soft(y - eye, 0.4)
    along = np.clip((y - eye + 0.10) / (t.nose_length + 0.06), 0, 1)
    height = t.nose_bridge + (t.nose_tip - t.nose_bridge) * along**1.5 + t.nose_hump * bump(along - 0.45, 0.22)
    reach = soft(y - eye + 0.13, 0.13) * soft(base - y + 0.005, 0.085)
    ridge = t.nose_bridge_width + (t.nose_tip_width * 0.95 - t.nose_bridge_width) * along**2
    out += height * bump(nx, ridge * 1.25) * reach
    out += 0.05 * bump(np.hypot(nx, (y - base + 0.055) * 1.1), t.nose_tip_width)
    wing = np.hypot(np.abs(nx) - t.nose_wing * 0.80, (y - base + 0.045) * 0.9)
    out += 0.085 * t.nose_tip / 0.22 * bump(wing, t.nose_wing * 0.46)
    mouth = t.mouth_y
    out += 0.05 * bump(x, 0.27) * bump(y - mouth, 0.20)
    out -= 0.016 * bump(x, 0.03) * soft(y - base - 0.01, 0.03) * soft(mouth - t.lip_upper - y, 0.03)
    lips = 1 - np.clip(np.abs(x - t.mouth_skew) / (t.mouth_width * (1 + 0.18 * max(e.smile, 0))), 0, 1) ** 2
    out += 0.032 * lips * bump(y - mouth + t.lip_upper * 0.55 + 0.3 * e.open * 0.1, t.lip_upper * 0.8)
    out += 0.045 * lips * bump(y - mouth - t.lip_lower * 0.55 - 0.1 * e.open, t.lip_lower * 0.7)
    out -= 0.028 * bump(y - mouth, 0.014) * soft(t.mouth_width * 1.05 - a, 0.05)
    out -= 0.040 * bump(x, 0.2) * bump(y - mouth - t.lip_lower - 0.05, 0.045)
    out += t.chin_bump * bump(x, t.chin_width * 0.75) * bump(y - chin + 0.13, 0.10)
    out -= 0.03 * t.chin_cleft * bump(x, 0.022) * bump(y - chin + 0.11, 0.06)
    fold = 0.15 + 0.42 * np.clip(y - base + 0.03, 0, 0.5)
    deep = 0.006 + 0.012 * jowl + 0.02 * max(e.smile, 0)
    out -= deep * bump(a - fold - 0.02 * e.smile, 0.026) * soft(y - base + 0.06, 0.05) * soft(mouth + 0.06 - y, 0.06)
    # fat and bone that no measure above names: mostly the same on both sides, the person's own
    both = sample(own_tile(9000 + t.seed, 2.0), a * 0.25 + 0.0 * y, y * 0.25 + 0.0 * x)
    each = sample(own_tile(9500 + t.seed, 2.0), x * 0.25 + 0.0 * y, y * 0.25 + 0.0 * x)
    out += (0.019 * both + 0.007 * each) * (1 - 0.5 * bump(a, 0.16))
    out += 0.008 * t.asymmetry * np.sin(x * 5 + y * 3)
    return out.astype(np.float32)


def rotation(yaw: float, pitch: float) -> Floats:
    """(3, 3) matrix from head to camera; degrees; yaw > 0 turns the face to the picture's right, pitch > 0 up."""
    a, b = np.radians(yaw), np.radians(pitch)
    turn = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    nod = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    return (turn @ nod).astype(np.float32)


def meet(head: Head, x: Floats, y: Floats, r: Floats, grow: tuple[float, float, float] | None = None) -> Hit:
    """Meet rays through camera points x, y (H, W) with the head turned by ``r`` (3, 3).

    ``grow`` inflates the bare skull (no relief) per axis about (0, -0.1, 0): the shell that carries hair.
    """
    g = np.array(grow or (1, 1, 1), np.float32)
    lift = -0.1 if grow else 0.0
    ox = (x * r[0, 0] + y * r[1, 0]) / g[0]
    oy = (x * r[0, 1] + y * r[1, 1] - lift) / g[1] + lift
    oz = (x * r[0, 2] + y * r[1, 2]) / g[2]
    kx, ky, kz = (r[2] / g).tolist()
    z_axis = 0.75
    depth_at = np.full_like(x, z_axis)
    for turn_number in range(2 if grow else 6):
        py = oy + depth_at * ky
        row = (py - Y_LOW) * ((ROWS - 1) / (Y_HIGH - Y_LOW))
        column = np.zeros_like(row)
        w = cv2.remap(head.width, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        d = cv2.remap(head.depth, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        rise = oz
        if grow is None:
            px = ox + depth_at * kx
            column = (px + X_EDGE) * ((COLUMNS - 1) / (2 * X_EDGE))
            rise = oz - cv2.remap(head.relief, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        w2, d2 = 1.0 / (w * w), 1.0 / (d * d)
        a = kx * kx * w2 + kz * kz * d2
        b = ox * kx * w2 + rise * kz * d2
        c = ox * ox * w2 + rise * rise * d2
        nearest = c - b * b / a
        # a ray that misses must not be sent far off, or the next step meets another part of the head
        step = np.clip(-b / a, -0.45, 0.45) + np.sqrt(np.clip(1.0 - nearest, 0, None) / a)
        # half steps after the first keep rays under the jaw from swinging between two answers
        depth_at = step if turn_number == 0 else 0.5 * (depth_at + step)
    inside = (1.0 - np.sqrt(np.clip(nearest, 0, None))) * np.minimum(w, 0.6)
    inside = np.minimum(inside, 3.0 * (w - 0.06))
    # grazing rays under the chin may find it again as a loose crumb: only the one large shape is a head
    solid = cv2.morphologyEx((inside > 0).astype(np.uint8), cv2.MORPH_OPEN, CRUMB)
    inside = np.where(cv2.dilate(solid, CRUMB) > 0, inside, np.float32(-1))
    return Hit(ox + depth_at * kx, oy + depth_at * ky, oz + depth_at * kz, depth_at, inside)


def hollows_at(head: Head, hit: Hit) -> Floats:
    """How far each met point stands out of (+) or lies below (-) its surroundings; (H, W)."""
    row = (hit.y - Y_LOW) * ((ROWS - 1) / (Y_HIGH - Y_LOW))
    column = (hit.x + X_EDGE) * ((COLUMNS - 1) / (2 * X_EDGE))
    hollows = cv2.remap(head.hollows, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(hollows, np.float32)


def half_width(head: Head, y: float) -> float:
    """Half width of the head at height ``y``."""
    return float(np.interp(y, np.linspace(Y_LOW, Y_HIGH, ROWS), head.width[:, 0]))
