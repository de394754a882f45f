"""Frozen types of the repository and its algorithm: what may enter the repository, and by what it is searched."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta

from app.policy.base import Number, Rule, Table, Text


class Eligibility(Rule, frozen=True, kw_only=True):
    """A repository rule on one manifest column: in ``allowed`` (when given) and not in ``forbidden``."""

    field: Text
    allowed: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    refusal: Text


class Column(Table, frozen=True, kw_only=True):
    """A column of the gallery manifest."""

    name: Text
    label: Text
    hint: Text
    required: bool


class ItlField(Table, frozen=True, kw_only=True):
    """Where an ANSI/NIST-ITL file states a column of the manifest: ``field`` is “type.number”.

    ``reads`` is how the field is written; ``codes`` puts the manifest's word for the field's code.
    """

    column: Text
    field: Annotated[str, Meta(pattern=r"^(1|2|10)\.\d{3,4}$")]
    reads: Literal["text", "date", "height", "weight"] = "text"
    codes: Mapping[str, str] = {}


class ImageExclusion(Rule, frozen=True, kw_only=True):
    """Which images stay out of the repository, or wait for a person's decision (CAP-4, CAP-3)."""

    test: Literal["same_digest", "looks_like_probe", "same_picture"]
    action: Literal["refuse", "hold"]


@dataclass(frozen=True)
class GalleryRules:
    """gallery/rules.toml: what may enter the repository."""

    eligibility: tuple[Eligibility, ...]
    columns: tuple[Column, ...]
    itl: tuple[ItlField, ...]
    exclusions: tuple[ImageExclusion, ...]


@dataclass(frozen=True)
class AlgorithmRules:
    """algorithms/rules.toml: when the unit is warned that the algorithm's evaluation record lapses."""

    lapse_warning: Number
