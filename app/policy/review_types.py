"""Frozen types of review.toml: what examiners, peers and the supervisor record."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta, field

from app.policy.base import Choice, Count, Number, Questions, Rule, Statement, Table, Text


class Suitability(Table, frozen=True, kw_only=True):
    """A verdict on the probe alone; only one with ``searchable`` may be searched."""

    value: Text
    label: Text
    searchable: bool
    needs_note: bool = False
    hint: str = ""


class SuitabilityRule(Rule, frozen=True, kw_only=True):
    """The suitability verdict that precedes the sight of any candidate."""

    title: Text
    choices: Annotated[tuple[Suitability, ...], Meta(min_length=1)] = field(name="choice")


class UnsuitableReason(Table, frozen=True, kw_only=True):
    """Why an image cannot be compared, and the ``sentence`` the investigator reads (REQ-7)."""

    value: Text
    label: Text
    sentence: Text


class UnsuitableRule(Rule, frozen=True, kw_only=True):
    """The reasons with which images are returned."""

    title: Text
    reasons: Annotated[tuple[UnsuitableReason, ...], Meta(min_length=1)] = field(name="reason")


class QualityRule(Rule, frozen=True, kw_only=True):
    """A rule on one measure of a face. ``better`` says which way is better; a value beyond ``warn`` or ``fail`` is
    worse than the limit, which itself still passes. Sentences hold {value} and {limit}; ``reason`` names the
    [[unsuitable.reason]] that a failure speaks for.
    """

    title: Text
    measure: Text
    unit: Text
    better: Literal["more", "less"]
    decimals: Annotated[int, Meta(ge=0, le=2)] = 0
    warn: float | None = None
    fail: float | None = None
    pass_text: Text
    warn_text: str = ""
    fail_text: str = ""
    reason: str = ""


class Verdict(Table, frozen=True, kw_only=True):
    """A verdict on one feature; ``key`` is the one keystroke that records it.

    ``unexplained`` marks the difference for which the examiner knows no cause.
    """

    value: Text
    label: Text
    differs: bool
    compared: bool
    needs_note: bool
    unexplained: bool = False
    key: Annotated[str, Meta(min_length=1, max_length=1)]


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
    """One of the facial features that SRC-2 names: always compared. ``key`` is its keystroke."""

    key: Annotated[str, Meta(min_length=1, max_length=1)]


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
    """What becomes of one candidate; ``full_worksheet`` demands a verdict on every feature."""

    title: Text
    min_differing: int
    full_worksheet: bool


class BasisRefusal(Rule, frozen=True, kw_only=True):
    """A reason to refuse the basis of a request (REQ-4); ``authority`` is the clause cited."""

    title: Text


class Inconsistency(Rule, frozen=True, kw_only=True):
    """What on record contradicts a request (SRC-3). ``limit`` is in the unit of ``kind``; at the limit is consistent.

    ``fact`` names the item of the background check with the examiner's own finding; ``says`` holds {recorded}, {stated}
    and {off}, and is empty for a kind that only has the finding.
    """

    title: Text
    kind: Literal["height", "weight", "age", "custody", "finding"]
    fact: Text
    limit: Annotated[float, Meta(ge=0)] = 0
    says: str = ""


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


class Decision(Rule, frozen=True, kw_only=True):
    """A choice of the supervisor; ``needs_unanimity`` bars it while any examiner dissents."""

    title: Text
    needs_unanimity: bool


class LineUpRule(Rule, frozen=True, kw_only=True):
    """The line before a peer: how many foils, how few will do, how many photographs are drawn to choose them from.

    ``quick_at_most``: the highest level of a photograph that is excluded by one feature. ``min_reason``: characters of
    a reason to decline.
    """

    title: Text
    foils: Annotated[int, Meta(ge=1, le=9)]
    least: Count
    drawn: Count
    due_hours: Count
    min_reason: Count
    quick_at_most: Annotated[int, Meta(ge=-3, le=-1)]


class Favored(Rule, frozen=True, kw_only=True):
    """From which level on a peer favors a photograph that is not the nominated one."""

    title: Text
    min_level: Annotated[int, Meta(ge=1, le=3)]


class ProficiencyRule(Rule, frozen=True, kw_only=True):
    """How often a known-truth comparison is put before examiners, and how its results are told."""

    title: Text
    one_in: Count
    confidence: Annotated[int, Meta(ge=50, le=99)]
    few: Count


class EditParameter(Table, frozen=True, kw_only=True):
    """A number of an edit with its bounds, or a choice."""

    name: Text
    label: Text
    minimum: float = 0
    maximum: float = 0
    default: float = 0
    step: float = 1
    choices: tuple[Choice, ...] = ()


class Edit(Rule, frozen=True, kw_only=True):
    """An operation by which a probe may be prepared; ``op`` is the program's name for it.

    ``times`` is how often one recipe may hold it, so that bounds are not passed by repeating; ``max_pixels`` the
    largest picture it may be applied to (0: no limit of its own).
    """

    title: Text
    op: Text
    times: Count
    hint: str = ""
    max_pixels: int = 0
    parameters: tuple[EditParameter, ...] = field(name="parameter", default=())


class ForbiddenEdit(Rule, frozen=True, kw_only=True):
    """What is never done to a probe; ``ops`` are names under which it might be asked for."""

    title: Text
    ops: Annotated[tuple[Text, ...], Meta(min_length=1)]
    refusal: Text


class Preparation(Rule, frozen=True, kw_only=True):
    """What holds for every prepared image: how many steps, how large, how small, how much of a reason."""

    title: Text
    max_operations: Count
    max_pixels: Count
    min_side: Count
    min_reason: Count


@dataclass(frozen=True)
class ReviewRules:
    """review.toml: what examiners and supervisors record."""

    basis_refusals: Mapping[str, BasisRefusal]
    suitability: SuitabilityRule
    unsuitable: UnsuitableRule
    preparation: Preparation
    edits: Mapping[str, Edit]
    forbidden_edits: Mapping[str, ForbiddenEdit]
    quality: Mapping[str, QualityRule]
    quality_override: Number
    candidates: Number
    order: Statement
    marks: Marks
    worksheet: Worksheet
    unexplained: Number
    dispositions: Mapping[str, Disposition]
    taking_back: Number
    background: Questions
    inconsistency_answer: Number
    inconsistencies: Mapping[str, Inconsistency]
    scale: Scale
    nomination: Review
    peers: Review
    line_up: LineUpRule
    foil_favored: Favored
    proficiency: ProficiencyRule
    decisions: Mapping[str, Decision]
