"""How well a network tells people apart, measured on labelled photographs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import roc_curve

from app.matching.index import ExactIndex
from app.matching.types import GalleryTemplate, Template


@dataclass(frozen=True, slots=True)
class Identification:
    """right of total probes had their own person at rank 1; misses are the numbers of the other probes."""

    right: int
    total: int
    misses: tuple[int, ...]

    @property
    def rank1(self) -> float:
        """Share of probes whose person came first, 0..1. Raises ZeroDivisionError without probes."""
        return self.right / self.total


def identify(probes: Sequence[Template], truth: Sequence[str], index: ExactIndex) -> Identification:
    """Search every probe in the index; truth[i] is the person of probes[i]."""
    misses = []
    for i, (probe, person) in enumerate(zip(probes, truth, strict=True)):
        ranks = index.search(probe, 1, index.photo_ids)
        if not ranks or ranks[0].person_id != person:
            misses.append(i)
    return Identification(len(probes) - len(misses), len(probes), tuple(misses))


def leave_one_out(templates: Sequence[Template], persons: Sequence[str]) -> Identification:
    """Each photograph in turn is the probe, all others the gallery. Raises ValueError without photographs."""
    if not templates:
        raise ValueError("There are no photographs to evaluate.")
    index = ExactIndex(templates[0].model_digest, templates[0].vector.shape[0])
    entries = [GalleryTemplate(p, str(i), t) for i, (p, t) in enumerate(zip(persons, templates, strict=True))]
    index.add(entries, generation=1)
    misses = []
    for i, probe in enumerate(templates):
        ranks = index.search(probe, 1, index.photo_ids - {str(i)})
        if not ranks or ranks[0].person_id != persons[i]:
            misses.append(i)
    return Identification(len(templates) - len(misses), len(templates), tuple(misses))


def pair_scores(templates: Sequence[Template], persons: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Cosines of all pairs: (genuine, impostor), two one-dimensional float64 arrays."""
    vectors = np.array([template.vector for template in templates], np.float64)
    one, other = np.triu_indices(len(vectors), 1)
    cosines = (vectors[one] * vectors[other]).sum(axis=1)
    labels = np.asarray(persons)
    same = labels[one] == labels[other]
    return cosines[same], cosines[~same]


def true_accept_rate(genuine: np.ndarray, impostor: np.ndarray, false_accept_rate: float) -> float:
    """The largest share of genuine pairs accepted while at most ``false_accept_rate`` of impostors are, 0..1.

    Raises ValueError when either kind of pair is missing.
    """
    if not len(genuine) or not len(impostor):
        raise ValueError("Verification needs pairs of the same person and pairs of different people.")
    truth = np.r_[np.ones(len(genuine)), np.zeros(len(impostor))]
    accepted_wrongly, accepted_rightly, _ = roc_curve(truth, np.r_[genuine, impostor], drop_intermediate=False)
    return float(accepted_rightly[accepted_wrongly <= false_accept_rate].max())
