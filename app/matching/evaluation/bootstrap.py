"""Intervals around rates measured on few people: people are drawn again, never pairs.

Pairs are not independent: one photograph stands in many of them, and a person who is easily mistaken is so in all of
theirs. Drawing pairs again treats them as independent, and its intervals are far too narrow. Here whole people are
drawn with replacement and take their photographs and pairs with them (Bolle, Ratha, Pankanti, "Error analysis of
pattern recognition systems: the subsets bootstrap", 2004; the vertex bootstrap of Fogliato, Patil, Perona,
"Confidence intervals for error rates in 1:1 matching tasks", 2024, arXiv:2306.01198).

Where not a single error was seen, every draw shows none either and the bootstrap's interval has no width. There the
exact binomial limit (Clopper and Pearson, 1934) stands instead, with independent trials as its number: people, not
pairs.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

LEVEL = 0.95
#: In fewer draws than this share a rate is defined (a draw may hold no pair of its kind): then there is no interval.
_LEAST_DEFINED = 0.9


@dataclass(frozen=True, slots=True)
class Estimate:
    """A rate and its interval at LEVEL; low and high are None where the data carry none."""

    value: float
    low: float | None
    high: float | None


def replicate(statistic: Callable[[np.ndarray], ArrayLike], people: int, count: int, seed: int) -> np.ndarray:
    """(count, m) values of a statistic in draws of people; nan where a draw does not define it.

    statistic: takes how often each person was drawn, (people,) int, and returns (m,) numbers; ValueError means that the
    draw defines none of them. The same seed gives the same draws.
    """
    random = np.random.default_rng(seed)
    found: list[np.ndarray | None] = []
    for _ in range(count):
        draws = random.multinomial(people, np.full(people, 1 / people))
        try:
            found.append(np.asarray(statistic(draws), np.float64))
        except ValueError:
            found.append(None)
    width = next((len(values) for values in found if values is not None), 0)
    return np.array([np.full(width, np.nan) if values is None else values for values in found]).reshape(count, width)


def estimate(value: float, replicates: np.ndarray, trials: int) -> Estimate:
    """The percentile interval of (count,) replicates around a value, 0..1.

    trials: the independent people (or disjoint pairs of people) behind the value, for the limit where it is 0 or 1.
    """
    low, high = percentiles(replicates)
    tail = (1 - LEVEL) / 2
    if value == 0:
        low, high = 0.0, max(high or 0.0, 1 - tail ** (1 / trials)) if trials else None
    elif value == 1:
        low, high = min(1.0 if low is None else low, tail ** (1 / trials)) if trials else None, 1.0
    return Estimate(value, low, high)


def percentiles(replicates: np.ndarray) -> tuple[float | None, float | None]:
    """The two ends between which LEVEL of the defined replicates lie; None, None when too few are defined."""
    defined = replicates[np.isfinite(replicates)]
    if not len(replicates) or len(defined) < _LEAST_DEFINED * len(replicates):
        return None, None
    tail = (1 - LEVEL) / 2
    return tuple(np.quantile(defined, [tail, 1 - tail]).tolist())
