"""Places as people type them: addresses, crossings and premises, and whether two of them are the same."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from app.policy.matters.types import PlaceRule
from app.policy.matters.words import ways_to_read

#: what stands between the two ways of a crossing
_BETWEEN = ("and", "at", "x", "by", "near", "nr", "off", "on", "corner")


@dataclass(frozen=True, slots=True)
class Way:
    """A street: its side of the city, its name and what kind of way it is; side and kind may be left out."""

    side: str
    name: str
    kind: str

    def agrees(self, other: "Way") -> bool:
        """Tell whether both may be the same street: nothing that both state differs."""
        sides, kinds = {self.side, other.side} - {""}, {self.kind, other.kind} - {""}
        return self.name == other.name and len(sides) < 2 and len(kinds) < 2


@dataclass(frozen=True, slots=True)
class Place:
    """One place: a house number with its way, two ways that cross, or premises by name (no way)."""

    kind: Literal["address", "crossing", "premises"]
    name: str = ""
    ways: tuple[Way, ...] = ()

    def same(self, other: "Place") -> bool:
        """Tell whether both are one: the ways of a crossing in either order, premises by words that one adds to."""
        if self.kind == other.kind == "premises":
            fewer, more = sorted((set(self.name.split()), set(other.name.split())), key=len)
            return fewer == more or (len(fewer) > 1 and fewer < more)
        if (self.kind, self.name) != (other.kind, other.name):
            return False
        orders = (other.ways, other.ways[::-1])
        return any(all(one.agrees(two) for one, two in zip(self.ways, order, strict=True)) for order in orders)

    @property
    def mark(self) -> str:
        """Return what stands for the place, however completely its ways are written."""
        return " ".join([self.name, *sorted(way.name for way in self.ways)]).strip()


def read_places(rule: PlaceRule, text: str, *, alone: bool = False) -> frozenset[Place]:
    """Return the places that a text names. `alone`: it names a place and tells nothing else."""
    found: set[Place] = set()
    for words in ways_to_read(rule, text):
        line = " ".join(words)
        named = list(_named_in(rule, line))
        found.update(place for place, _, _ in named)
        if alone:
            kept = (sign for at, sign in enumerate(line) if not any(begin <= at < end for _, begin, end in named))
            found.update(_only(rule, "".join(kept).split(), whole=not named))
    return frozenset(found)


def shared(first: Iterable[Place], second: Iterable[Place]) -> frozenset[str]:
    """Return the marks of the places that are among both, each as the one tells it that says less."""
    others = list(second)
    pairs = ((one.mark, two.mark) for one in first for two in others if one.same(two))
    return frozenset(min(pair, key=lambda mark: (len(mark), mark)) for pair in pairs)


def _named_in(rule: PlaceRule, line: str) -> Iterator[tuple[Place, int, int]]:
    """Yield the addresses and crossings of a line, and from where to where each stands."""
    way, between = _pattern(rule), "|".join(_BETWEEN)
    # looked ahead only, for one may begin within what was taken for another
    for found in re.finditer(rf"\b(?=((\d+[a-z]?) (?:{way})\b))", line):
        house, *street = found.groups()[1:]
        yield Place("address", house, (_way(*street),)), *found.span(1)
    for found in re.finditer(rf"\b(?=({way} (?:{between}) (?:the )?(?:corner )?(?:of )?{way}\b))", line):
        first, second = found.groups()[1:5], found.groups()[5:]
        yield Place("crossing", "", (_way(*first), _way(*second))), *found.span(1)


def _pattern(rule: PlaceRule) -> str:
    """Return the pattern of a way within a line: side, name and kind, or one that is called by its name alone."""
    kinds, alone = "|".join(rule.ways), "|".join((*map(re.escape, rule.alone), "ave [a-z]"))
    words = "|".join(dict.fromkeys((*_BETWEEN, "in", "of", "front", "the", "corner")))
    # of some the letter comes last: “Avenue D”
    return rf"(?:([nsew]) )?(?:((?:{alone})\b)|((?:(?!(?:{words}) )\w+ ){{1,3}}?)({kinds}))"


def _way(side: str | None, alone: str | None, name: str | None, kind: str | None) -> Way:
    return Way(side or "", alone or (name or "").strip(), kind or "")


def _only(rule: PlaceRule, words: Sequence[str], *, whole: bool) -> Iterator[Place]:
    """Yield what a line names that is nothing but a place: premises and, where it is the whole of it, ways by name."""
    parts = [
        [word for word in part.split() if word in rule.ways or word not in rule.vague]
        for part in re.split(rf"\b(?:{'|'.join(_BETWEEN)})\b", " ".join(words))
    ]
    named = [part for part in parts if part and len(part) <= 4]
    if whole and len(named) == 2:
        yield Place("crossing", "", tuple(_called(rule, part) for part in named))
    if whole and named and named[0][0].isdigit() and len(named[0]) > 1:
        yield Place("address", named[0][0], (_called(rule, named[0][1:]),))
    telling = sorted({word for word in words if word not in rule.vague})
    if any(len(word) > 2 and not word.isdigit() for word in telling):
        yield Place("premises", " ".join(telling))


def _called(rule: PlaceRule, words: list[str]) -> Way:
    kind = words[-1] if words[-1] in rule.ways and len(words) > 1 else ""
    return Way("", " ".join(words[:-1] if kind else words), kind)
