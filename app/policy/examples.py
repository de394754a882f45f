"""Worked cases: what people state and what the rules answer, kept beside the rules and run as tests."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from app.policy.base import Table, Text
from app.policy.facts import (
    Fault,
    check_case_number,
    check_eligibility,
    check_lawful_basis,
    check_outcome,
    check_purpose,
    check_source,
    check_use_facts,
)
from app.policy.loader import PolicyError
from app.policy.quality import QualityFinding, assess
from app.policy.types import Policy


class Example(Table, frozen=True, kw_only=True):
    """One worked case. ``subject`` is the use, source, lawful basis, outcome or number the check is about.

    ``refused_by`` names every rule that refuses it, and is empty when it is accepted. ``warned_by`` does the same for
    rules that only warn; ``says`` is a sentence that people then read (both for the check "quality").
    """

    id: Text
    text: Text
    check: Literal["use", "purpose", "source", "lawful_basis", "outcome", "case_number", "eligibility", "quality"]
    subject: str = ""
    use: str | None = None
    facts: Mapping[str, Any] = {}
    intelligence_bureau: bool = False
    refused_by: tuple[str, ...] = ()
    warned_by: tuple[str, ...] = ()
    says: str = ""
    fields: tuple[str, ...] = ()


class _File(Table, frozen=True, kw_only=True):
    example: tuple[Example, ...]


def load_examples(directory: Path) -> tuple[Example, ...]:
    """Every worked case in ``directory``/examples. Raises PolicyError naming each malformed file."""
    examples: list[Example] = []
    faults = []
    for path in sorted((directory / "examples").glob("*.toml")):
        try:
            examples += msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _File).example
        except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
            faults.append(f"examples/{path.name}: {error}")
    seen: set[str] = set()
    for example in examples:
        if example.id in seen:
            faults.append(f"examples: {example.id}: duplicate id")
        seen.add(example.id)
    if faults:
        raise PolicyError(faults)
    return tuple(examples)


def decide(policy: Policy, example: Example) -> list[Fault]:
    """What the rules answer to a worked case: its faults, none when accepted."""
    facts, subject = example.facts, example.subject
    match example.check:
        case "use":
            return check_use_facts(policy, subject, facts)
        case "purpose":
            return check_purpose(policy, facts, example.intelligence_bureau)
        case "source":
            return check_source(policy, subject, facts, example.use)
        case "lawful_basis":
            return check_lawful_basis(policy, subject, facts)
        case "outcome":
            return check_outcome(policy, subject, facts)
        case "case_number":
            return check_case_number(policy, subject)
        case "eligibility":
            return check_eligibility(policy, facts)
        case "quality":
            return [Fault(f.measure, f.text, f.rule) for f in _findings(policy, example) if f.band == "fail"]


def _findings(policy: Policy, example: Example) -> list[QualityFinding]:
    return assess(policy.review.quality.values(), example.facts) if example.check == "quality" else []


def disagreement(policy: Policy, example: Example) -> str:
    """What differs between the worked case and the rules' answer, in a sentence; empty when they agree."""
    faults = decide(policy, example)
    rules = {fault.rule_id for fault in faults}
    fields = {fault.field for fault in faults}
    if rules != set(example.refused_by):
        return f"{example.id}: expected refusal by {sorted(example.refused_by)}, the rules say {faults}"
    if example.fields and fields != set(example.fields):
        return f"{example.id}: expected faults in {sorted(example.fields)}, the rules say {sorted(fields)}"
    findings = _findings(policy, example)
    warned = {finding.rule for finding in findings if finding.band == "warn"}
    if warned != set(example.warned_by):
        return f"{example.id}: expected a warning by {sorted(example.warned_by)}, the rules warn by {sorted(warned)}"
    if example.says and example.says not in {finding.text for finding in findings}:
        return f"{example.id}: nobody reads “{example.says}”, but {[finding.text for finding in findings]}"
    return ""
