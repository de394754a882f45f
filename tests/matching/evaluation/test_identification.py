"""Identification on invented numbers with known answers, and against plain definitions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.matching.evaluation.identification import Searches, leave_one_out, open_set, rank_rates
from app.matching.types import Template

MODEL = "a" * 64


def templates(*degrees):
    angles = np.deg2rad(degrees)
    return [Template(np.array([np.cos(a), np.sin(a)]), MODEL) for a in angles]


def test_leave_one_out_on_the_circle():
    found = leave_one_out(templates(0, 1, 90, 91, 4), [0, 0, 1, 1, 2], 25)
    assert found.rank.tolist() == [1, 1, 1, 1, 0]
    assert found.mated.tolist() == [True] * 4 + [False]
    np.testing.assert_allclose(np.rad2deg(np.arccos(found.own[:4])), [1, 1, 1, 1], atol=0.05)
    np.testing.assert_allclose(np.rad2deg(np.arccos(found.other)), [4, 3, 86, 87, 3], atol=0.05)
    assert found.own[4] == -np.inf


def test_somebody_nearer_pushes_a_person_down_the_list():
    found = leave_one_out(templates(0, 30, 10, 15, 90), [0, 0, 1, 2, 3], 3)
    assert found.rank.tolist() == [3, 3, 0, 0, 0]
    np.testing.assert_array_equal(rank_rates(found), [0, 0, 1])
    short = leave_one_out(templates(0, 30, 10, 15, 90), [0, 0, 1, 2, 3], 1)
    assert short.rank.tolist() == [2, 2, 0, 0, 0] and (short.own == -np.inf).all()
    np.testing.assert_array_equal(rank_rates(short), [0])
    np.testing.assert_array_equal(short.other, found.other)
    assert open_set(short, 1.0)[1] == 1.0, "whoever is not listed is not found at any threshold"


def test_a_photograph_never_finds_itself():
    found = leave_one_out(templates(0, 90), [0, 1], 25)
    assert found.rank.tolist() == [0, 0]
    with pytest.raises(ValueError, match="two photographs"):
        rank_rates(found)
    with pytest.raises(ValueError, match="no photographs"):
        leave_one_out([], [], 25)


def test_a_single_person_meets_nobody_else():
    found = leave_one_out(templates(0, 1), [0, 0], 1)
    assert found.rank.tolist() == [1, 1] and (found.other == -np.inf).all()
    with pytest.raises(ValueError, match="pairs"):
        open_set(found, 0.1)


BY_HAND = (
    np.arange(5),
    np.array([1, 1, 2, 1, 1]),
    np.array([0.9, 0.8, 0.7, 0.6, 0.5]),
    np.array([0.75, 0.65, 0.55, 0.45, 0.35]),
)


@pytest.mark.parametrize(
    ("fpir", "listed", "threshold", "fnir"),
    [(0.0, 25, 0.8, 0.6), (0.2, 25, 0.7, 0.4), (0.2, 1, 0.7, 0.6), (0.39, 25, 0.7, 0.4), (0.4, 25, 0.6, 0.2)],
)
def test_open_set_by_hand(fpir, listed, threshold, fnir):
    assert open_set(Searches(listed, *BY_HAND), fpir) == (threshold, pytest.approx(fnir))


def test_searches_count_as_often_as_their_person_was_drawn():
    searches, weights = Searches(2, *BY_HAND), np.array([0.0, 1, 3, 0, 1])
    np.testing.assert_allclose(rank_rates(searches, weights), [2 / 5, 1])
    # of others .65, .55 (three times) and .35, at most 60 % at or above: from above .55 on
    assert open_set(searches, 0.6, weights) == (0.6, pytest.approx(1 / 5))


CIRCLE = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 11)), min_size=2, max_size=9)


@settings(deadline=None, max_examples=40)
@given(CIRCLE, st.sampled_from([0.0, 0.1, 0.3, 0.6]), st.sampled_from([1, 2, 25]))
def test_searches_are_what_they_are_by_definition(photographs, fpir, listed):
    persons = [person for person, _ in photographs]
    probes = templates(*(30 * step for _, step in photographs))
    found = leave_one_out(probes, persons, listed)
    for i, probe in enumerate(probes):
        best = {}
        for j, other in enumerate(probes):
            if j != i:
                cosine = float((probe.vector.astype(float) * other.vector.astype(float)).sum())
                best[persons[j]] = max(cosine, best.get(persons[j], -np.inf))
        order = sorted(best, key=lambda person: (-best[person], str(person)))
        place = order.index(persons[i]) + 1 if persons[i] in order else 0
        assert found.rank[i] == min(place, listed + 1)
        assert found.own[i] == (best[persons[i]] if 0 < place <= listed else -np.inf)
        assert found.other[i] == max((s for p, s in best.items() if p != persons[i]), default=-np.inf)
    mated, strangers = found.mated, found.other > -np.inf
    if mated.any() and strangers.any():
        scores = {np.inf, *found.own[mated], *found.other[strangers]}
        threshold = min(t for t in scores if (found.other[strangers] >= t).mean() <= fpir)
        missed = ~((found.own[mated] >= threshold) & (found.rank[mated] <= listed))
        assert open_set(found, fpir) == (threshold, pytest.approx(missed.mean()))
