"""One-to-one accuracy: comparisons of labelled photographs and their error rates.

The words are those of ISO/IEC 19795-1:2021. Every comparison counts as one attempt, so the false accept rate (FAR) is
the false match rate (FMR) and the true accept rate (TAR) is one minus the false non-match rate (FNMR). A pair is
accepted when its cosine is at or above the threshold. "Genuine": two photographs of one person; "impostor": of two
people.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import roc_curve

#: More impostor pairs than this are not all compared, but drawn: enough for a FAR of 0.01 %, quick enough to draw from.
MOST_IMPOSTORS = 200_000
_BOTH_KINDS = "Verification needs pairs of the same person and pairs of different people."


@dataclass(frozen=True, slots=True, eq=False)
class Comparisons:
    """n compared pairs, highest cosine first.

    photos: (n, 2) numbers of the photographs. persons: (n, 2) numbers of the people on them. scores: (n,) float64
    cosines.
    """

    photos: np.ndarray
    persons: np.ndarray
    scores: np.ndarray

    @property
    def genuine(self) -> np.ndarray:
        """(n,) bool: whether both photographs show one person."""
        same: np.ndarray = self.persons[:, 0] == self.persons[:, 1]
        return same

    def weights(self, draws: np.ndarray) -> np.ndarray:
        """(n,) float64: how often each pair occurs when person p was drawn draws[p] times.

        A genuine pair comes once with every copy of its person, an impostor pair once with every pair of copies. Two
        copies of one person make no impostor pair.
        """
        one, other = draws[self.persons[:, 0]], draws[self.persons[:, 1]]
        times: np.ndarray = np.where(self.genuine, one, one * other).astype(np.float64)
        return times


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Every operating point: (m,) rates 0..1 that grow as (m,) thresholds fall; the first accepts nothing."""

    false_accepts: np.ndarray
    true_accepts: np.ndarray
    thresholds: np.ndarray

    def true_accept_rate(self, false_accept_rate: float) -> float:
        """The largest TAR while at most this share of impostor pairs is accepted, 0..1."""
        return float(self.true_accepts[self.false_accepts <= false_accept_rate].max())

    def threshold(self, false_accept_rate: float) -> float:
        """The lowest threshold at which at most this share of impostor pairs is accepted; inf where there is none."""
        return float(self.thresholds[self.false_accepts <= false_accept_rate][-1])

    def equal_error_rate(self) -> float:
        """The mean of FMR and FNMR at the threshold where they differ least, 0..1; of several, the lowest mean."""
        missed = 1 - self.true_accepts
        best = np.lexsort((missed + self.false_accepts, np.abs(missed - self.false_accepts).round(12)))[0]
        return float((missed[best] + self.false_accepts[best]) / 2)


def curve(scores: np.ndarray, genuine: np.ndarray) -> Curve:
    """The operating points of scores (n,), genuine (n,) bool. Raises ValueError when either kind of pair is missing."""
    if genuine.all() or not genuine.any():
        raise ValueError(_BOTH_KINDS)
    return Curve(*roc_curve(genuine, scores, drop_intermediate=False))


def weighted_curve(scores: np.ndarray, genuine: np.ndarray, weights: np.ndarray) -> Curve:
    """The same for pairs that count weights (n,) times, highest score first.

    scikit-learn's roc_curve can do it too, but sorts and checks anew in each of a thousand draws: ten times slower.
    Raises ValueError when either kind of pair weighs nothing or the scores are not sorted.
    """
    if (scores[1:] > scores[:-1]).any():
        raise ValueError("Weighted pairs must come highest score first.")
    last = np.flatnonzero(np.r_[scores[1:] < scores[:-1], True])
    right, wrong = (np.r_[0.0, np.cumsum(np.where(kind, weights, 0.0))[last]] for kind in (genuine, ~genuine))
    if not right[-1] or not wrong[-1]:
        raise ValueError(_BOTH_KINDS)
    return Curve(wrong / wrong[-1], right / right[-1], np.r_[np.inf, scores[last]])


def compare(vectors: np.ndarray, persons: Sequence[int], pairs: np.ndarray) -> Comparisons:
    """Cosines of pairs (n, 2) of photographs, from unit vectors (photographs, dims) and each one's person number."""
    numbers = np.asarray(persons, np.intp)
    scores = np.empty(len(pairs))
    # in pieces: the product of a million pairs of vectors need not stand in memory at once
    for start in range(0, len(pairs), 65_536):
        one, other = pairs[start : start + 65_536].T
        scores[start : start + 65_536] = (vectors[one].astype(np.float64) * vectors[other]).sum(axis=1)
    order = np.argsort(-scores, kind="stable")
    return Comparisons(pairs[order], numbers[pairs[order]], scores[order])


def all_pairs(persons: Sequence[int], seed: int, most_impostors: int = MOST_IMPOSTORS) -> np.ndarray:
    """(n, 2) pairs of photographs, each once: all genuine ones, and all impostor pairs or so many drawn from them.

    persons: each photograph's person number. The draw is without replacement and the same for the same seed.
    """
    numbers = np.asarray(persons, np.intp)
    count = len(numbers)
    members = (np.flatnonzero(numbers == person) for person in np.unique(numbers))
    genuine = [pair for found in members for pair in itertools.combinations(found.tolist(), 2)]
    total = count * (count - 1) // 2
    if total - len(genuine) <= most_impostors:
        return np.stack(np.triu_indices(count, 1), axis=1)
    random = np.random.default_rng(seed)
    drawn = np.empty(0, np.intp)
    while len(drawn) < most_impostors:
        one, other = np.sort(random.integers(0, count, (2, most_impostors)), axis=0)
        drawn = np.union1d(drawn, (one * count + other)[numbers[one] != numbers[other]])
    chosen = np.sort(random.choice(drawn, most_impostors, replace=False))
    return np.concatenate([np.array(genuine, np.intp).reshape(-1, 2), np.stack(np.divmod(chosen, count), axis=1)])
