"""Hair, ears and glasses around the head."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from demo.drawing_canvas import (
    Colour,
    Floats,
    bump,
    mix_colour,
    paint,
    polygon_mask,
    sample,
    scale_colour,
    shade,
    soft,
    tile,
)
from demo.drawing_head import Head, Hit, half_width
from demo.drawing_traits import Traits


@dataclass(frozen=True, slots=True)
class Style:
    """A way to wear hair: growth of the shell per axis, shift of the hairline, lengths, roughness of its edge."""

    grow: tuple[float, float, float]
    line: float = 0.0
    side: float = 0.12
    back: float = 0.0
    fringe: float = 0.0
    part: float = 0.0
    rough: float = 0.02
    sleek: float = 1.0
    width: float = 0.0


STYLES: dict[str, Style] = {
    "buzz": Style((1.015, 1.012, 1.01), side=0.05, rough=0.008, sleek=0.2),
    "crew": Style((1.03, 1.06, 1.03), side=0.08, rough=0.018, sleek=0.5),
    "short": Style((1.06, 1.08, 1.05), side=0.12, rough=0.02, fringe=0.05),
    "side": Style((1.07, 1.10, 1.06), side=0.10, part=0.26, fringe=0.04, rough=0.02),
    "swept": Style((1.05, 1.13, 1.05), line=-0.02, side=0.10, rough=0.016),
    "curly": Style((1.17, 1.17, 1.12), line=0.02, side=0.18, rough=0.05, sleek=0.15),
    "bob": Style((1.14, 1.09, 1.08), side=0.75, back=0.80, part=-0.12, rough=0.016, width=0.84),
    "long": Style((1.12, 1.08, 1.07), side=0.9, back=1.9, part=0.10, rough=0.016, width=0.84),
    "waves": Style((1.17, 1.10, 1.08), side=0.9, back=1.6, part=-0.2, rough=0.05, sleek=0.7, width=0.94),
    "fringe": Style((1.13, 1.09, 1.09), side=0.9, back=1.5, fringe=0.30, rough=0.018, width=0.84),
    "tied": Style((1.03, 1.05, 1.03), line=-0.01, side=0.02, rough=0.01),
    "bald": Style((1.0, 1.0, 1.0)),
}


def tint(t: Traits, age: float) -> Colour:
    """Hair colour at ``age``: the natural one, greying over some 25 years."""
    grey = float(np.clip((age - t.greys_from) / 25, 0, 1))
    return mix_colour(t.hair, (0.64, 0.65, 0.66), grey * 0.85)


def _strands(u: Floats, v: Floats, curl: float, colour: Colour, sleek: float) -> Floats:
    """(H, W, 3) strand colours for combing coordinates: u across the strands, v along them."""
    wave = curl * 0.05 * np.sin(v * 14 + 3 * np.sin(u * 7))
    fine = sample(tile(21, 0.8), u * 1.9 + wave, v * 0.12)
    broad = sample(tile(22, 3.0), u * 1.2 + wave, v * 0.16)
    light = 1 + 0.16 * fine + 0.16 * broad
    light += sleek * 0.34 * bump(v - 0.46 - 0.05 * broad, 0.17)
    if sleek < 0.3:
        knots = sample(tile(23, 1.6), u * 0.55, v * 0.50)
        light = 1 + 0.4 * (light - 1) + 0.17 * knots
    light = np.clip(light, 0.35, 2.0)
    return np.asarray(cv2.merge([light * (c + 0.012) for c in colour]), np.float32)


def crown(
    image: Floats,
    skin: Floats,
    hit: Hit,
    head: Head,
    t: Traits,
    style: Style,
    pixel: float,
    colour: Colour,
    age: float,
    light: Floats,
) -> None:
    """Paint the hair shell ``hit`` over ``image`` (H, W, 3); ``skin`` (H, W) is the bare head's coverage."""
    part_x = style.part
    u = np.arctan2(hit.x - part_x, 0.95 - np.clip(hit.y + 0.25, -2, 0.7)) * 1.3
    v = np.hypot(hit.x - part_x, hit.y + 1.05)
    rough = sample(tile(24, 1.5), u * 2.2, v * 0.35) * style.rough
    curls = style.rough > 0.04
    if curls:
        rough = style.rough * sample(tile(25, 2.5), hit.x * 0.45, hit.y * 0.45)
    a = np.abs(hit.x)
    back = t.recession * float(np.clip((age - 25) / 40, 0, 1))
    top = t.hairline + style.line + style.fringe - 0.30 * back * (0.4 + bump(a - 0.3, 0.16))
    top = top + t.hairline_peak * bump(hit.x, 0.12)
    if style.fringe:
        top -= style.part * 0.25 * soft(hit.x - part_x, 0.1)
    temple = np.clip((a - t.hairline_corner) / 0.16, 0, 1.6)
    front = top + 0.42 * temple * np.sqrt(temple) + 0.9 * rough - hit.y
    edge_x = half_width(head, 0.0) * (0.91 if style.side < 0.5 else 0.82) / style.grow[0]
    beside = np.maximum(
        (a - edge_x - 0.03 * hit.y) * 1.4 + rough, 0.10 - 0.20 * skin - 2.0 * np.clip(hit.y - 0.15, 0, 1)
    )
    mask = soft(np.maximum(front, np.minimum(beside, style.side - hit.y + 2 * rough)), 0.030)
    if style.back == 0:
        mask *= soft(style.side + 0.10 - hit.y, 0.05)
    mask *= soft(
        hit.inside + 0.6 * np.clip(rough, -2 * style.rough, 2 * style.rough) - 0.2 * style.rough,
        1.1 * pixel + 0.25 * style.rough,
    )
    small = cv2.resize(mask, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    small = np.roll(cv2.GaussianBlur(small, (0, 0), 0.011 / pixel), round(0.008 / pixel), axis=0)
    cast = cv2.resize(small, mask.shape[::-1], interpolation=cv2.INTER_LINEAR)
    shade(image, 1 - 0.34 * cast * skin * (1 - mask))
    strands = _strands(u, v, t.hair_curl, colour, style.sleek)
    shade(strands, 0.42 + 0.66 * light)
    paint(image, mask * (0.97 if style.grow[1] > 1.02 else 0.80), strands)


def _fall(style: Style, x: Floats, y: Floats) -> Floats:
    """Outline of hanging hair: > 0 inside; camera coordinates x, y (H, W)."""
    wave = 1 + 0.06 * style.rough * 18 * np.sin(y * 5.5)
    k = x / (style.width * wave * (1 + 0.10 * np.clip(y, 0, 1.2)))
    return 1 - np.hypot(k, np.clip(-(y + 0.1), 0, 2) / 0.95)


def behind(image: Floats, t: Traits, style: Style, x: Floats, y: Floats, colour: Colour) -> None:
    """Long hair hanging behind the neck, painted over ``image`` in camera coordinates x, y (H, W)."""
    if style.back <= 0:
        return
    low = style.back + 0.08 * sample(tile(26, 1.5), x * 1.5, np.full_like(x, 0.3))
    mask = soft(_fall(style, x, y), 0.025) * soft(low - y, 0.06)
    strands = _strands(x * 0.9, 0.8 + y * 0.5, t.hair_curl, scale_colour(colour, 0.72), 0.3)
    shade(strands, 1 - 0.45 * bump(x, 0.62) * soft(y - 0.1, 0.3))
    paint(image, mask, strands)


def locks(image: Floats, head: Head, t: Traits, style: Style, x: Floats, y: Floats, colour: Colour) -> None:
    """Locks of long hair that fall beside the face, in front of the ears."""
    if style.back <= 0:
        return
    for side in (-1.0, 1.0):
        u = x * side
        inner = half_width(head, 0.1) * (
            0.94 + 0.05 * float(np.sin(side * 2 + style.part * 9))
        ) + 0.05 * style.rough * 14 * np.sin(y * 4 + side)
        inner = inner - 0.10 * np.clip(-0.1 - y, 0, 0.6) + 0.05 * np.clip(y - 0.5, 0, 2)
        low = style.back + 0.05 + 0.08 * sample(tile(27, 1.5), x * 1.5, np.full_like(x, 0.6))
        wisps = 0.035 * sample(tile(24, 1.5), x * 1.2, y * 0.3)
        mask = (
            soft(u - inner - wisps, 0.025)
            * soft(_fall(style, x, y), 0.025)
            * soft(low - y, 0.06)
            * soft(y + 0.55, 0.25)
        )
        strands = _strands(x * 0.9 + 0.03 * y, 0.3 + y * 0.35, t.hair_curl, colour, style.sleek * 0.5)
        shade(strands, 0.72 + 0.34 * bump((u - inner) / 0.2 - 0.6, 0.7))
        paint(image, mask, strands)


def ears(
    image: Floats, head: Head, t: Traits, turn: Floats, to_pixel: tuple[float, float, float], level: float
) -> None:
    """Both ears as shaded shells, before the head is painted over their roots."""
    tone = scale_colour(t.skin, level)
    for side in (-1.0, 1.0):
        for shrink, dx, dy, blur, strength, colour in (
            (1.00, 0.00, 0.00, 0.8, 1.00, (0.84, 0.84, 0.94)),
            (0.66, -0.02, -0.03, 0.018 * to_pixel[2], 0.55, (0.50, 0.50, 0.62)),
            (0.30, -0.10, 0.08, 0.012 * to_pixel[2], 0.55, (0.36, 0.36, 0.46)),
        ):
            rim = _ear_rim(head, t, side, shrink, dx, dy) @ turn.T
            pixels = rim[:, :2] * to_pixel[2] + np.array(to_pixel[:2], np.float32)
            paint(image, strength * polygon_mask(image.shape[:2], pixels, blur), scale_colour(tone, colour))


def _ear_rim(head: Head, t: Traits, side: float, shrink: float, dx: float, dy: float) -> Floats:
    """(40, 3) head coordinates of an ear's outline, shrunk and shifted for its inner folds."""
    angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    across = 0.5 * np.cos(angles) - 0.075 * np.sin(angles)
    down = np.sin(angles) * (1 + 0.12 * t.ear_lobe * (np.sin(angles) > 0))
    x = half_width(head, 0.1) - 0.02 + (t.ear_out + 0.02) * (0.55 + across * shrink * 1.25 + dx)
    y = t.eye_y + 0.17 + t.ear_size * (down * shrink + dy)
    z = -0.10 - t.ear_size * 0.55 * across * shrink
    return np.stack([side * x, y, z], 1).astype(np.float32)


def glasses(
    image: Floats, head: Head, t: Traits, turn: Floats, to_pixel: tuple[float, float, float], kind: int
) -> None:
    """Spectacles: ``kind`` 0 round metal, 1 oblong metal, 2 thick dark frame."""
    cx, cy, scale = to_pixel
    thick, colour = ((0.012, (0.45, 0.46, 0.48)), (0.012, (0.20, 0.22, 0.26)), (0.026, (0.09, 0.08, 0.10)))[kind]
    rx, ry = ((0.185, 0.165), (0.20, 0.125), (0.205, 0.145))[kind]
    power = (2.0, 3.4, 3.0)[kind]
    angles = np.linspace(0, 2 * np.pi, 48)
    front = 0.93
    mask = np.zeros(image.shape[:2], np.uint8)
    glass = np.zeros(image.shape[:2], np.uint8)
    width = max(1, round(thick * scale))

    def pixels(points: Floats) -> Floats:
        p = points @ turn.T
        return np.round(np.stack([cx + p[:, 0] * scale, cy + p[:, 1] * scale], 1) * 16).astype(np.int32)

    for side in (-1.0, 1.0):
        c, sn = np.cos(angles), np.sin(angles)
        px = side * t.eye_x + rx * np.sign(c) * np.abs(c) ** (2 / power)
        py = t.eye_y + 0.035 + ry * np.sign(sn) * np.abs(sn) ** (2 / power)
        rim = pixels(np.stack([px, py, np.full_like(px, front) - 0.25 * np.clip(np.abs(px) - 0.2, 0, 1)], 1))
        cv2.fillPoly(glass, [rim], 255, cv2.LINE_AA, 4)
        cv2.polylines(mask, [rim], True, 255, width, cv2.LINE_AA, 4)
        root = half_width(head, 0.05)
        arm = np.array(
            [
                [side * (t.eye_x + rx), t.eye_y, front - 0.06],
                [side * (root + 0.03), t.eye_y, 0.55],
                [side * (root + 0.03), t.eye_y + 0.02, 0.0],
            ]
        )
        arm = arm if side * turn[0, 2] <= 0.05 else arm[:2]
        cv2.polylines(mask, [pixels(arm)], False, 255, width, cv2.LINE_AA, 4)
    gap = t.eye_x - rx
    bridge = np.array([[-gap, t.eye_y - 0.01, front], [0, t.eye_y - 0.035, front + 0.03], [gap, t.eye_y - 0.01, front]])
    cv2.polylines(mask, [pixels(bridge)], False, 255, width, cv2.LINE_AA, 4)
    lens = glass.astype(np.float32) / 255
    shade(image, 1 - 0.05 * lens)
    frame = cv2.GaussianBlur(mask, (0, 0), 0.5).astype(np.float32) / 255
    fall = np.roll(cv2.GaussianBlur(frame, (0, 0), 2.0), round(0.03 * scale), axis=0)
    shade(image, 1 - 0.22 * fall)
    paint(image, frame, colour)
