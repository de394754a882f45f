"""How well a network finds people, one to many: ranks, and the open set in which the person may not be there.

FNIR and FPIR as in ISO/IEC 19795-1:2021 and NIST's FRTE 1:N reports (NISTIR 8271): a search for somebody who is in the
gallery fails (FNIR) when their photograph is not among the first R people with a cosine at or above the threshold; a
search for somebody who is not there errs (FPIR) when it returns anybody at or above it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.matching.evaluation import curve
from app.matching.index import ExactIndex
from app.matching.types import GalleryTemplate, Template


@dataclass(frozen=True, slots=True, eq=False)
class Searches:
    """n searches, one a photograph.

    persons: (n,) number of the person searched for. rank: (n,) int, their place on the list; 0 where the gallery held
    no other photograph of them. own: (n,) float64, cosine of their best photograph, -inf without one. other: (n,)
    float64, the best cosine of anybody else, -inf where there was nobody else.
    """

    persons: np.ndarray
    rank: np.ndarray
    own: np.ndarray
    other: np.ndarray

    @property
    def mated(self) -> np.ndarray:
        """(n,) bool: the searches whose person was in the gallery."""
        return self.rank > 0


def leave_one_out(templates: Sequence[Template], persons: Sequence[int]) -> Searches:
    """Each photograph in turn is the probe, all others the gallery, searched with the product's exact index.

    The same list answers both questions: with the person's other photographs it is a search for somebody in the
    gallery; without them its first other person is what a search for somebody unknown would have returned. Raises
    ValueError without photographs.
    """
    if not templates:
        raise ValueError("There are no photographs to evaluate.")
    index = ExactIndex(templates[0].model_digest, templates[0].vector.shape[0])
    entries = [GalleryTemplate(str(p), str(i), t) for i, (p, t) in enumerate(zip(persons, templates, strict=True))]
    index.add(entries, generation=1)
    rank, own, other = np.zeros(len(entries), int), np.full(len(entries), -np.inf), np.full(len(entries), -np.inf)
    for i, entry in enumerate(entries):
        for found in index.search(entry.template, len(entries), index.photo_ids - {entry.photo_id}):
            if found.person_id == entry.person_id:
                rank[i], own[i] = found.rank, found.score
            elif other[i] == -np.inf:
                other[i] = found.score
            if rank[i] and other[i] > -np.inf:
                break
    return Searches(np.asarray(persons, np.intp), rank, own, other)


def rank_rates(searches: Searches, weights: np.ndarray | None = None) -> np.ndarray:
    """The cumulative match characteristic: entry k-1 is the share, 0..1, of people who came at rank k or better.

    weights: (n,) how often each search counts; each once if not given. Only searches for people in the gallery count.
    Raises ValueError when there are none.
    """
    counted = _weights(searches, weights)[searches.mated]
    if not counted.sum():
        raise ValueError("Identification needs a person with two photographs.")
    found = np.bincount(searches.rank[searches.mated], counted, minlength=2)[1:]
    return found.cumsum() / counted.sum()


def open_set(
    searches: Searches, false_positive_rate: float, ranks: int, weights: np.ndarray | None = None
) -> tuple[float, float]:
    """The lowest threshold at which FPIR is at most the given rate (inf where there is none), and the FNIR there, 0..1.

    ranks: the R of FNIR(R): further down the list nobody is counted as found. Raises ValueError when there are no
    searches of either kind.
    """
    counted = _weights(searches, weights)
    mated, answered = searches.mated, searches.other > -np.inf
    points = curve(
        np.r_[searches.own[mated], searches.other[answered]],
        np.r_[np.ones(mated.sum(), bool), np.zeros(answered.sum(), bool)],
        np.r_[counted[mated], counted[answered]],
    )
    threshold = points.threshold(false_positive_rate)
    missed = (searches.own[mated] < threshold) | (searches.rank[mated] > ranks)
    return threshold, float(counted[mated][missed].sum() / counted[mated].sum())


def _weights(searches: Searches, weights: np.ndarray | None) -> np.ndarray:
    return np.ones(len(searches.rank)) if weights is None else weights
