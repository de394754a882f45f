"""Frozen types of the rule on what the portal proposes as one matter."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated, Any

from msgspec import Meta

from app.policy.base import Count, Statement, Table, Text, repeated

Percent = Annotated[int, Meta(ge=1, le=100)]
Some = Annotated[tuple[Text, ...], Meta(min_length=1)]


class PlaceRule(Table, frozen=True, kw_only=True, dict=True):
    """How places are read: the questions that name them, the words for ways, and other ways to write a word.

    ``alone``: ways whose name holds no such word. ``vague``: words that name no place by themselves.
    """

    days_apart: Count
    facts: Some
    ways: Some
    alone: tuple[Text, ...]
    vague: Some
    spellings: Mapping[Text, Some]

    @cached_property
    def plain_spelling(self) -> Mapping[str, str]:
        """Return how each word that has several spellings is written here."""
        return {other: word for word, others in self.spellings.items() for other in others}


class TextRule(Table, frozen=True, kw_only=True):
    """When two texts are alike: passages of ``words`` words, how many both must have, and what share of the shorter.

    ``common``: under so many other numbers a passage is a form of words.
    """

    words: Count
    least: Count
    least_percent: Percent
    common: Count
    most_shown: Count
    most_words: Count


class ProposalRule(Statement, frozen=True, kw_only=True):
    """The rule on what the portal compares, and on what it proposes."""

    window_days: Count
    most_compared: Count
    most_proposed: Count
    place: PlaceRule
    texts: TextRule


def proposal_faults(tables: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Every fault of the rule, one line each, without the file's name."""
    place = tables["matters/rules.toml"]["proposal"].place
    first, *more = place.facts
    if first not in {fact.name for fact in tables["requests/rules.toml"]["circumstances"].facts}:
        yield f"no request is asked for '{first}' among its circumstances"
    asked = {fact.name for use in tables["requests/uses.toml"]["use"] for fact in use.facts}
    yield from (f"no use asks for '{name}'" for name in more if name not in asked)
    spelled = [word for words in place.spellings.values() for word in words]
    yield from (f"'{word}' is a spelling of two words" for word in repeated(spelled))
    yield from (f"'{word}' is a word and a spelling of another" for word in sorted(set(spelled) & set(place.spellings)))
