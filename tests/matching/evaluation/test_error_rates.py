"""Rates with exact intervals (FAIR-1): checked against the published formula and against known values."""

from __future__ import annotations

import pytest
from scipy.stats import beta

from app.matching.evaluation.error_rates import rate

pytestmark = pytest.mark.clause("FAIR-1")


@pytest.mark.parametrize(("errors", "trials"), [(0, 10), (1, 20), (5, 20), (20, 20), (3, 400)])
def test_the_interval_is_clopper_and_pearsons(errors, trials):
    found = rate(errors, trials, 0.95)
    low = beta.ppf(0.025, errors, trials - errors + 1) if errors else 0.0
    high = beta.ppf(0.975, errors + 1, trials - errors) if errors < trials else 1.0
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-9)
    assert found.share == errors / trials


def test_no_error_in_few_trials_is_not_no_error():
    """The rule of three's exact form: 1 - 0.025 ** (1 / n)."""
    assert rate(0, 10, 0.95).high == pytest.approx(1 - 0.025 ** (1 / 10))


def test_without_a_trial_nothing_is_known():
    found = rate(0, 0, 0.95)
    assert (found.share, found.low, found.high) == (None, 0.0, 1.0)


@pytest.mark.parametrize(("errors", "trials", "confidence"), [(2, 1, 0.95), (-1, 3, 0.95), (1, 3, 1.0), (1, 3, 0.0)])
def test_impossible_counts_are_refused(errors, trials, confidence):
    with pytest.raises(ValueError, match="between"):
        rate(errors, trials, confidence)
