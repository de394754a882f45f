"""What two numbers have in common: the place and the day, or passages of their texts (REQ-2, RET-11)."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from app.policy.matters.passages import Passages, alike, passages_of
from app.policy.matters.places import Place, read_places, shared
from app.policy.matters.types import ProposalRule

Kind = Literal["place", "text"]


@dataclass(frozen=True, slots=True)
class Told:
    """What one request tells of its matter, read for comparison."""

    request: str
    number: str
    filed: datetime
    day: date | None
    places: frozenset[Place]
    passages: Passages


@dataclass(frozen=True, slots=True)
class Likeness:
    """What two numbers have in common: of which kind, in which requests; `marks` tell the same evidence again.

    `percent`: of a text, how much of the shorter one stands in the other.
    """

    kind: Kind
    requests: tuple[str, ...]
    marks: tuple[str, ...]
    percent: int = 0


def read(
    rule: ProposalRule, request: str, number: str, filed: datetime, told: Mapping[str, str], texts: Sequence[str]
) -> Told:
    """Read a request for comparison. `told`: its answers by name, of which those that name the place are read."""
    first, *more = rule.place.facts
    places = read_places(rule.place, told.get(first) or "", alone=True)
    for name in more:
        places |= read_places(rule.place, told.get(name) or "")
    try:
        day = date.fromisoformat(told.get("date") or "")
    except ValueError:
        day = None
    return Told(request, number, filed, day, places, passages_of(rule, texts))


class Window:
    """The requests that are compared with one another, by the numbers under which they were filed."""

    def __init__(self, requests: Iterable[Told]) -> None:
        self.numbers: dict[str, list[Told]] = defaultdict(list)
        for one in requests:
            self.numbers[one.number].append(one)
        #: what stands in the texts of a number taken together, for a text may be split over several requests
        self.texts = {number: _whole(several) for number, several in self.numbers.items()}

    def __iter__(self) -> Iterator[Told]:
        return (one for several in self.numbers.values() for one in several)


def _whole(requests: Iterable[Told]) -> Passages:
    return frozenset[int]().union(*(one.passages for one in requests))


def compare(rule: ProposalRule, window: Window, mine: Told, matter: Collection[str]) -> dict[str, list[Likeness]]:
    """Return what a request has in common with each number out of its matter, the strongest first, then the nearest."""
    others = {number: theirs for number, theirs in window.numbers.items() if number not in matter}
    own = [one for number in matter for one in window.numbers.get(number, ()) if one.request != mine.request]
    texts = _texts(rule, window, [mine, *own], others)
    found = {number: [*_places(rule, mine, theirs), *texts.get(number, ())] for number, theirs in others.items()}

    def strength(number: str) -> tuple[int, int, float]:
        near = min(abs((mine.filed - other.filed).total_seconds()) for other in others[number])
        return -len(found[number]), -max(one.percent for one in found[number]), near

    return {number: found[number] for number in sorted((one for one in found if found[one]), key=strength)}


def _places(rule: ProposalRule, mine: Told, theirs: Sequence[Told]) -> Iterator[Likeness]:
    marks: set[str] = set()
    requests: list[str] = []
    for other in theirs:
        if mine.day is None or other.day is None or abs((mine.day - other.day).days) > rule.place.days_apart:
            continue
        same = shared(mine.places, other.places)
        marks.update(f"{min(mine.day, other.day)} {mark}" for mark in same)
        requests += [other.request] if same else []
    if marks:
        yield Likeness("place", (mine.request, *requests), tuple(sorted(marks)))


def _texts(
    rule: ProposalRule, window: Window, own: Sequence[Told], others: Mapping[str, Sequence[Told]]
) -> dict[str, list[Likeness]]:
    """Compare texts one by one and taken together; `own` begins with the request that is compared."""
    mine, whole = own[0].passages, _whole(own)
    common = {number: window.texts[number] & whole for number in others}
    under = Counter(passage for passages in common.values() for passage in passages)
    forms = {passage for passage, times in under.items() if times >= rule.texts.common}
    found: dict[str, list[Likeness]] = {}
    for number, passages in common.items():
        telling = passages - forms
        if len(telling) < rule.texts.least:
            continue
        theirs = [window.texts[number], *(one.passages for one in others[number])]
        pairs = ((first, second) for first in (mine, whole) for second in theirs)
        best = max(alike(rule, telling & first & second, first, second) for first, second in pairs)
        if best:
            requests = [one.request for one in (*own, *others[number]) if one.passages & telling]
            found[number] = [Likeness("text", tuple(requests), tuple(map(str, sorted(telling))), best)]
    return found
