"""Verification on invented numbers with known answers, against plain definitions, and on the labelled photographs."""

import itertools

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_curve

from app.matching.evaluation.verification import Comparisons, all_pairs, compare, curve, weighted_curve

# small whole numbers, so that ties abound
SCORES = st.lists(st.integers(0, 6), min_size=1, max_size=12)
RATES = st.sampled_from([0.0, 0.01, 0.1, 0.25, 0.5, 1.0])


def curve_of(genuine, impostor):
    return curve(np.r_[genuine, impostor].astype(float), np.r_[np.ones(len(genuine)), np.zeros(len(impostor))] > 0)


def every_threshold(genuine, impostor):
    """(threshold, FAR, TAR) by definition, from the one that accepts nothing downward."""
    for threshold in [np.inf, *sorted({*genuine, *impostor}, reverse=True)]:
        yield threshold, np.mean(np.array(impostor) >= threshold), np.mean(np.array(genuine) >= threshold)


@pytest.mark.parametrize(("rate", "accepted"), [(0.0, 0.5), (0.1, 0.75), (0.2, 1.0), (1.0, 1.0)])
def test_true_accept_rate_by_hand(rate, accepted):
    found = curve_of([0.9, 0.8, 0.6, 0.4], [0.7, 0.5, *np.linspace(0.0, 0.3, 8)])
    assert found.true_accept_rate(rate) == accepted


@pytest.mark.parametrize(("rate", "threshold"), [(0.0, 0.8), (0.24, 0.8), (0.25, 0.6), (0.5, 0.4), (1.0, 0.1)])
def test_threshold_by_hand(rate, threshold):
    assert curve_of([0.9, 0.8, 0.6, 0.4], [0.7, 0.5, 0.3, 0.1]).threshold(rate) == threshold


def test_no_threshold_where_the_highest_score_is_an_impostor():
    found = curve_of([0.5], [0.9, 0.1])
    assert found.threshold(0.1) == np.inf and found.true_accept_rate(0.1) == 0


@pytest.mark.parametrize(
    ("genuine", "impostor", "rate"),
    [
        ([0.9, 0.8, 0.6, 0.4], [0.7, 0.5, 0.3, 0.1], 0.25),
        ([0.9, 0.8], [0.2, 0.1], 0.0),
        ([0.1, 0.2], [0.8, 0.9], 1.0),
        # at .6 two thirds pass of each kind: FNMR 1/3, FMR 1/2, closest together, mean 5/12
        ([0.9, 0.6, 0.4], [0.7, 0.5], 5 / 12),
        ([0.5], [0.5], 0.5),
    ],
)
def test_equal_error_rate_by_hand(genuine, impostor, rate):
    assert curve_of(genuine, impostor).equal_error_rate() == pytest.approx(rate)


@settings(deadline=None)
@given(SCORES, SCORES, RATES)
def test_rates_are_what_they_are_by_definition(genuine, impostor, rate):
    found, points = curve_of(genuine, impostor), list(every_threshold(genuine, impostor))
    allowed = [(t, tar) for t, far, tar in points if far <= rate]
    assert found.true_accept_rate(rate) == pytest.approx(max(tar for _, tar in allowed))
    assert found.threshold(rate) == min(t for t, _ in allowed)
    least = min(abs(1 - tar - far) for _, far, tar in points)
    means = [(1 - tar + far) / 2 for _, far, tar in points if abs(1 - tar - far) < least + 1e-9]
    assert found.equal_error_rate() == pytest.approx(min(means))


@pytest.mark.parametrize("genuine", [np.zeros(3, bool), np.ones(3, bool)])
def test_verification_needs_both_kinds_of_pairs(genuine):
    with pytest.raises(ValueError, match="pairs"):
        curve(np.arange(3.0), genuine)
    with pytest.raises(ValueError, match="pairs"):
        weighted_curve(np.array([1.0, 0.0]), np.array([True, False]), np.array([1.0, 0.0]))
    with pytest.raises(ValueError, match="highest score first"):
        weighted_curve(np.arange(2.0), np.array([True, False]), np.ones(2))


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.booleans(), st.integers(0, 3)), min_size=2, max_size=20))
def test_weights_count_as_in_scikit_learn(pairs):
    scores, genuine, weights = (np.array(column) for column in zip(*sorted(pairs, reverse=True), strict=True))
    assume(weights[genuine].sum() and weights[~genuine].sum())
    found = weighted_curve(scores.astype(float), genuine, weights.astype(float))
    wrong, right, _ = roc_curve(genuine, scores, sample_weight=weights, drop_intermediate=False)
    assert set(zip(found.false_accepts.round(9), found.true_accepts.round(9), strict=True)) == set(
        zip(wrong.round(9), right.round(9), strict=True)
    )


def test_pairs_are_compared_once_each_highest_first(unit_vectors):
    angles = np.deg2rad([0, 60, 90])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    found = compare(vectors, [0, 0, 1], all_pairs([0, 0, 1], seed=1))
    np.testing.assert_allclose(found.scores, [np.cos(np.pi / 6), 0.5, 0], atol=1e-7)
    assert found.photos.tolist() == [[1, 2], [0, 1], [0, 2]]
    assert found.genuine.tolist() == [False, True, False]
    many = unit_vectors(400)
    pairs = all_pairs(range(400), seed=1)
    assert len(pairs) == 400 * 399 // 2 > 65_536
    found = compare(many, range(400), pairs)
    one, other = found.photos.T
    np.testing.assert_allclose(found.scores, (many[one].astype(float) * many[other]).sum(axis=1))


@settings(deadline=None)
@given(st.lists(st.integers(0, 5), min_size=2, max_size=30), st.integers(1, 40), st.integers(0, 9))
def test_a_draw_of_pairs_keeps_every_genuine_one(persons, most, seed):
    pairs = [tuple(pair) for pair in all_pairs(persons, seed, most).tolist()]
    whole = list(itertools.combinations(range(len(persons)), 2))
    impostors = [(a, b) for a, b in whole if persons[a] != persons[b]]
    assert len(set(pairs)) == len(pairs) and set(pairs) <= set(whole)
    assert {(a, b) for a, b in whole if persons[a] == persons[b]} <= set(pairs)
    assert len(set(pairs) & set(impostors)) == min(most, len(impostors))
    assert pairs == [tuple(pair) for pair in all_pairs(persons, seed, most).tolist()]


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 3), min_size=2, max_size=7),
    st.lists(st.integers(0, 3), min_size=4, max_size=4),
    st.integers(0, 99),
)
def test_weights_are_the_pairs_of_the_copies_written_out(persons, draws, seed):
    """Drawing people again is the same as copying their photographs; copies of one person make no impostor pair."""
    pairs = all_pairs(persons, seed)
    pairs = np.random.default_rng(seed).permutation(pairs)
    scores = np.arange(len(pairs), 0, -1.0)
    found = Comparisons(pairs, np.array(persons)[pairs], scores)
    score = {tuple(pair): value for pair, value in zip(pairs.tolist(), scores, strict=True)}
    copies = [(copy, photo) for photo, p in enumerate(persons) for copy in range(draws[p])]
    expanded = []
    for (c, a), (d, b) in itertools.combinations(copies, 2):
        if a != b and (persons[a] != persons[b] or c == d):
            expanded.append((score[min(a, b), max(a, b)], persons[a] == persons[b]))
    weights = found.weights(np.array(draws))
    assert weights.sum() == len(expanded)
    if {same for _, same in expanded} == {True, False}:
        written = curve(np.array([s for s, _ in expanded]), np.array([same for _, same in expanded]))
        weighted = weighted_curve(found.scores, found.genuine, weights)
        for rate in (0.0, 0.1, 0.5):
            assert weighted.true_accept_rate(rate) == pytest.approx(written.true_accept_rate(rate))
        assert weighted.equal_error_rate() == pytest.approx(written.equal_error_rate())
