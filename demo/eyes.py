"""What the demonstration's examiners see: whether two pictures show the same drawing. No network, no score."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from demo.people import mugshot, mugshot_count, person

SMALL = (48, 60)
#: mean difference of grey values, of 255, up to which two copies of one drawing differ by compression alone
SAME = 4.0


@cache
def drawings(seed: int) -> tuple[np.ndarray, ...]:
    """Every photograph of a person, small and grey."""
    return tuple(_small(mugshot(person(seed), number)) for number in range(mugshot_count(person(seed))))


def shows(data: bytes, seed: int) -> bool:
    """Whether the bytes hold one of this person's photographs."""
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        return False
    seen = _small(picture)
    return any(float(np.abs(seen - drawn).mean()) < SAME for drawn in drawings(seed))


def _small(picture: np.ndarray) -> np.ndarray:
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    return cv2.resize(grey, SMALL, interpolation=cv2.INTER_AREA).astype(np.float32)
