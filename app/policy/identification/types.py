"""Frozen types of identification: suitability and quality of a probe, and how it may be prepared."""

from typing import Annotated, Literal

from msgspec import Meta, field

from app.policy.base import Choice, Count, Rule, Table, Text


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
    warn: float | None = None
    fail: float | None = None
    pass_text: Text
    warn_text: str = ""
    fail_text: str = ""
    reason: str = ""


class EditParameter(Table, frozen=True, kw_only=True):
    """A number of an edit with its bounds, or a choice."""

    name: Text
    label: Text
    minimum: float = 0
    maximum: float = 0
    choices: tuple[Choice, ...] = ()


class Edit(Rule, frozen=True, kw_only=True):
    """An operation by which a probe may be prepared; what a recipe calls it is the program's affair.

    ``times`` is how often one recipe may hold it, so that bounds are not passed by repeating; ``max_pixels`` the
    largest picture it may be applied to (0: no limit of its own).
    """

    title: Text
    times: Count
    hint: str = ""
    max_pixels: int = 0
    parameters: tuple[EditParameter, ...] = field(name="parameter", default=())


class ForbiddenEdit(Rule, frozen=True, kw_only=True):
    """What is never done to a probe."""

    title: Text
    refusal: Text


class Preparation(Rule, frozen=True, kw_only=True):
    """What holds for every prepared image: how many steps, how large, how small, how much of a reason."""

    title: Text
    max_operations: Count
    max_pixels: Count
    min_side: Count
    min_reason: Count
