"""One evaluation from templates and labels to numbers: what is measured, in which order, with which settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from app.matching.evaluation.bootstrap import Estimate, estimate, replicate
from app.matching.evaluation.groups import SMALL_CELL, Cell, cell_rates, pair_bands, pair_groups
from app.matching.evaluation.identification import Searches, leave_one_out, open_set, rank_rates
from app.matching.evaluation.verification import Comparisons, Curve, all_pairs, compare, curve, weighted_curve
from app.matching.types import Template

#: Pixels between the eyes: the limits of app/matching/quality/measures.py, then twice the upper one, then 90 as in
#: passports.
BANDS = (14.0, 20.0, 40.0, 90.0)


@dataclass(frozen=True, slots=True)
class Plan:
    """The settings of an evaluation. Rates are shares, 0..1.

    far: the false accept rates at which TAR is stated; the first sets the one threshold for groups and bands. fpir: the
    false positive identification rates at which FNIR is stated. ranks: the ranks of the CMC; the last is the R of FNIR.
    """

    far: tuple[float, ...] = (0.01, 0.001)
    fpir: tuple[float, ...] = (0.1, 0.01)
    ranks: tuple[int, ...] = (1, 5, 10, 25)
    resamples: int = 1000
    seed: int = 1
    small: int = SMALL_CELL


@dataclass(frozen=True, slots=True, eq=False)
class Photograph:
    """One usable photograph: whose it is, its template, pixels between the eyes, and what columns say of it."""

    person: str
    template: Template
    inter_eye: float
    groups: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Verification:
    """at: rate asked for -> threshold and TAR. impostors_possible: how many impostor pairs there were to draw from."""

    comparisons: Comparisons
    curve: Curve
    at: Mapping[float, tuple[float, Estimate]]
    equal_error: Estimate
    impostors_possible: int


@dataclass(frozen=True, slots=True, eq=False)
class Identification:
    """rates: rank -> share found at it or better. cmc: (r,) shares at ranks 1 to r. at: FPIR asked for -> threshold and
    FNIR."""

    searches: Searches
    cmc: np.ndarray
    rates: Mapping[int, Estimate]
    at: Mapping[float, tuple[float, Estimate]]


@dataclass(frozen=True, slots=True, eq=False)
class Assessment:
    """What one network did on one set of photographs. identification: None when only listed pairs were compared."""

    plan: Plan
    photographs: int
    people: int
    people_mated: int
    verification: Verification
    identification: Identification | None
    bands: tuple[Cell, ...]
    groups: Mapping[str, tuple[Cell, ...]]


def assess(
    photographs: Sequence[Photograph],
    plan: Plan,
    columns: Sequence[str] = (),
    pairs: Sequence[tuple[int, int]] | None = None,
    pair_values: Mapping[str, Sequence[str]] | None = None,
) -> Assessment:
    """Measure a network on labelled photographs.

    columns: the department's columns to tell apart (``Photograph.groups``). pairs: compare these pairs of photograph
    numbers only, without searches; then pair_values says of each column what it holds for each pair. Raises ValueError
    when there is no pair of one person, or none of two people.
    """
    names = sorted({photograph.person for photograph in photographs})
    number = {name: i for i, name in enumerate(names)}
    persons = [number[photograph.person] for photograph in photographs]
    listed = all_pairs(persons, plan.seed) if pairs is None else np.array(pairs, np.intp).reshape(-1, 2)
    vectors = np.array([photograph.template.vector for photograph in photographs])
    compared = compare(vectors, persons, listed)
    mated = len(np.unique(compared.persons[compared.genuine]))
    sizes = np.bincount(persons, minlength=len(names))
    possible = (len(persons) ** 2 - int((sizes**2).sum())) // 2 if pairs is None else int((~compared.genuine).sum())
    verification = _verification(compared, plan, len(names), mated, possible)
    identification = None
    if pairs is None:
        templates = [photograph.template for photograph in photographs]
        identification = _identification(leave_one_out(templates, persons, plan.ranks[-1]), plan, len(names), mated)

    def cells(named: list[str], of_pair: np.ndarray) -> tuple[Cell, ...]:
        threshold = verification.at[plan.far[0]][0]
        drawn = {"people": len(names), "resamples": plan.resamples, "seed": plan.seed}
        return tuple(cell_rates(compared, named, of_pair, threshold, small=plan.small, **drawn))

    groups = {}
    for column in columns:
        if pair_values is None:
            groups[column] = cells(*pair_groups(compared.photos, [p.groups[column] for p in photographs]))
        else:
            value = dict(zip(map(tuple, listed.tolist()), pair_values[column], strict=True))
            of_pair = [value[tuple(pair)] for pair in compared.photos.tolist()]
            groups[column] = cells(*pair_groups(np.arange(len(of_pair))[:, None].repeat(2, axis=1), of_pair))
    bands = cells(*pair_bands(compared.photos, [photograph.inter_eye for photograph in photographs], BANDS))
    return Assessment(plan, len(photographs), len(names), mated, verification, identification, bands, groups)


def _verification(pairs: Comparisons, plan: Plan, people: int, mated: int, possible: int) -> Verification:
    genuine = pairs.genuine

    def measures(points: Curve) -> list[float]:
        return [*(points.true_accept_rate(far) for far in plan.far), points.equal_error_rate()]

    whole = curve(pairs.scores, genuine)
    draws = replicate(
        lambda drawn: measures(weighted_curve(pairs.scores, genuine, pairs.weights(drawn))),
        people,
        plan.resamples,
        plan.seed,
    )
    *rates, equal = [estimate(value, draws[:, i], mated) for i, value in enumerate(measures(whole))]
    # an equal error rate rests on both kinds of pairs: the scarcer of people with genuine and of disjoint impostor
    # pairs
    equal = estimate(equal.value, draws[:, -1], min(mated, people // 2))
    at = {far: (whole.threshold(far), rate) for far, rate in zip(plan.far, rates, strict=True)}
    return Verification(pairs, whole, at, equal, possible)


def _identification(searches: Searches, plan: Plan, people: int, mated: int) -> Identification:
    def measures(weights: np.ndarray | None) -> list[float]:
        found = rank_rates(searches, weights)
        missed = [open_set(searches, rate, weights)[1] for rate in plan.fpir]
        return [*(float(found[rank - 1]) for rank in plan.ranks), *missed]

    draws = replicate(
        lambda drawn: measures(drawn[searches.persons].astype(np.float64)), people, plan.resamples, plan.seed
    )
    estimates = [estimate(value, draws[:, i], mated) for i, value in enumerate(measures(None))]
    estimated, missed = estimates[: len(plan.ranks)], estimates[len(plan.ranks) :]
    thresholds = [open_set(searches, rate)[0] for rate in plan.fpir]
    return Identification(
        searches,
        rank_rates(searches)[:people],
        dict(zip(plan.ranks, estimated, strict=True)),
        dict(zip(plan.fpir, zip(thresholds, missed, strict=True), strict=True)),
    )
