"""The base types of rule files: a rule is a sentence a lawyer signs, then machine fields."""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

Text = Annotated[str, Meta(min_length=1)]
Count = Annotated[int, Meta(ge=1)]


def repeated(values: Iterable[str]) -> list[str]:
    """Return the values that occur more than once, each once."""
    return [value for value, times in Counter(values).items() if times > 1]


class Table(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """Any table of a rule file: immutable, unknown keys refused.

    Encoded, it says what its file says: a field that every rule gains makes no proof of an unchanged rule stale.
    """


class Rule(Table, frozen=True, kw_only=True):
    """One rule. ``text`` is the sentence a lawyer signs, ``authority`` the clauses it rests on.

    It applies from ``effective`` to ``until``, both included; without ``until`` it has no end.
    """

    id: Text
    text: Text
    authority: Annotated[tuple[str, ...], Meta(min_length=1)]
    effective: date
    until: date | None = None


class Choice(Table, frozen=True, kw_only=True):
    """One value of a closed list and the words people see for it."""

    value: Text
    label: Text
    hint: str = ""


class Fact(Table, frozen=True, kw_only=True):
    """One question a form asks. ``must_be`` is the only answer accepted; any other gets ``refusal``.

    Value bounds apply to kind ``number``, length bounds to the text kinds; ``min_words`` counts different words.
    ``choices_from`` names the list of another file from which it is chosen.
    """

    name: Text
    label: Text
    kind: Literal["text", "long", "choice", "date", "time", "yesno", "number"]
    hint: str = ""
    choices: tuple[Choice, ...] = ()
    choices_from: str = ""
    required: bool = True
    min_length: int = 0
    max_length: int = 4000
    min_words: int = 0
    min_value: int | None = None
    max_value: int | None = None
    must_be: str = ""
    refusal: str = ""


class Statement(Rule, frozen=True, kw_only=True):
    """A rule that is only its sentence, with a heading for the page."""

    title: Text


class ReasonRule(Statement, frozen=True, kw_only=True):
    """The rule of every reason that another rule demands; ``idle`` words alone are none."""

    idle: tuple[str, ...]


class Questions(Rule, frozen=True, kw_only=True):
    """A rule with the facts a form asks for it."""

    title: Text
    facts: Annotated[tuple[Fact, ...], Meta(min_length=1)] = field(name="fact")


class Number(Rule, frozen=True, kw_only=True):
    """A rule with one count."""

    title: Text
    count: Count
