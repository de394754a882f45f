"""The arithmetic of line-ups: the choice of foils, their order, and the reviewer (SRC-4).

Two photographs are alike here as pictures are: size and sharpness of the face, light, color, how the head is turned,
and the recorded age of the person on the day. Nothing about a person is inferred from a face (CAP-8).
"""

from __future__ import annotations

import hashlib
import math
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.matching.quality.measures import Quality

#: what counts as one step of difference in each measure; logarithms for sizes, since twice is twice at any size
STEPS: Mapping[str, float] = {
    "inter_eye": math.log(1.5),
    "detail": math.log(1.5),
    "side_ratio": math.log(1.5),
    "brightness": 40.0,
    "levels": 40.0,
    "chroma": 8.0,
    "yaw": 10.0,
    "pitch": 8.0,
    "roll": 10.0,
}
LOGARITHMIC = frozenset({"inter_eye", "detail", "side_ratio"})
#: years of recorded age that count as one step
AGE_STEP = 10.0
SEED_BYTES = 16


@dataclass(frozen=True, slots=True)
class Portrait:
    """A photograph as a picture. key: the photograph; person: whose it is; age: years on the day, where recorded."""

    key: str
    person: str
    quality: Quality
    age: float | None = None


def difference(one: Portrait, other: Portrait) -> float:
    """How unlike two photographs are as pictures, >= 0: the Euclidean length of the steps between their measures."""
    steps = [
        (_scaled(name, getattr(one.quality, name)) - _scaled(name, getattr(other.quality, name))) / step
        for name, step in STEPS.items()
    ]
    if one.age is not None and other.age is not None:
        steps.append((one.age - other.age) / AGE_STEP)
    return math.hypot(*steps)


def _scaled(name: str, value: float) -> float:
    return math.log(max(value, 1e-3)) if name in LOGARITHMIC else value


def choose_foils(
    nominee: Portrait, near: Sequence[Portrait], others: Sequence[Portrait], wanted: int
) -> list[Portrait]:
    """Up to `wanted` foils: of `near` first, then of `others`, each the most alike to the nominee's photograph first.

    No person stands in the line twice, and the nominee's person only as the nominee. Ties go by key, so that the same
    pools always give the same line. Raises ValueError when fewer than one is wanted.
    """
    if wanted < 1:
        raise ValueError("A line-up needs at least one foil.")
    chosen: list[Portrait] = []
    seen = {nominee.person}
    for pool in (near, others):
        for portrait in sorted(pool, key=lambda one: (difference(nominee, one), one.key)):
            if len(chosen) < wanted and portrait.person not in seen:
                chosen.append(portrait)
                seen.add(portrait.person)
    return chosen


def new_seed() -> str:
    """A fresh seed from the operating system's generator, as hex digits."""
    return secrets.token_hex(SEED_BYTES)


def drawn_order(keys: Iterable[str], seed: str) -> list[str]:
    """The keys in the order that a seed draws: by SHA-256 of seed and key, so that anybody can draw it again."""
    return sorted(keys, key=lambda key: hashlib.sha256(f"{seed}:{key}".encode()).digest())


def drawn_reviewer(loads: Mapping[str, int], seed: str) -> str | None:
    """Return the reviewer with the least to do, ties decided by the seed's draw; None for no candidates.

    loads: open reviews by key.
    """
    if not loads:
        return None
    least = min(loads.values())
    return drawn_order((key for key, load in loads.items() if load == least), seed)[0]
