"""Groups and bands by hand: one threshold, within-group pairs, ratios, small cells; and only what the labels say."""

import numpy as np
import pytest

from app.matching.evaluation.groups import cell_rates, pair_bands, pair_groups
from app.matching.evaluation.verification import Comparisons


def comparisons(*rows):
    """Pairs given as (photo, photo, person, person, score)."""
    table = np.array(rows, float)
    return Comparisons(table[:, :2].astype(int), table[:, 2:4].astype(int), table[:, 4])


# people 0 and 1 are of group a, 2 and 3 of group b; two photographs each
PAIRS = comparisons(
    (0, 1, 0, 0, 0.9),
    (2, 3, 1, 1, 0.4),
    (4, 5, 2, 2, 0.8),
    (6, 7, 3, 3, 0.7),
    (0, 2, 0, 1, 0.6),
    (1, 3, 0, 1, 0.1),
    (0, 3, 0, 1, 0.2),
    (1, 2, 0, 1, 0.3),
    (4, 6, 2, 3, 0.55),
    (5, 7, 2, 3, 0.75),
    (4, 7, 2, 3, 0.1),
    (5, 6, 2, 3, 0.1),
    (0, 4, 0, 2, 0.99),
)
VALUES = ["a", "a", "a", "a", "b", "b", "b", "b"]


def rates(pairs=PAIRS, values=VALUES, threshold=0.5, **more):
    names, cells = pair_groups(pairs.photos, values)
    return {c.name: c for c in cell_rates(pairs, names, cells, threshold, people=6, resamples=200, seed=1, **more)}


def test_rates_by_hand():
    found = rates()
    assert {name: (c.people, c.genuine, c.impostor) for name, c in found.items()} == {"a": (2, 2, 4), "b": (2, 2, 4)}
    assert (found["a"].fnmr.value, found["b"].fnmr.value) == (0.5, 0.0)
    assert (found["a"].fmr.value, found["b"].fmr.value) == (0.25, 0.5)
    assert (found["a"].fmr_ratio.value, found["b"].fmr_ratio.value) == (1.0, 2.0)
    assert found["a"].fnmr_ratio is None, "no ratio to a rate of zero"


def test_the_threshold_is_one_for_all():
    found = rates(threshold=0.8)
    assert (found["a"].fnmr.value, found["b"].fnmr.value) == (0.5, 0.5)
    assert (found["a"].fmr.value, found["b"].fmr.value) == (0.0, 0.0)


def test_a_pair_across_groups_or_without_a_value_is_in_none():
    names, cells = pair_groups(np.array([[0, 1], [0, 2], [2, 3], [3, 3]]), ["b", "b", "a", ""])
    assert names == ["a", "b"] and cells.tolist() == [1, -1, -1, -1]


@pytest.mark.clause("CAP-8")
def test_groups_are_the_values_that_were_given_and_no_others():
    assert pair_groups(np.array([[0, 1]]), ["", ""])[0] == []
    assert pair_groups(np.array([[0, 1]]), ["North ", "North"])[0] == ["North", "North "]
    assert rates(values=[""] * 8) == {}


def test_small_cells_are_marked_and_pairs_that_are_missing_give_no_rate():
    assert all(cell.small for cell in rates().values())
    assert not any(cell.small for cell in rates(small=2).values())
    alone = comparisons(*np.c_[PAIRS.photos, PAIRS.persons, PAIRS.scores], (8, 9, 4, 4, 0.9))
    found = rates(alone, [*VALUES, "c", "c"], small=2)
    assert found["c"].small and found["c"].fmr is None and found["c"].fmr_ratio is None
    assert found["c"].fnmr.value == 0.0 and found["b"].fmr_ratio.value == 2.0


def test_a_small_cell_is_not_the_best_group():
    pairs = comparisons(
        (0, 1, 0, 0, 0.9),
        (2, 3, 1, 1, 0.4),
        (4, 5, 2, 2, 0.4),
        (4, 6, 2, 2, 0.9),
        (5, 6, 2, 2, 0.9),
    )
    values = ["a", "a", "a", "a", "c", "c", "c"]
    found = rates(pairs, values, small=2)
    assert (found["a"].fnmr_ratio.value, found["c"].fnmr_ratio.value) == (1.0, pytest.approx(2 / 3))
    assert rates(pairs, values, small=1)["a"].fnmr_ratio.value == pytest.approx(1.5)


def test_intervals_of_cells_rest_on_their_people():
    found = rates()
    assert found["b"].fnmr.high == pytest.approx(1 - 0.025 ** (1 / 2)), "two people with genuine pairs"
    assert rates(threshold=0.8)["a"].fmr.high == pytest.approx(1 - 0.025 ** (1 / 1)), "one disjoint pair of people"
    again = rates()
    assert found == again


def test_bands_by_the_lesser_photograph():
    names, bands = pair_bands(np.array([[0, 1], [1, 2], [2, 2], [3, 2]]), [13.9, 14.0, 100.0, 20.0], (14.0, 20.0, 40.0))
    assert names == ["0 to 14", "14 to 20", "20 to 40", "40 and more"]
    assert bands.tolist() == [0, 1, 3, 2]
