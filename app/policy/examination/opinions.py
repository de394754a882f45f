"""The checks whether opinions on the internal scale carry a nomination or a possible match (SRC-4 to SRC-6)."""

from collections.abc import Iterable, Iterator

from app.clauses import enforces
from app.policy.examination.types import Level, Review
from app.policy.facts import Fault
from app.policy.types import Policy


@enforces("SRC-4", "FAIR-1")
def nomination_fault(policy: Policy, opinion: str | None) -> Fault | None:
    """Why an examiner's own opinion carries no nomination, or None."""
    return _fault(policy, policy.review.nomination, opinion, "opinion")


@enforces("SRC-6", "FAIR-1")
def peer_faults(policy: Policy, opinions: Iterable[str]) -> Iterator[Fault]:
    """One fault for each opinion of a peer that does not carry a possible match."""
    found = (_fault(policy, policy.review.peers, opinion, "opinion") for opinion in opinions)
    return (fault for fault in found if fault is not None)


def check_opinions(policy: Policy, examiner: str, peers: Iterable[str]) -> list[Fault]:
    """What keeps the opinions of a round from carrying a possible match: the examiner's own, then each peer's."""
    own = nomination_fault(policy, examiner)
    return [*([own] if own else []), *peer_faults(policy, peers)]


def _fault(policy: Policy, review: Review, opinion: str | None, field: str) -> Fault | None:
    level = policy.review.scale.level(opinion or "")
    if level is None:
        return Fault(field, "Choose one level of the scale.", policy.review.scale.id)
    if review.supported_by(level):
        return None
    lowest = next(one for number, one in _levels(policy) if number >= review.min_level)
    return Fault(field, f"{level.label} is less than {lowest.label.lower()}.", review.id)


def _levels(policy: Policy) -> list[tuple[int, Level]]:
    """The levels that have a number, with it, the lowest first."""
    numbered = [(level.number, level) for level in policy.review.scale.levels if level.number is not None]
    return sorted(numbered, key=lambda one: one[0])
