"""What the trials say: the share of first ranks in each band, and where that share turns."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from sklearn.isotonic import IsotonicRegression

from tools.quality_trial import Trial


@dataclass(frozen=True, slots=True)
class Share:
    """The mean share of first ranks, 0..1, over ``count`` trials; None over none."""

    count: int
    first: float | None


def shares(trials: Iterable[Trial], group: Callable[[Trial], str]) -> dict[str, Share]:
    """The share of first ranks in each group, groups in the order they first appear.

    Trials without a face are in no group: nothing was searched.
    """
    found: dict[str, list[float]] = {}
    for trial in trials:
        if trial.quality is not None:
            found.setdefault(group(trial), []).append(trial.first)
    return {name: Share(len(values), float(np.mean(values))) for name, values in found.items()}


def ordered(by_band: Mapping[str, Share], bands: Sequence[str] = ("pass", "warn", "fail")) -> bool:
    """Whether the share falls, or stays, from each band to the next; bands without a trial are passed over."""
    known = [share.first for band in bands if (share := by_band.get(band)) is not None and share.first is not None]
    return all(better >= worse for better, worse in pairwise(known))


def turning_point(
    values: Sequence[float], first: Sequence[float], counts: Sequence[int], wanted: float, *, increasing: bool
) -> float | None:
    """The worst value from which on the share of first ranks is at least ``wanted``; None when it always is.

    values: (n,) the measure at each level; first: (n,) the share there, 0..1; counts: (n,) its trials. ``increasing``:
    larger values are better. The share is fitted by isotonic regression, so that it only rises towards better values
    (Barlow and others, 1972), and read off a straight line between two levels. Raises ValueError when it never reaches
    ``wanted``.
    """
    sign = 1 if increasing else -1
    order = np.argsort(sign * np.asarray(values, np.float64))
    x = sign * np.asarray(values, np.float64)[order]
    weights = np.asarray(counts, np.float64)[order]
    y = IsotonicRegression().fit_transform(x, np.asarray(first, np.float64)[order], sample_weight=weights)
    if (y >= wanted).all():
        return None
    if not (y >= wanted).any():
        raise ValueError("The share of first ranks never reaches what is wanted.")
    good = int((y >= wanted).argmax())
    return float(sign * np.interp(wanted, y[good - 1 : good + 1], x[good - 1 : good + 1]))
