"""A recorded list of people compared with the list that the same search gives now."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass

from app.matching.types import PersonRank

#: two scores this near are the same score, computed on another machine
TOLERANCE = 1e-5


@dataclass(frozen=True, slots=True)
class RecordedCandidate:
    """One line of a recorded list: the person, their best photograph, its score."""

    person_id: str
    photo_id: str
    score: float


@dataclass(frozen=True, slots=True)
class Place:
    """One place where the lists differ: rank from 1; the photograph recorded and found there, empty for none."""

    rank: int
    recorded: str
    found: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """compared: lines that can be. missing: photographs of recorded lines that left. worst: largest gap of a score."""

    compared: int
    missing: tuple[str, ...]
    places: tuple[Place, ...]
    worst: float
    exact: bool

    @property
    def same(self) -> bool:
        """Everything that can be compared stands in the same order with scores within the tolerance."""
        return not self.places and self.worst <= TOLERANCE


def compare(
    recorded: Sequence[RecordedCandidate], found: Sequence[PersonRank], gone: Set[str], dropped: int = 0
) -> Comparison:
    """Compare a recorded list, best first, with the one found now among the photographs that are still held.

    gone: recorded photographs that left the repository since; their people are taken out of both lists, for without
    the photograph they rank elsewhere. A photograph that left and was not on the list cannot have been near enough to
    matter. dropped: photographs that left while the search ran, which may have shortened the recorded list.

    The recorded list is then the beginning of the one found; what stands beyond it is only whoever moves up into the
    places of those taken out.
    """
    missing = [line for line in recorded if line.photo_id in gone]
    apart = {line.person_id for line in missing}
    left = [line for line in recorded if line.person_id not in apart]
    now = [line for line in found if line.person_id not in apart]
    places, worst, exact = [], 0.0, True
    for rank, (was, here) in enumerate(zip(left, now, strict=False), start=1):
        if (was.person_id, was.photo_id) != (here.person_id, here.photo_id):
            places.append(Place(rank, was.photo_id, here.photo_id))
            continue
        worst = max(worst, abs(was.score - here.score))
        exact = exact and was.score == here.score
    places += [Place(n, line.photo_id, "") for n, line in enumerate(left[len(now) :], len(now) + 1)]
    if len(now) > len(left) + len(missing) + dropped:
        places += [Place(n, "", line.photo_id) for n, line in enumerate(now[len(left) :], len(left) + 1)]
    return Comparison(len(left), tuple(line.photo_id for line in missing), tuple(places), worst, exact and not places)
