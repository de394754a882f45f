"""Edited copies of a photograph are found, other photographs of the same person are not: both rates, drawn and real."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from app.matching.same_photograph import SAME_PIXELS, AlignedFace, Look, agreement, aligned
from demo.people import mugshot, person, scene
from tools.same_photographs import EDITS, known_photographs, lines, look_of, measure, same

pytestmark = [pytest.mark.clause("AUD-1")]


@pytest.fixture(scope="module")
def drawn(detector):
    """Two arrest photographs and two scenes of each of three drawn people."""
    pictures = (
        (f"{n}", draw(person(7100 + n), shot)) for n in range(3) for draw in (mugshot, scene) for shot in (0, 1)
    )
    return known_photographs(pictures, detector.detect)


def test_edited_copies_of_drawn_photographs_are_found_and_no_other_photograph_of_the_person(drawn, detector):
    outcome = measure(drawn[::3], detector.detect)
    assert outcome.copies.share >= 0.95, lines(outcome, len(drawn))
    pairs = [(one, look_of(other.bgr, detector.detect)) for one in drawn for other in drawn if one is not other]
    assert sum(same(look, one) for one, look in pairs) == 0


def test_edited_copies_of_real_photographs_are_found_and_no_other_photograph_of_the_person(photographs, detector):
    """Of three edits each, for the whole takes many minutes: `flask matching same-photographs`."""
    known = known_photographs(((who, small(bgr)) for _, who, bgr in photographs), detector.detect)
    found = [
        same(look_of(EDITS[name](one.bgr), detector.detect), one)
        for one in known[::2]
        for name in ("cropped by 5 %", "mirrored", "turned, cropped, brighter")
    ]
    assert np.mean(found) >= 0.95, f"{sum(found)} of {len(found)}"
    looks = [Look(one.faces, "0" * 16) for one in known]
    reported = [
        (one.person, other.person)
        for number, one in enumerate(known)
        for other, look in zip(known[:number], looks[:number], strict=True)
        if same(look, one)
    ]
    assert reported == []


def small(bgr: np.ndarray) -> np.ndarray:
    factor = min(1.0, 640 / max(bgr.shape[:2]))
    return cv2.resize(bgr, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)


def test_a_face_without_detail_agrees_with_nothing():
    blank = AlignedFace(np.full((192, 192), 128, np.uint8), np.full((192, 192), 255, np.uint8))
    outside = AlignedFace(blank.grey, np.zeros((192, 192), np.uint8))
    assert agreement(blank, blank) < SAME_PIXELS
    assert agreement(blank, outside) == 0
    assert not Look([], "0" * 16).shows(blank)


def test_a_point_alone_is_no_face():
    with pytest.raises(ValueError, match="coincide"):
        aligned(np.zeros((9, 9, 3), np.uint8), np.zeros((5, 2)))
