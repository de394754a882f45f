"""Error rates with exact intervals, which are wide where there are few answers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """errors of trials, with the two-sided Clopper-Pearson interval (Biometrika 26, 1934, 404-413) as shares, 0..1.

    low and high are 0 and 1, and share is None, without a trial.
    """

    errors: int
    trials: int
    low: float
    high: float

    @property
    def share(self) -> float | None:
        return self.errors / self.trials if self.trials else None


def rate(errors: int, trials: int, confidence: float) -> Rate:
    """The rate of errors among independent trials; confidence: 0..1. Raises ValueError for impossible counts."""
    if not 0 <= errors <= trials or not 0 < confidence < 1:
        raise ValueError("Errors are between none and all of the trials; the confidence lies between 0 and 1.")
    if not trials:
        return Rate(0, 0, 0.0, 1.0)
    from scipy.stats import binomtest  # takes a second to load, in which no portal need wait

    interval = binomtest(errors, trials).proportion_ci(confidence_level=confidence, method="exact")
    return Rate(errors, trials, float(interval.low), float(interval.high))
