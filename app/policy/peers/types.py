"""Frozen types of peer review: the line-up before a peer, and the tests of proficiency."""

from typing import Annotated

from msgspec import Meta

from app.policy.base import Count, Rule, Text


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
