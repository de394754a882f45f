"""Frozen types of the repository and its algorithm: what may enter the repository, and by what it is searched."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from msgspec import Meta

from app.policy.base import Count, Number, Rule, Table, Text


class Eligibility(Rule, frozen=True, kw_only=True):
    """A repository rule on one manifest column: in ``allowed`` (when given), not in ``forbidden``, and of the form of
    ``pattern`` (when given; small letters stand for both)."""

    field: Text
    allowed: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    pattern: str = ""
    refusal: Text


class RepositorySource(Rule, frozen=True, kw_only=True):
    """A source of the repository and how many of its photographs may stand there at most (CAP-9)."""

    title: Text
    source: Text
    most: Annotated[int, Meta(ge=1)]
    refusal: Text


def source_faults(read: dict[str, Any]) -> Iterator[str]:
    """Every fault of the bounds by source: no other source than one that may enter has one.

    A source without one is refused with every photograph.
    """
    allowed = {value for rule in read["rule"] if rule.field == "source" for value in rule.allowed}
    bounded = [one.source for one in read["source"]]
    yield from (f"source '{one}' may not enter" for one in sorted(set(bounded) - allowed))
    yield from (f"source '{one}' is bounded twice" for one in sorted({o for o in bounded if bounded.count(o) > 1}))


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
    """Which images stay out of the repository, or wait for a person's decision (CAP-4, CAP-3).

    ``only_as``: the sources of images as which the file was submitted, and as nothing else; none says nothing of them.
    """

    test: Literal["same_digest", "looks_like_probe", "same_picture"]
    only_as: tuple[str, ...] = ()
    action: Literal["refuse", "hold"]


#: the tests that import makes: (rule, its test, whether it is one of files submitted as nothing but …)
INTAKE_TESTS = frozenset(
    {
        ("probe-same-file", "same_digest", False),
        ("probe-booking-photograph", "same_digest", True),
        ("probe-look-alike", "looks_like_probe", False),
        ("gallery-same-picture", "same_picture", False),
    }
)


class SampleRule(Rule, frozen=True, kw_only=True):
    """How much of an import is compared with its source records, by when, in which ``columns``, and by whom.

    ``min_reason``: characters that say why an answer is another than at a look before the signature. After
    ``remind_days`` those who may sign are reminded; after ``escalate_days`` holders of ``escalated_to`` are told.

    ``share``: percent of the photographs that entered, at least ``least`` of them and at most ``most``. ``signer``: the
    capability of whoever signs; ``apart_from``: one that they must not hold besides.
    """

    share: Annotated[int, Meta(ge=1, le=100)]
    least: Annotated[int, Meta(ge=1)]
    most: Annotated[int, Meta(ge=1)]
    days: Annotated[int, Meta(ge=1)]
    remind_days: Annotated[int, Meta(ge=1)]
    escalate_days: Annotated[int, Meta(ge=1)]
    min_reason: Count
    columns: tuple[str, ...]
    signer: Text
    apart_from: Text
    escalated_to: Annotated[tuple[Text, ...], Meta(min_length=1)]


@dataclass(frozen=True)
class GalleryRules:
    """gallery/rules.toml: what may enter the repository."""

    eligibility: tuple[Eligibility, ...]
    columns: tuple[Column, ...]
    itl: tuple[ItlField, ...]
    exclusions: tuple[ImageExclusion, ...]
    sample: SampleRule
    sources: Mapping[str, RepositorySource]


@dataclass(frozen=True)
class AlgorithmRules:
    """algorithms/rules.toml: when the algorithm's evaluation record lapses at the latest; when the unit is warned."""

    lapse_warning: Number
    longest_review: Number
