"""What makes a drawn person that person: proportions, colours and marks that no photograph changes.

Lengths are in half head heights: the crown lies at y = -1, the eyes near y = 0, the chin near y = +1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demo.drawing_canvas import Colour, mix_colour


@dataclass(frozen=True, slots=True)
class Mark:
    """A mole, freckle or scar on the face; x, y and sizes in half head heights, strength 0..1."""

    x: float
    y: float
    radius: float
    strength: float
    length: float = 0.0
    angle: float = 0.0


@dataclass(frozen=True, slots=True)
class Patch:
    """A birthmark or patch of paler or darker skin: place and reach in half head heights, colour factor."""

    x: float
    y: float
    reach_x: float
    reach_y: float
    tint: Colour


@dataclass(frozen=True, slots=True)
class Traits:
    """Frozen identity of a drawn face; every field keeps its value in all pictures of the person."""

    seed: int
    skin: Colour
    redness: float
    blotches: float
    freckles: float
    gloss: float
    cranium: float
    cheek_width: float
    jaw_width: float
    jaw_height: float
    chin_width: float
    chin_y: float
    chin_bump: float
    chin_cleft: float
    depth: float
    cheekbone: float
    cheek_fill: float
    brow_ridge: float
    eye_x: float
    eye_y: float
    eye_width: float
    eye_upper: float
    eye_lower: float
    eye_tilt: float
    eye_skew: float
    eye_fold: float
    eye_depth: float
    eye_bags: float
    eye_shade: float
    fold: float
    patches: tuple[Patch, ...]
    iris: Colour
    iris_size: float
    brow_height: float
    brow_thick: float
    brow_arch: float
    brow_slope: float
    brow_inner: float
    brow_outer: float
    brow_density: float
    nose_length: float
    nose_bridge: float
    nose_bridge_width: float
    nose_hump: float
    nose_tip: float
    nose_tip_width: float
    nose_wing: float
    nose_skew: float
    nostril: float
    mouth_y: float
    mouth_width: float
    lip_upper: float
    lip_lower: float
    lip_bow: float
    lip_curve: float
    lip: Colour
    ear_size: float
    ear_out: float
    ear_lobe: float
    hair: Colour
    hair_curl: float
    hairline: float
    hairline_peak: float
    hairline_corner: float
    recession: float
    greys_from: float
    usual_hair: str
    usual_beard: str
    heavy: float
    beard_growth: float
    lines: float
    neck: float
    asymmetry: float
    eye_uneven: float
    mouth_skew: float
    marks: tuple[Mark, ...]


SKINS: tuple[Colour, ...] = (
    (0.80, 0.86, 0.96),
    (0.69, 0.78, 0.94),
    (0.57, 0.69, 0.88),
    (0.45, 0.58, 0.80),
    (0.37, 0.47, 0.68),
    (0.31, 0.385, 0.56),
    (0.265, 0.32, 0.46),
)
HAIRS: tuple[Colour, ...] = (
    (0.07, 0.07, 0.08),
    (0.09, 0.11, 0.16),
    (0.12, 0.17, 0.27),
    (0.13, 0.21, 0.36),
    (0.11, 0.20, 0.46),
    (0.27, 0.42, 0.58),
    (0.38, 0.58, 0.74),
    (0.15, 0.32, 0.64),
)
IRISES: tuple[Colour, ...] = (
    (0.08, 0.13, 0.22),
    (0.12, 0.22, 0.37),
    (0.20, 0.36, 0.47),
    (0.30, 0.45, 0.36),
    (0.62, 0.50, 0.36),
    (0.55, 0.53, 0.48),
)
STYLES_SHORT = ("buzz", "short", "crew", "side", "swept", "curly")
STYLES_LONG = ("bob", "long", "fringe", "tied", "curly", "waves")


def _between(palette: tuple[Colour, ...], place: float) -> Colour:
    place = min(max(place, 0.0), 1.0) * (len(palette) - 1)
    low = min(int(place), len(palette) - 2)
    return mix_colour(palette[low], palette[low + 1], place - low)


def _marks(rng: np.random.Generator, freckles: float) -> tuple[Mark, ...]:
    marks = [
        Mark(
            float(rng.uniform(-0.5, 0.5)),
            float(rng.uniform(-0.35, 0.85)),
            float(rng.uniform(0.012, 0.03)),
            float(rng.uniform(0.45, 0.85)),
        )
        for _ in range(int(rng.integers(0, 5)))
    ]
    marks += [
        Mark(
            float(rng.normal(0, 0.26)),
            float(rng.normal(0.2, 0.11)),
            float(rng.uniform(0.006, 0.014)),
            float(rng.uniform(0.15, 0.4)) * freckles,
        )
        for _ in range(int(40 * freckles))
    ]
    if rng.random() < 0.22:
        marks.append(
            Mark(
                float(rng.uniform(-0.45, 0.45)),
                float(rng.uniform(-0.4, 0.8)),
                float(rng.uniform(0.010, 0.018)),
                float(rng.uniform(0.35, 0.7)),
                float(rng.uniform(0.06, 0.16)),
                float(rng.uniform(0, np.pi)),
            )
        )
    return tuple(marks)


def _patches(rng: np.random.Generator) -> tuple[Patch, ...]:
    """Uneven colour that most skins have; a marked patch on about one person in six."""
    found = []
    for _ in range(5):
        depth = float(rng.choice([0.12, 0.42], p=[0.965, 0.035]))
        tint = (
            (1 - depth, 1 - depth, 1 - 0.5 * depth),
            (1 - depth, 1 - 0.9 * depth, 1 - 0.9 * depth),
            (1 + depth, 1 + 0.9 * depth, 1 + 0.6 * depth),
        )[int(rng.integers(0, 3))]
        found.append(
            Patch(
                float(rng.uniform(-0.5, 0.5)),
                float(rng.uniform(-0.55, 0.9)),
                float(rng.uniform(0.10, 0.26)),
                float(rng.uniform(0.10, 0.26)),
                tint,
            )
        )
    return tuple(found)


def traits(seed: int) -> Traits:
    """Traits of the person numbered ``seed``; the same seed always gives the same traits."""
    rng = np.random.default_rng([20261123, seed])

    def u(low: float, high: float) -> float:
        return float(rng.uniform(low, high))

    def wide(low: float, high: float) -> float:
        # more people near the ends than in the middle: neighbours in a line-up differ visibly
        return low + (high - low) * float(rng.beta(0.6, 0.6))

    heavy = float(np.clip(rng.normal(0.5, 0.22), 0, 1))
    rugged = float(np.clip(rng.choice([0.22, 0.78]) + rng.normal(0, 0.16), 0, 1))
    melanin = wide(0, 1)
    tint = (u(0.91, 1.08), u(0.96, 1.04), u(0.97, 1.04))
    base = _between(SKINS, melanin)
    skin = (base[0] * tint[0], base[1] * tint[1], min(base[2] * tint[2], 0.97))
    if melanin > 0.5:
        hair = HAIRS[int(rng.integers(0, 3))]
        iris = IRISES[int(rng.integers(0, 2))]
    else:
        hair = HAIRS[int(rng.integers(0, len(HAIRS)))]
        iris = IRISES[int(rng.integers(0, len(IRISES)))]
    freckles = u(0.2, 1.0) if melanin < 0.45 and rng.random() < 0.3 else 0.0
    lip_red = wide(0.0, 1.0)
    cheek = wide(0.55, 0.74) + 0.05 * (heavy - 0.5)
    # a face is long or short above and below the nose independently, but the order of its parts is kept
    eye, nose = wide(-0.10, 0.09), wide(0.30, 0.515)
    mouth = eye + nose + wide(0.13, 0.25)
    chin = float(np.clip(mouth + wide(0.29, 0.52), 0.86, 1.22))
    return Traits(
        seed=seed,
        skin=skin,
        redness=u(0, 1),
        blotches=u(0.2, 1.0),
        freckles=freckles,
        gloss=u(0.2, 1.0),
        cranium=cheek * u(1.0, 1.10),
        cheek_width=cheek,
        jaw_width=cheek * (wide(0.68, 0.93) + 0.08 * (rugged - 0.5) + 0.08 * (heavy - 0.5)),
        jaw_height=chin - u(0.36, 0.52),
        chin_width=wide(0.17, 0.38) + 0.06 * (rugged - 0.5),
        chin_y=chin,
        chin_bump=u(0.0, 0.09),
        chin_cleft=max(0.0, u(-1.2, 1.0)),
        depth=u(0.92, 1.06),
        cheekbone=u(0.0, 0.09),
        cheek_fill=u(-0.04, 0.05) + 0.06 * (heavy - 0.5),
        brow_ridge=u(0.0, 0.03) + 0.03 * rugged,
        eye_x=wide(0.205, 0.345),
        eye_y=eye,
        eye_width=wide(0.108, 0.19),
        eye_upper=wide(0.034, 0.086),
        eye_lower=u(0.020, 0.040),
        eye_tilt=wide(-0.22, 0.32),
        eye_skew=u(-0.35, 0.25),
        eye_fold=u(0.012, 0.055),
        eye_depth=wide(0.02, 0.14),
        eye_bags=u(0, 1),
        eye_shade=wide(0, 1),
        fold=wide(0, 1),
        patches=_patches(rng),
        iris=iris,
        iris_size=u(0.048, 0.060),
        brow_height=wide(0.11, 0.275) - 0.03 * rugged,
        brow_thick=wide(0.011, 0.058) + 0.014 * rugged,
        brow_arch=wide(-0.03, 0.09),
        brow_slope=u(-0.16, 0.12),
        brow_inner=wide(-0.215, -0.085),
        brow_outer=wide(0.12, 0.25),
        brow_density=u(0.55, 1.0),
        nose_length=nose,
        nose_bridge=u(0.02, 0.10),
        nose_bridge_width=u(0.05, 0.09),
        nose_hump=u(-0.03, 0.05),
        nose_tip=u(0.15, 0.28),
        nose_tip_width=wide(0.048, 0.12),
        nose_wing=wide(0.08, 0.215),
        nose_skew=u(-0.04, 0.04),
        nostril=u(0.5, 1.1),
        mouth_y=mouth,
        mouth_width=wide(0.155, 0.335),
        lip_upper=wide(0.024, 0.085),
        lip_lower=wide(0.038, 0.11),
        lip_bow=u(0, 1),
        lip_curve=u(-0.05, 0.004),
        lip=(skin[0] * (0.80 - 0.24 * lip_red), skin[1] * (0.76 - 0.30 * lip_red), skin[2] * (0.92 - 0.06 * lip_red)),
        ear_size=u(0.17, 0.25),
        ear_out=u(0.03, 0.11),
        ear_lobe=u(0, 1),
        hair=hair,
        hair_curl=float(np.clip(u(-0.2, 0.8) + (0.5 if melanin > 0.7 else 0.0), 0, 1)),
        hairline=u(-0.74, -0.52),
        hairline_peak=u(-0.05, 0.07),
        hairline_corner=u(0.38, 0.56),
        recession=max(0.0, u(-0.6, 1.0)) * rugged,
        greys_from=u(32, 62),
        usual_hair=str(rng.choice(STYLES_SHORT if rugged > 0.5 else STYLES_LONG)),
        usual_beard=str(rng.choice(["none", "stubble", "moustache", "goatee", "full"], p=[0.45, 0.2, 0.1, 0.12, 0.13])),
        heavy=heavy,
        beard_growth=float(np.clip((rugged - 0.45) * 2.2, 0, 1)),
        lines=u(0.3, 1.0),
        neck=u(0.33, 0.40) + 0.10 * rugged + 0.05 * (heavy - 0.5),
        asymmetry=u(-1, 1),
        eye_uneven=u(-0.024, 0.024),
        mouth_skew=u(-0.045, 0.045),
        marks=_marks(rng, freckles),
    )
