"""Each measure as a score from 0 to 100, higher being better, for people who know ISO/IEC 29794-5 and its tools.

Where the reference implementation OFIQ 1.0.3 has a mapping for the same raw measure, it is that one; it was made for
passport photographs, so an ordinary still scores low on size. The others are our own: the share of first-rank results
that a logistic curve gives for the measure, fitted on the sweeps of docs/quality.md. No score decides anything: bands
come from the policy's limits on the measures themselves. Aligned with, not conformant to, the standard.
"""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass

from app.matching.quality.measures import Quality


@dataclass(frozen=True, slots=True)
class Sigmoid:
    """round(h * (a + s / (1 + exp((x0 - value) / w)))), kept within 0..100 (OFIQ's Measure.h)."""

    x0: float
    w: float
    h: float = 100
    a: float = 0
    s: float = 1

    def __call__(self, value: float) -> int:
        # beyond this exponent the fraction is 0 or 1 in double precision
        slope = max(-500.0, min(500.0, (self.x0 - value) / self.w))
        return _within(self.h * (self.a + self.s / (1 + math.exp(slope))))


def _within(score: float) -> int:
    return round(min(100.0, max(0.0, score)))


def _angle(degrees: float) -> int:
    """OFIQ: 100 times the squared cosine, 0 beyond a right angle."""
    return _within(100 * max(0.0, math.cos(math.radians(degrees))) ** 2)


OFIQ: dict[str, Callable[[float], int]] = {
    "inter_eye": Sigmoid(x0=70, w=20),
    "margin_side": Sigmoid(x0=0.9, w=0.1),
    "margin_above": Sigmoid(x0=1.4, w=0.1),
    "margin_below": Sigmoid(x0=1.8, w=0.1),
    "yaw": _angle,
    "pitch": _angle,
    "roll": _angle,
}
FITTED: dict[str, Callable[[float], int]] = {
    "detail": Sigmoid(x0=5.28, w=0.698),
    "brightness": Sigmoid(x0=7.46, w=2.967),
    "bright_share": Sigmoid(x0=84.18, w=-4.329),
    "levels": Sigmoid(x0=13.88, w=2.66),
    "side_ratio": Sigmoid(x0=8.03, w=-1.41),
    "blocks": Sigmoid(x0=57.9, w=-12.221),
}


def scores(quality: Quality) -> dict[str, int]:
    """Measure -> score, 0..100. A picture with one face, or with any color, has 100; otherwise 0."""
    values = asdict(quality)
    found = {name: mapping(values[name]) for name, mapping in {**OFIQ, **FITTED}.items()}
    return found | {"faces": 100 if quality.faces <= 1 else 0, "chroma": _within(10 * quality.chroma)}
