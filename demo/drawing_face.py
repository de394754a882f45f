"""Skin and features painted on the surface of a head: eyes, brows, nose, mouth, marks, lines of age, beard."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from demo.drawing_canvas import (
    Colour,
    Floats,
    bump,
    mix_colour,
    own_tile,
    paint,
    sample,
    scale_colour,
    shade,
    soft,
    tile,
    total,
)
from demo.drawing_head import Expression, Head, Hit, hollows_at
from demo.drawing_traits import Traits

Box = tuple[slice, slice]


@dataclass(frozen=True, slots=True)
class Surface:
    """The visible head: where rays meet it, its colour (H, W, 3) before light, its gloss (H, W), pixel size."""

    hit: Hit
    colour: Floats
    gloss: Floats
    turn: Floats
    pixel: float
    left: float
    top: float

    def box(self, x: float, y: float, z: float, reach_x: float, reach_y: float) -> Box:
        """Pixels near head point (x, y, z), clipped to the surface; possibly empty."""
        at = self.turn @ np.array([x, y, z], np.float32)
        h, w = self.gloss.shape
        column, row = (at[0] - self.left) / self.pixel, (at[1] - self.top) / self.pixel
        rx, ry = reach_x / self.pixel, reach_y / self.pixel
        x0, x1 = int(np.clip(column - rx, 0, w)), int(np.clip(column + rx + 1, 0, w))
        y0, y1 = int(np.clip(row - ry, 0, h)), int(np.clip(row + ry + 1, 0, h))
        return slice(y0, y1), slice(x0, x1)


def skin(s: Surface, head: Head, t: Traits, age: float) -> None:
    """Colour the whole surface as skin: complexion, redness, blotches that belong to the person, hollows."""
    h = s.hit
    s.colour[:] = np.asarray(t.skin, np.float32)
    a = np.abs(h.x)
    warm = 0.5 * bump(a - 0.36, 0.17) * bump(h.y - 0.30, 0.17) + 0.6 * bump(h.x, 0.10) * bump(h.y - t.nose_length, 0.12)
    warm += 0.4 * bump(a - 0.6, 0.15) + 0.2 * bump(h.y - t.chin_y + 0.1, 0.12)
    warm *= 0.06 + 0.34 * t.redness * t.redness
    np.multiply(s.colour, 1 - warm[..., None] * np.array([0.95, 0.85, 0.10], np.float32), out=s.colour)
    tone = 0.075 * t.blotches * sample(own_tile(7000 + t.seed, 2.2), h.x * 0.25 + 0.1, h.y * 0.25)
    tone += 0.010 * (1 + age / 60) * sample(tile(3, 1.0), h.x * 0.9, h.y * 0.9)
    tone += np.clip(hollows_at(head, h) * 2.2, -0.18, 0.08)
    shade(s.colour, 1 + tone)
    for patch in t.patches:
        b = s.box(patch.x, patch.y, 0.75, patch.reach_x * 2 + 0.1, patch.reach_y * 2 + 0.1)
        x, y = (h.x[b] - patch.x) / patch.reach_x, (h.y[b] - patch.y) / patch.reach_y
        edge = 0.18 * sample(own_tile(8000 + t.seed, 1.8), h.x[b] * 0.5, h.y[b] * 0.5)
        mask = soft(1 + edge - np.sqrt(x * x + y * y), 0.35)
        paint(s.colour[b], mask, s.colour[b] * np.asarray(patch.tint, np.float32))
    s.gloss[:] = t.gloss * (0.35 + 0.65 * bump(h.x, 0.22))


def eyes(s: Surface, t: Traits, age: float, e: Expression, gaze: tuple[float, float]) -> None:
    """Both eyes: sockets, lids, fold, iris, lashes, bags."""
    droop = max(0.0, age - 40) / 200
    for side in (-1.0, 1.0):
        uneven = 1 + 0.05 * t.asymmetry * side
        b = s.box(side * t.eye_x, t.eye_y, 0.82, 0.30, 0.24)
        u, v = s.hit.x[b] * side - t.eye_x, s.hit.y[b] - t.eye_y - side * t.eye_uneven
        if u.size == 0:
            continue
        _eye(s, b, u, v, t, side, uneven, droop, e, gaze)


def _eye(
    s: Surface,
    b: Box,
    u: Floats,
    v: Floats,
    t: Traits,
    side: float,
    uneven: float,
    droop: float,
    e: Expression,
    gaze: tuple[float, float],
) -> None:
    ew, edge = t.eye_width, max(1.0 * s.pixel, 0.006)
    colour = s.colour[b]
    dark: Colour = scale_colour(t.skin, (0.50, 0.50, 0.58))
    paint(colour, 0.30 * bump(u + 0.02, ew * 1.15) * bump(v + 0.03, 0.085) * (0.5 + 5 * t.eye_depth), dark)
    lid = bump(u, ew * 1.05) * bump(v + 0.02, 0.075)
    paint(colour, 0.62 * t.eye_shade * t.eye_shade * lid, scale_colour(t.skin, (0.46, 0.42, 0.50)))
    k = u / ew
    arch = np.clip(1 - k * k, 0, 1)
    upper_h = t.eye_upper * uneven * (1 - 0.38 * e.squint + 0.15 * e.brows - droop)
    upper = -upper_h * arch**0.72 * (1 + t.eye_skew * k) - t.eye_tilt * u
    lower = (t.eye_lower * uneven - 0.010 * e.squint) * arch**0.85 - t.eye_tilt * u
    paint(colour, 0.20 * t.eye_bags * bump(v - lower - 0.028, 0.028) * soft(1.0 - np.abs(k), 0.5), dark)
    bag = bump(v - lower - 0.062 + 0.02 * arch, 0.010) * soft(0.9 - np.abs(k), 0.4)
    paint(colour, bag * (0.05 + 0.25 * t.eye_bags + droop), dark)
    fold = upper - t.eye_fold * np.clip(arch, 0.05, 1) ** 0.4 + 0.012
    crease = bump(v - fold, max(0.007, 0.9 * s.pixel)) * soft(1.12 - np.abs(k), 0.15)
    paint(colour, 0.55 * crease, dark)
    inside = soft(v - upper, edge) * soft(lower - v, edge) * soft(1 - np.abs(k), edge / ew)
    white = np.empty_like(colour)
    white[:] = mix_colour((0.80, 0.83, 0.86), t.skin, 0.15)
    shade(white, 1 - 0.16 * k * k - 0.42 * bump(v - upper, 0.024))
    paint(white, 0.5 * bump(np.hypot(u + ew * 0.92, v - t.eye_tilt * ew * 0.9), 0.03), (0.45, 0.50, 0.78))
    gx, gy = gaze[0] * side * 0.03, gaze[1] * 0.015 - 0.30 * (t.eye_upper - t.eye_lower)
    d = np.hypot(u - gx, v - gy)
    size = t.iris_size
    iris = np.empty_like(colour)
    iris[:] = t.iris
    shade(iris, 0.75 + 0.55 * np.clip((v - gy) / size, -0.4, 1) + 0.25 * bump(d - size * 0.55, size * 0.25))
    shade(iris, 1 - 0.65 * soft(d - size * 0.88, size * 0.14))
    shade(iris, 1 - 0.45 * bump(v - upper, 0.022))
    paint(white, soft(size - d, edge * 0.8), iris)
    paint(white, soft(size * 0.42 - d, edge * 0.8), (0.03, 0.03, 0.03))
    paint(
        white,
        0.9 * soft(0.011 - np.hypot(s.hit.x[b] - side * t.eye_x - gx * side + 0.016, v - gy + 0.018), edge),
        (1, 1, 1),
    )
    paint(colour, inside, white)
    lash = bump(v - upper + 0.003, max(0.009, 0.9 * s.pixel)) * soft(1.04 - np.abs(k), 0.08)
    paint(colour, lash * (0.80 + 0.15 * np.clip(k, -1, 1)), (0.07, 0.07, 0.09))
    under = bump(v - lower, max(0.006, 0.7 * s.pixel)) * soft(0.96 - np.abs(k), 0.1)
    paint(colour, 0.42 * under, scale_colour(dark, 0.6))
    gloss = s.gloss[b]
    gloss *= 1 - inside * 0.8


def brows(s: Surface, t: Traits, hair: Colour, e: Expression) -> None:
    """Both eyebrows, with strands."""
    for side in (-1.0, 1.0):
        b = s.box(side * t.eye_x, t.eye_y - t.brow_height, 0.85, 0.34, 0.20)
        u, v = s.hit.x[b] * side - t.eye_x, s.hit.y[b] - t.eye_y - side * t.eye_uneven * 0.8
        if u.size == 0:
            continue
        k = np.clip((u - t.brow_inner) / (t.brow_outer - t.brow_inner), -0.3, 1.3)
        lift = 0.05 * e.brows - 0.03 * e.squint * (1 - k) + 0.012 * t.asymmetry * side
        middle = -t.brow_height - lift - t.brow_arch * (1 - ((k - 0.62) / 0.62) ** 2) - t.brow_slope * u * 0.6
        thick = t.brow_thick * np.clip(1.05 - 0.70 * np.clip(k, 0, 1) ** 1.6, 0.2, 1)
        strands = sample(tile(11, 0.9), u * 2.2 + v * 1.1, v * 0.8 - u * 0.4)
        off = (v - middle) / thick + 0.22 * strands
        mask = np.exp(-(off**4)) * soft(k + 0.02, 0.10) * soft(1.03 - k, 0.10)
        paint(
            s.colour[b], mask * (t.brow_density * 0.86) * np.clip(0.9 + 0.22 * strands, 0, 1), scale_colour(hair, 0.78)
        )


def nose(s: Surface, t: Traits) -> None:
    """Nostrils, wings and the shadow under the tip (the relief itself is lit as a solid)."""
    base = t.eye_y + t.nose_length
    b = s.box(t.nose_skew, base, 1.0, 0.32, 0.22)
    x, v = s.hit.x[b] - t.nose_skew, s.hit.y[b] - base
    if x.size == 0:
        return
    a = np.abs(x)
    dark = scale_colour(t.skin, (0.34, 0.34, 0.44))
    colour = s.colour[b]
    paint(colour, 0.20 * bump(x, t.nose_wing * 0.85) * bump(v - 0.026, 0.030), dark)
    hole = soft(
        1
        - np.hypot(
            (a - t.nose_wing * 0.50) / (t.nose_wing * 0.30), (v + 0.002 - a * 0.10) / (0.013 + 0.010 * t.nostril)
        ),
        0.34,
    )
    paint(colour, 0.72 * hole * min(1.0, 0.55 + 0.45 * t.nostril), scale_colour(t.skin, (0.16, 0.15, 0.22)))
    rim = np.hypot((a - t.nose_wing * 0.80) / (t.nose_wing * 0.46), (v + 0.038) / 0.075)
    crease = bump(rim - 0.86, 0.12) * soft(a - t.nose_wing * 0.85, 0.025) * soft(v + 0.095, 0.03)
    paint(colour, 0.46 * crease, dark)


def mouth(s: Surface, t: Traits, e: Expression) -> None:
    """Lips, the line between them, teeth when open, shadow under the lower lip."""
    smile = e.smile
    mw = t.mouth_width * (1 + 0.20 * max(smile, 0) - 0.06 * max(-smile, 0))
    b = s.box(0, t.mouth_y, 0.9, 0.46, 0.30)
    x, y = s.hit.x[b] - t.mouth_skew, s.hit.y[b] - t.mouth_y - 0.35 * t.mouth_skew * s.hit.x[b] / mw
    if x.size == 0:
        return
    k = x / mw
    inner = np.clip(1 - k * k, 0, 1)
    edge = max(1.1 * s.pixel, 0.010)
    line = t.lip_curve * (1 - inner) - 0.085 * smile * np.clip(k * k, 0, 1.3) + 0.010 * t.lip_bow * bump(k, 0.2)
    line = line + 0.025 * smile + 0.006 * t.asymmetry * k
    gap = 0.085 * e.open * inner**0.8
    bow = 1 - 0.30 * t.lip_bow * bump(k, 0.13) + 0.12 * bump(np.abs(k) - 0.28, 0.2)
    thin = 1 - 0.25 * max(smile, 0)
    top = line - gap * 0.3 - t.lip_upper * thin * inner**0.85 * bow
    bottom = line + gap * 0.7 + t.lip_lower * thin * inner**0.62
    colour = s.colour[b]
    dark = scale_colour(t.skin, (0.45, 0.42, 0.55))
    paint(colour, 0.30 * bump(k, 0.75) * bump(y - bottom - 0.035, 0.032), dark)
    inside = soft(1.0 - np.abs(k), 0.06)
    lip = np.empty_like(colour)
    lip[:] = t.lip
    shade(lip, 1 - 0.16 * soft(line - y, 0.015) + 0.06 * sample(tile(12, 1.0), x * 3.0, y * 0.7))
    shade(lip, 1 + 0.16 * bump(y - (line + gap * 0.7 + t.lip_lower * 0.45), t.lip_lower * 0.28) * bump(k, 0.5))
    paint(colour, 0.92 * soft(y - top, edge) * soft(bottom - y, edge) * inside, lip)
    if e.open > 0:
        hole = soft(y - (line - gap * 0.3), edge) * soft(line + gap * 0.7 - y, edge) * inside
        paint(colour, hole, (0.10, 0.08, 0.20))
        teeth = hole * soft(line + gap * 0.22 - y, edge) * soft(0.82 - np.abs(k), 0.1)
        paint(colour, 0.9 * teeth, (0.80, 0.86, 0.90))
    else:
        paint(
            colour,
            0.82 * bump(y - line, max(0.008, 0.8 * s.pixel)) * soft(1.02 - np.abs(k), 0.06),
            scale_colour(t.lip, 0.30),
        )
    corner = np.hypot(np.abs(x) - mw * 1.02, y - line)
    paint(colour, 0.40 * bump(corner, 0.024), dark)


def marks(s: Surface, t: Traits) -> None:
    """Moles, freckles and scars."""
    for m in t.marks:
        b = s.box(m.x, m.y, 0.75, m.radius * 3 + m.length + 0.12, m.radius * 3 + m.length + 0.12)
        x, y = s.hit.x[b] - m.x, s.hit.y[b] - m.y
        if x.size == 0:
            continue
        if m.length:
            along = x * np.cos(m.angle) + y * np.sin(m.angle)
            across = y * np.cos(m.angle) - x * np.sin(m.angle) + 0.8 * along * along
            mask: Floats = bump(across, m.radius) * soft(m.length - np.abs(along), 0.02)
            paint(s.colour[b], mask * m.strength, mix_colour(t.skin, (0.62, 0.66, 0.92), 0.6))
        else:
            mask = soft(m.radius - np.hypot(x, y), max(m.radius * 0.45, s.pixel))
            paint(s.colour[b], mask * m.strength, scale_colour(t.skin, (0.36, 0.36, 0.48)))


def lines(s: Surface, t: Traits, age: float, e: Expression) -> None:
    """Lines of age and of expression: forehead, crow's feet, nose to mouth."""
    old = float(np.clip((age - 26) / 44, 0, 1)) * (0.5 + 0.5 * t.lines)
    dark = scale_colour(t.skin, (0.48, 0.48, 0.58))
    fine = max(0.008, 0.9 * s.pixel)
    base = t.eye_y + t.nose_length
    b = s.box(0, base + 0.12, 0.9, 0.62, 0.34)
    x, y = np.abs(s.hit.x[b]), s.hit.y[b]
    if x.size:
        path = t.nose_wing * 1.05 + 0.03 + 0.45 * np.clip(y - base + 0.04, 0, 1) + 0.03 * max(e.smile, 0)
        strength = 0.04 + 0.22 * t.fold + 0.30 * old + 0.34 * max(e.smile, 0)
        fold = bump(x - path, 0.018) * soft(y - base + 0.05, 0.04) * soft(t.mouth_y + 0.02 + 0.10 * old - y, 0.07)
        paint(s.colour[b], strength * fold, dark)
    if old > 0.05 or e.brows > 0:
        b = s.box(0, -0.45, 0.85, 0.6, 0.25)
        x, y = s.hit.x[b], s.hit.y[b]
        if x.size:
            wave = y + 0.03 * np.cos(x * 5.0) + 0.008 * np.sin(x * 17)
            ripple = total(bump(wave - r, fine) for r in (-0.54, -0.45, -0.37)) * bump(x, 0.34)
            paint(s.colour[b], (0.34 * old + 0.22 * e.brows) * ripple, dark)
        for side in (-1.0, 1.0):
            b = s.box(side * (t.eye_x + t.eye_width + 0.07), t.eye_y, 0.6, 0.16, 0.14)
            u, v = s.hit.x[b] * side - t.eye_x - t.eye_width, s.hit.y[b] - t.eye_y
            if u.size:
                feet = total(
                    bump(v + tilt * u - place, fine * 0.8) for tilt, place in ((0.5, -0.01), (0.05, 0.01), (-0.4, 0.03))
                )
                fade = soft(u - 0.025, 0.02) * soft(0.12 - u, 0.05)
                paint(s.colour[b], (0.36 * old + 0.22 * e.squint) * feet * fade, dark)


def beard(s: Surface, t: Traits, style: str, hair: Colour) -> None:
    """Facial hair: shaven shadow, ``stubble``, ``moustache``, ``goatee`` or ``full``, as far as it grows."""
    if t.beard_growth <= 0.02:
        return
    h = s.hit
    a, y = np.abs(h.x), h.y
    base = t.eye_y + t.nose_length
    cheek = 0.30 + 0.34 * np.clip(0.60 - a, 0, 0.4) / 0.4
    jaw = soft(y - cheek, 0.07)
    lips = soft(
        1 - np.hypot((h.x - t.mouth_skew) / (t.mouth_width * 1.02), (y - t.mouth_y) / (t.lip_lower * 1.1 + 0.02)), 0.18
    )
    low = soft(y - (t.mouth_y - 0.02), 0.03)
    upper = soft(y - base - 0.045, 0.02) * soft(t.mouth_y - y, 0.02) * soft(t.mouth_width * 1.22 - a, 0.05)
    if style == "moustache":
        mask, strength = upper, 0.88
    elif style == "goatee":
        ring = soft(t.mouth_width * 1.08 - a, 0.04) * low
        mask, strength = np.maximum(ring, upper), 0.85
    elif style == "full":
        mask, strength = np.maximum(jaw * low + jaw * soft(a - t.mouth_width * 1.1, 0.05), upper), 0.88
    else:
        mask, strength = np.maximum(jaw, upper), 0.42 if style == "stubble" else 0.13
    mask = np.clip(mask, 0, 1) * (1 - lips)
    grain = sample(tile(13, 0.7), h.x * 1.7 + 0.05 * y, y * 0.75)
    patch = sample(tile(14, 10.0), h.x * 0.5 + t.seed * 0.37, y * 0.5)
    mask *= np.clip(strength + 0.16 * grain + 0.08 * patch, 0, 1) * (0.35 + 0.65 * t.beard_growth)
    paint(s.colour, np.asarray(cv2.GaussianBlur(mask, (0, 0), 0.6), np.float32), scale_colour(hair, 0.85))
    np.multiply(s.gloss, 1 - 0.8 * mask, out=s.gloss)
