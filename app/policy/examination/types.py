"""Frozen types of examination: worksheet, marks, background check and opinions."""

from typing import Annotated, Literal

from msgspec import Meta, field

from app.policy.base import Choice, Count, Rule, Table, Text


class Verdict(Table, frozen=True, kw_only=True):
    """A verdict on one feature. ``unexplained`` marks the difference for which the examiner knows no cause.

    ``excludes``: found in a lasting component it is enough to exclude a candidate.
    """

    value: Text
    label: Text
    differs: bool
    compared: bool
    needs_note: bool
    unexplained: bool = False
    excludes: bool = False


class Part(Table, frozen=True, kw_only=True):
    """A detail of a component: a prompt, on which a verdict may be given."""

    value: Text
    label: Text


class Component(Table, frozen=True, kw_only=True):
    """A component of the face that is compared on demand. ``stability``: how lasting it is, a design aid of our own."""

    value: Text
    label: Text
    hint: Text
    stability: Literal["transient", "semi", "stable"]
    parts: tuple[Part, ...] = ()


class Feature(Component, frozen=True, kw_only=True):
    """One of the facial features that SRC-2 names: always compared."""


class Worksheet(Rule, frozen=True, kw_only=True):
    """The eleven features, the further components and the verdicts on each."""

    title: Text
    features: Annotated[tuple[Feature, ...], Meta(min_length=1)] = field(name="feature")
    components: tuple[Component, ...] = field(name="component", default=())
    verdicts: Annotated[tuple[Verdict, ...], Meta(min_length=1)] = field(name="verdict")

    @property
    def everything(self) -> tuple[Component, ...]:
        """The features that are always compared, then the further components."""
        return (*self.features, *self.components)


class Disposition(Rule, frozen=True, kw_only=True):
    """A disposition of one candidate; ``full_worksheet`` demands a verdict on every feature.

    ``rests_on_lasting``: on an unexplained difference in a lasting component, or on a written reason;
    ``nothing_lasting``: no lasting component could be compared.
    """

    title: Text
    min_differing: int
    full_worksheet: bool
    rests_on_lasting: bool = False
    nothing_lasting: bool = False


class Inconsistency(Rule, frozen=True, kw_only=True):
    """What on record contradicts a request (SRC-3). ``limit`` is in the unit of ``kind``; at the limit is consistent.

    ``fact`` names the item of the background check with the examiner's own finding; ``says`` holds {recorded}, {stated}
    and {off}, and is empty for a kind that only has the finding; ``says_unborn`` holds {recorded} and {stated}, of a
    photograph from before a birth. ``holds``: where it is certain it holds a nomination
    until a supervisor agrees with the answer. ``source_fact`` names the item that says where a finding comes from;
    ``grounds`` are the reasons for which it may not stand, of which an answer chooses one and names its source.
    """

    title: Text
    kind: Literal["height", "weight", "age", "custody", "finding"]
    fact: Text
    limit: Annotated[float, Meta(ge=0)] = 0
    says: str = ""
    says_unborn: str = ""
    holds: bool = False
    source_fact: str = ""
    grounds: tuple[Choice, ...] = field(name="ground", default=())


class ComparedItem(Table, frozen=True, kw_only=True):
    """An item of the background check; of each group in ``stated`` and in ``recorded`` it needs one to be known."""

    name: Text
    stated: tuple[tuple[Text, ...], ...] = ()
    recorded: tuple[tuple[Text, ...], ...] = ()


class Silence(Rule, frozen=True, kw_only=True):
    """What an item of the background check needs on both sides before it can support a candidate (SRC-3)."""

    title: Text
    items: Annotated[tuple[ComparedItem, ...], Meta(min_length=1)] = field(name="item")


class AnswerRule(Rule, frozen=True, kw_only=True):
    """The content of an answer to a contradiction: so many characters, so many different words that are not ``idle``.

    ``min_source``: characters of the source, where an answer names one.
    """

    title: Text
    count: Count
    min_words: Count
    min_source: Count
    idle: tuple[str, ...] = ()


class Level(Table, frozen=True, kw_only=True):
    """A level of the internal scale; ``number`` orders the levels, and what is no level has none."""

    value: Text
    label: Text
    number: Annotated[int, Meta(ge=-3, le=3)] | None = None


class Scale(Rule, frozen=True, kw_only=True):
    """The levels of which an opinion on a candidate names one."""

    title: Text
    levels: Annotated[tuple[Level, ...], Meta(min_length=1)] = field(name="level")

    def level(self, value: str) -> Level | None:
        """The level of that code, or None."""
        return next((level for level in self.levels if level.value == value), None)


class Review(Rule, frozen=True, kw_only=True):
    """A human review: how many different people, and the level an opinion must reach to carry a possible match.

    No level at or below zero can be the minimum: inconclusive is never support (FAIR-1).
    """

    title: Text
    count: Count
    min_reason: Count
    min_level: Annotated[int, Meta(ge=1, le=3)]

    def supported_by(self, level: Level | None) -> bool:
        """Whether an opinion of this level carries a possible match."""
        return level is not None and level.number is not None and level.number >= self.min_level


class MarkKind(Choice, frozen=True, kw_only=True):
    """A shape that an examiner may draw, and how many points describe it; a region by two opposite corners."""

    points: Count


class Marks(Rule, frozen=True, kw_only=True):
    """What may be marked on the two photographs of a comparison: how many marks, how long a note."""

    title: Text
    max_count: Count
    max_note: Count
    kinds: Annotated[tuple[MarkKind, ...], Meta(min_length=1)] = field(name="kind")
