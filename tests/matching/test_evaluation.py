"""Evaluation on invented numbers with known answers, and on the labelled photographs."""

import numpy as np
import pytest

from app.matching.evaluation import identify, leave_one_out, pair_scores, true_accept_rate
from app.matching.index import ExactIndex
from app.matching.types import GalleryTemplate, Template

MODEL = "a" * 64


def templates(*degrees):
    angles = np.deg2rad(degrees)
    return [Template(np.array([np.cos(a), np.sin(a)]), MODEL) for a in angles]


def test_leave_one_out_on_the_circle():
    found = leave_one_out(templates(0, 1, 90, 91, 3), ["a", "a", "b", "b", "c"])
    assert (found.right, found.total, found.misses) == (4, 5, (4,))
    assert found.rank1 == 0.8


def test_a_photograph_never_finds_itself():
    found = leave_one_out(templates(0, 90), ["a", "b"])
    assert found.right == 0
    with pytest.raises(ValueError, match="no photographs"):
        leave_one_out([], [])


def test_identify_counts_wrong_people_as_misses():
    index = ExactIndex(MODEL, 2)
    index.add([GalleryTemplate(p, p, t) for p, t in zip("ab", templates(0, 90), strict=True)], generation=1)
    assert identify(templates(10, 80, 20), ["a", "b", "b"], index).misses == (2,)
    assert identify(templates(10), ["a"], ExactIndex(MODEL, 2)).misses == (0,)


def test_pairs_are_counted_once_each():
    genuine, impostor = pair_scores(templates(0, 60, 90), ["a", "a", "b"])
    np.testing.assert_allclose(genuine, [0.5], atol=1e-7)
    np.testing.assert_allclose(sorted(impostor), [0, np.cos(np.pi / 6)], atol=1e-7)


@pytest.mark.parametrize(("rate", "accepted"), [(0.0, 0.5), (0.1, 0.75), (0.2, 1.0), (1.0, 1.0)])
def test_true_accept_rate_by_hand(rate, accepted):
    genuine = np.array([0.9, 0.8, 0.6, 0.4])
    impostor = np.array([0.7, 0.5, *np.linspace(0.0, 0.3, 8)])
    assert true_accept_rate(genuine, impostor, rate) == accepted


def test_verification_needs_both_kinds_of_pairs():
    with pytest.raises(ValueError, match="pairs"):
        true_accept_rate(np.array([]), np.array([0.5]), 0.01)


def test_real_photographs_are_told_apart(portraits, extractor):
    """Must show: leave-one-out rank-1 of at least 96 % on the 25 labelled photographs."""
    found = [extractor.templates(image, [face])[0] for image, face, _ in portraits]
    persons = [person for _, _, person in portraits]
    assert len(persons) == 25
    assert leave_one_out(found, persons).rank1 >= 0.96
    assert true_accept_rate(*pair_scores(found, persons), 0.01) >= 0.98
