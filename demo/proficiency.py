"""Draws comparisons whose truth is known: the `--drawn` of `flask review proficiency add`."""

from __future__ import annotations

import secrets
from datetime import timedelta

import cv2
import numpy as np

from app.calendar import today
from app.cli import review as command
from app.domain.peers import proficiency
from demo.people import arrest_date, mugshot, person, scene

#: drawn people whose numbers no demonstration gallery reaches
FIRST_DRAWN = 1_000_000


def drawn_items(wanted: int) -> list[command.Comparison]:
    """Drawn scenes and arrest photographs: every other one of one person; whose was drawn before is not drawn again."""
    first = FIRST_DRAWN + 2 * proficiency.count()
    found = []
    for number in range(wanted):
        seed, same = first + 2 * number, number % 2 == 0
        other = seed if same else seed + 1
        lately = today() - timedelta(days=1 + secrets.randbelow(14))
        probe = proficiency.given(_encoded(scene(person(seed), 1)), lately)
        photograph = proficiency.given(_encoded(mugshot(person(other), 0)), arrest_date(person(other)))
        found.append((probe, photograph, same, ""))
    return found


def _encoded(picture: np.ndarray) -> bytes:
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes()


command.draw = drawn_items
#: the portal's own group; loading it from here puts the drawing in
review = command.group
