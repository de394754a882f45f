"""Edited copies of a photograph are found, other photographs of the same person are not: both rates, drawn and real."""

from __future__ import annotations

import numpy as np
import pytest

from app.matching.same_photograph import AlignedFace, Look, agreement, aligned, same_pixels
from demo.people import mugshot, person, scene
from tools.same_photographs import EDITS, known_photographs, lines, look_of, measure, same

pytestmark = [pytest.mark.clause("AUD-1")]


#: of what the command tries, for the whole takes many minutes
SOME = {
    name: EDITS[name] for name in ("cropped by 5 %", "noise 15", "blurred, sigma 3", "perspective 10 %", "mirrored")
}


def test_edited_copies_of_drawn_photographs_are_found_and_no_other_photograph_of_the_person(detector):
    pictures = [("7100", draw(person(7100), shot)) for draw in (mugshot, scene) for shot in (0, 1)]
    outcome = measure(known_photographs(pictures, detector.detect), detector.detect, SOME)
    assert outcome.found["cropped by 5 %"] == 4 and outcome.copies.share >= 0.8, lines(outcome, 4)
    assert (outcome.pairs, outcome.reported) == (6, 0)


@pytest.mark.clause("LIM-5")
def test_no_other_photograph_of_a_real_person_is_reported_and_copies_are_found(photographs, detector):
    known = known_photographs([(who, bgr) for _, who, bgr in photographs], detector.detect)
    crop = EDITS["cropped by 5 %"]
    assert all(same(look_of(crop(one.bgr), detector.detect), one) for one in known[::4])
    looks = [Look(one.faces, "0" * 16) for one in known]
    pairs = [(one, look) for number, one in enumerate(known) for look in looks[:number]]
    assert len(pairs) > 250 and not any(same(look, one) for one, look in pairs)


def test_a_face_without_detail_agrees_with_nothing():
    blank = AlignedFace(np.full((192, 192), 128, np.uint8), np.full((192, 192), 255, np.uint8))
    outside = AlignedFace(blank.grey, np.zeros((192, 192), np.uint8))
    assert not same_pixels(blank, blank)
    assert agreement(blank, outside, np.eye(3, dtype=np.float32)) == (0, 0)
    assert not Look([], "0" * 16).shows(blank)


def test_a_point_alone_is_no_face():
    with pytest.raises(ValueError, match="coincide"):
        aligned(np.zeros((9, 9, 3), np.uint8), np.zeros((5, 2)))
