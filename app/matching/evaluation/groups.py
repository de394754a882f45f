"""Error rates by group or by quality band, at one threshold for all.

Groups are labels that the department supplies with its photographs. Nothing here looks at a face: no attribute of a
person is ever estimated (CAP-8). The form follows NIST's study of demographic differentials (NISTIR 8280): one global
threshold; FNMR over genuine pairs of a group, FMR over impostor pairs within it (the hardest ones, and those a search
in one neighborhood meets); each also as ratio to the group with the lowest rate.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.clauses import enforces
from app.matching.evaluation.bootstrap import Estimate, estimate, percentiles, replicate
from app.matching.evaluation.verification import Comparisons

#: Fewer people than this in a cell: its rates describe those people and nobody else.
SMALL_CELL = 30


@dataclass(frozen=True, slots=True)
class Cell:
    """One group or band. people, genuine, impostor: what the rates rest on; fnmr, fmr: None without such pairs.

    ratios: to the lowest rate of a cell that is not small (of any, when all are); None where that rate is 0. small:
    fewer people than the warning's count.
    """

    name: str
    people: int
    genuine: int
    impostor: int
    fnmr: Estimate | None
    fmr: Estimate | None
    fnmr_ratio: Estimate | None
    fmr_ratio: Estimate | None
    small: bool


@enforces("CAP-8")
def pair_groups(photos: np.ndarray, values: Sequence[str]) -> tuple[list[str], np.ndarray]:
    """Names of the groups, and (n,) the group's number of each pair; -1 where its photographs differ or one has none.

    photos: (n, 2) numbers of photographs. values: what the department's column says of each, "" for nothing. Groups are
    the values themselves: none is merged, split or guessed.
    """
    names = sorted({value for value in values if value})
    number = {name: i for i, name in enumerate(names)}
    groups = np.array([number.get(value, -1) for value in values], np.intp)[photos]
    return names, np.where(groups[:, 0] == groups[:, 1], groups[:, 0], -1)


def pair_bands(photos: np.ndarray, measures: Sequence[float], limits: Sequence[float]) -> tuple[list[str], np.ndarray]:
    """Names of the bands between rising limits, and (n,) the band of each pair by the lesser of its two measures."""
    ends = ["0", *(f"{limit:g}" for limit in limits)]
    names = [*(f"{low} to {high}" for low, high in itertools.pairwise(ends)), f"{ends[-1]} and more"]
    least = np.asarray(measures, np.float64)[photos].min(axis=1)
    return names, np.digitize(least, limits)


def cell_rates(
    pairs: Comparisons,
    names: Sequence[str],
    cells: np.ndarray,
    threshold: float,
    *,
    people: int,
    resamples: int,
    seed: int,
    small: int = SMALL_CELL,
) -> list[Cell]:
    """FNMR and FMR of every cell that has pairs. cells: (n,) cell number of each pair, -1 for none.

    people: how many there are in all, whom the intervals draw again. The threshold stays what it is in all draws: it
    is a setting of the system, not a result.
    """
    genuine, accepted, inside = pairs.genuine, pairs.scores >= threshold, cells >= 0
    kinds = [(np.flatnonzero(inside & genuine), ~accepted), (np.flatnonzero(inside & ~genuine), accepted)]
    parts = [(kind, cells[kind], wrong[kind]) for kind, wrong in kinds]

    def rates(weights: np.ndarray) -> np.ndarray:
        found = []
        for kind, cell, wrong in parts:
            counted = weights[kind]
            with np.errstate(invalid="ignore"):
                found.append(np.bincount(cell, counted * wrong, len(names)) / np.bincount(cell, counted, len(names)))
        return np.concatenate(found)

    values = rates(np.ones(len(cells))).reshape(2, len(names))
    draws = replicate(lambda drawn: rates(pairs.weights(drawn)), people, resamples, seed).reshape(
        resamples, 2, len(names)
    )
    members = [np.unique(pairs.persons[cells == i]) for i in range(len(names))]
    mated = [np.unique(pairs.persons[(cells == i) & genuine]) for i in range(len(names))]
    trials = [[len(found) for found in mated], [len(found) // 2 for found in members]]
    enough = np.array([len(found) >= small for found in members], bool)
    estimates, ratios = [], []
    for kind in range(2):
        estimates.append(
            [
                None if np.isnan(value) else estimate(float(value), draws[:, kind, i], trials[kind][i])
                for i, value in enumerate(values[kind])
            ]
        )
        ratios.append(_ratios(values[kind], draws[:, kind], enough))
    return [
        Cell(
            name,
            len(members[i]),
            int((parts[0][1] == i).sum()),
            int((parts[1][1] == i).sum()),
            estimates[0][i],
            estimates[1][i],
            ratios[0][i],
            ratios[1][i],
            not enough[i],
        )
        for i, name in enumerate(names)
        if len(members[i])
    ]


def _ratios(values: np.ndarray, draws: np.ndarray, enough: np.ndarray) -> list[Estimate | None]:
    """Each rate divided by the lowest one, with the interval of the quotient."""
    defined = ~np.isnan(values)
    candidates = defined & enough if (defined & enough).any() else defined
    if not candidates.any():
        return [None] * len(values)
    best = int(np.where(candidates, values, np.inf).argmin())
    if values[best] == 0:
        return [None] * len(values)
    with np.errstate(divide="ignore", invalid="ignore"):
        quotients = draws / draws[:, [best]]
    return [
        Estimate(float(value / values[best]), *percentiles(quotients[:, i])) if known else None
        for i, (value, known) in enumerate(zip(values, defined, strict=True))
    ]
