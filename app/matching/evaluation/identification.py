"""One-to-many accuracy: ranks, and the open set in which the person may be absent.

FNIR and FPIR as in ISO/IEC 19795-1:2021 and NIST's FRTE 1:N reports (NISTIR 8271): a search for somebody who is in the
gallery fails (FNIR) when their photograph is not among the first R people with a cosine at or above the threshold; a
search for somebody who is not there errs (FPIR) when it returns anybody at or above it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.matching.evaluation.verification import weighted_curve
from app.matching.index.exact import ExactIndex
from app.matching.types import GalleryTemplate, Template


@dataclass(frozen=True, slots=True, eq=False)
class Searches:
    """n searches, one a photograph, each with a list of the first `listed` people.

    persons: (n,) number of the person searched for. rank: (n,) int, their place on the list; 0 where the gallery held
    no other photograph of them, listed + 1 where it did but they were not on the list. own: (n,) float64, cosine of
    their best photograph, -inf where they were not on the list. other: (n,) float64, the best cosine of anybody else,
    -inf where there was nobody else.
    """

    listed: int
    persons: np.ndarray
    rank: np.ndarray
    own: np.ndarray
    other: np.ndarray

    @property
    def mated(self) -> np.ndarray:
        """(n,) bool: the searches whose person was in the gallery."""
        return self.rank > 0


def leave_one_out(templates: Sequence[Template], persons: Sequence[int], listed: int) -> Searches:
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
    several = np.bincount(persons)[list(persons)] > 1
    rank = np.where(several, listed + 1, 0)
    own, other = np.full(len(entries), -np.inf), np.full(len(entries), -np.inf)
    everything = index.photo_ids
    for i, entry in enumerate(entries):
        # two people at least, so that somebody else than the person searched for is among them
        for found in index.search(entry.template, max(listed, 2), everything - {entry.photo_id}):
            if found.person_id != entry.person_id:
                other[i] = max(other[i], found.score)
            elif found.rank <= listed:
                rank[i], own[i] = found.rank, found.score
    return Searches(listed, np.asarray(persons, np.intp), rank, own, other)


def rank_rates(searches: Searches, weights: np.ndarray | None = None) -> np.ndarray:
    """The cumulative match characteristic (listed,): entry k-1 is the share, 0..1, of people found at rank k or better.

    weights: (n,) how often each search counts; each once if not given. Only searches for people in the gallery count.
    Raises ValueError when there are none.
    """
    counted = _weights(searches, weights)[searches.mated]
    if not counted.sum():
        raise ValueError("Identification needs a person with two photographs.")
    found = np.bincount(searches.rank[searches.mated], counted, minlength=searches.listed + 1)[1 : searches.listed + 1]
    shares: np.ndarray = found.cumsum() / counted.sum()
    return shares


def open_set(searches: Searches, false_positive_rate: float, weights: np.ndarray | None = None) -> tuple[float, float]:
    """The lowest threshold at which FPIR is at most the given rate (inf where there is none), and the FNIR there, 0..1.

    The R of FNIR(R) is the length of the list. Raises ValueError when there are no searches of either kind.
    """
    counted = _weights(searches, weights)
    mated, answered = searches.mated, searches.other > -np.inf
    scores = np.r_[searches.own[mated], searches.other[answered]]
    order = np.argsort(-scores, kind="stable")
    points = weighted_curve(
        scores[order],
        np.r_[np.ones(mated.sum(), bool), np.zeros(answered.sum(), bool)][order],
        np.r_[counted[mated], counted[answered]][order],
    )
    threshold = points.threshold(false_positive_rate)
    missed = (searches.own[mated] < threshold) | (searches.rank[mated] > searches.listed)
    return threshold, float(counted[mated][missed].sum() / counted[mated].sum())


def _weights(searches: Searches, weights: np.ndarray | None) -> np.ndarray:
    return np.ones(len(searches.rank)) if weights is None else weights
