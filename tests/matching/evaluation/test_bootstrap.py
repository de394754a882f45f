"""Intervals: of people, reproducible, and never without width where nothing went wrong."""

import numpy as np
import pytest
from scipy.stats import binomtest

from app.matching.evaluation.bootstrap import Estimate, estimate, percentiles, replicate


def share_wrong(pairs_of_person, wrong):
    """FNMR with weights: person p has that many genuine pairs, all wrong or all right."""
    return lambda draws: [(draws * pairs_of_person * wrong).sum() / (draws * pairs_of_person).sum()]


def test_people_are_drawn_and_not_pairs():
    """Two people, fifty pairs each, all of one wrong: pairs drawn singly would say 40 to 60 %, people say anything."""
    found = replicate(share_wrong(np.array([50, 50]), np.array([1, 0])), 2, 500, seed=1)
    assert percentiles(found[:, 0]) == (0.0, 1.0)
    assert set(found[:, 0]) == {0.0, 0.5, 1.0}


def test_the_same_seed_gives_the_same_draws_and_another_does_not():
    statistic = share_wrong(np.arange(1, 21), np.arange(20) % 3 == 0)
    first, again, other = (replicate(statistic, 20, 50, seed) for seed in (7, 7, 8))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_every_draw_has_as_many_people():
    sums = replicate(lambda draws: [draws.sum(), draws.max()], 9, 200, seed=1)
    assert set(sums[:, 0]) == {9} and sums[:, 1].max() > 1


@pytest.mark.parametrize("people", [1, 9, 300])
def test_without_errors_the_interval_is_the_exact_binomial_one(people):
    low = binomtest(people, people).proportion_ci(0.95, "exact").low
    high = binomtest(0, people).proportion_ci(0.95, "exact").high
    perfect, never = estimate(1.0, np.ones(100), people), estimate(0.0, np.zeros(100), people)
    assert (perfect.low, perfect.high) == (pytest.approx(low), 1.0)
    assert (never.low, never.high) == (0.0, pytest.approx(high))


def test_a_wider_interval_of_draws_stands():
    assert estimate(1.0, np.array([0.0] * 5 + [1.0] * 95), 1000).low == 0.0
    assert estimate(0.0, np.array([1.0] * 5 + [0.0] * 95), 1000).high == 1.0


def test_nobody_to_rest_on_gives_no_interval():
    assert estimate(0.0, np.zeros(10), 0) == Estimate(0.0, 0.0, None)


def test_draws_that_define_no_rate_are_left_out_and_too_many_of_them_end_it():
    def picky(draws):
        if draws[0] == 0:
            raise ValueError
        return [draws[0]]

    few = replicate(picky, 2, 200, seed=1)
    assert 0.1 < np.isnan(few).mean() < 0.4 and percentiles(few[:, 0]) == (None, None)
    assert percentiles(np.r_[np.full(10, np.nan), np.full(90, 0.5)]) == (0.5, 0.5)
    never = replicate(lambda draws: picky(np.zeros(1)), 2, 10, seed=1)
    assert never.shape == (10, 0)


def test_percentiles_by_hand():
    assert percentiles(np.arange(0, 201) / 200) == (pytest.approx(0.025), pytest.approx(0.975))
