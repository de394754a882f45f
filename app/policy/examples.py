"""Worked cases: given facts and the rules' answer, kept beside the rules and run as tests."""

import tomllib
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal

import msgspec

from app.policy.base import Table, Text
from app.policy.case_numbers import check_case_number
from app.policy.disclosures.examples import (
    DISCLOSURE_CHECKS,
    PurposeTable,
    ReleaseTable,
    decide_stated,
    purpose_disagreements,
    release_disagreements,
)
from app.policy.evidence import check_corroboration
from app.policy.examination.against import Against, silence_faults
from app.policy.examination.background import Comparison, compare, record_fault
from app.policy.examination.opinions import check_opinions
from app.policy.examination.worksheet import check_justified
from app.policy.facts import (
    Fault,
    check_eligibility,
    check_lawful_basis,
    check_outcome,
    check_purpose,
    check_source,
    check_use_facts,
)
from app.policy.gallery.itl import columns_of
from app.policy.identification.quality import QualityFinding, assess
from app.policy.loader import PolicyError
from app.policy.retention.examples import RetentionExample, refusals, standing_of_example
from app.policy.types import Policy

#: a check that lives above the rules: what it finds wrong with the facts of a worked case
Check = Callable[[Policy, Mapping[str, Any]], list[Fault]]


class Example(Table, frozen=True, kw_only=True):
    """One worked case. ``subject`` is the use, source, basis, purpose, outcome or number the check is about.

    ``recipient``, ``basis`` and ``person`` say what a disclosure is about, ``result`` what an outcome follows.
    ``refused_by`` names every rule that refuses it, and is empty when it is accepted. ``warned_by`` does the same for
    rules that only warn; ``says`` is a sentence that people then read (both for the check "quality"). ``unknown`` names
    the rules that cannot judge for want of data (for the check "background").
    """

    id: Text
    text: Text
    check: (
        Literal[
            "use",
            "purpose",
            "source",
            "lawful_basis",
            "outcome",
            "corroboration",
            "case_number",
            "eligibility",
            "itl",
            "retention",
            "edit",
            "quality",
            "opinions",
            "background",
            "worksheet",
        ]
        | DISCLOSURE_CHECKS
    )
    subject: str = ""
    use: str | None = None
    recipient: str = ""
    basis: str = ""
    person: str = ""
    result: str = "possible_match"
    facts: Mapping[str, Any] = {}
    intelligence_bureau: bool = False
    refused_by: tuple[str, ...] = ()
    warned_by: tuple[str, ...] = ()
    says: str = ""
    unknown: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    retention: RetentionExample | None = None


class Worked(Table, frozen=True, kw_only=True):
    """A file of worked cases: single cases, and tables of whole combinations."""

    example: tuple[Example, ...] = ()
    release: tuple[ReleaseTable, ...] = ()
    purposes: tuple[PurposeTable, ...] = ()


def load_worked(directory: Path) -> Worked:
    """Everything in ``directory``/examples together. Raises PolicyError naming each malformed file."""
    files: list[Worked] = []
    faults = []
    for path in sorted((directory / "examples").rglob("*.toml")):
        try:
            files.append(msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Worked))
        except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
            faults.append(f"{path.relative_to(directory).as_posix()}: {error}")
    seen: set[str] = set()
    for example in (example for file in files for example in file.example):
        if example.id in seen:
            faults.append(f"examples: {example.id}: duplicate id")
        seen.add(example.id)
        faults += _retention_faults(example)
    for table in (table for file in files for table in file.release):
        uneven = [name for name, row in table.recipients.items() if len(row) != len(table.states)]
        faults += [f"examples: {table.basis}: {name}: the row is not as long as its heading" for name in uneven]
    if faults:
        raise PolicyError(faults)
    return Worked(
        example=tuple(example for file in files for example in file.example),
        release=tuple(table for file in files for table in file.release),
        purposes=tuple(table for file in files for table in file.purposes),
    )


def disagreements(policy: Policy, worked: Worked, today: date, above: Mapping[str, Check]) -> list[str]:
    """Yield a sentence for each worked case and table cell on which the rules differ."""
    found = [said for said in (disagreement(policy, example, above) for example in worked.example) if said]
    found += [said for table in worked.release for said in release_disagreements(policy, table, today)]
    return found + [said for table in worked.purposes for said in purpose_disagreements(policy, table)]


def _retention_faults(example: Example) -> list[str]:
    wanted = example.retention
    if (example.check == "retention") != (wanted is not None):
        return [f"examples: {example.id}: check 'retention' and the table 'retention' go together"]
    if wanted is not None and (wanted.case is None) == (wanted.person is None):
        return [f"examples: {example.id}: a worked case of retention holds either a case or a person"]
    return []


def decide(policy: Policy, example: Example, above: Mapping[str, Check]) -> list[Fault]:
    """Return the rules' answer to a worked case: its faults, none when accepted.

    ``above`` holds what the rules cannot ask themselves, since they know nothing of pictures: the check "edit".
    """
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
            return check_outcome(policy, subject, facts, example.result)
        case "corroboration":
            return check_corroboration(policy, subject, facts)
        case "case_number":
            return check_case_number(policy, subject)
        case "eligibility":
            return check_eligibility(policy, facts)
        case "itl":
            stated = {field: str(value) for field, value in facts.items()}
            return check_eligibility(policy, {"file": "file.an2", **columns_of(policy.gallery.itl, stated)})
        case "edit":
            return above["edit"](policy, facts)
        case "retention":
            assert example.retention is not None  # load_worked refuses it otherwise
            return refusals(standing_of_example(policy.retention, example.retention))
        case "worksheet":
            return check_justified(policy, facts.get("features", {}), str(facts.get("justification", "")))
        case "background":
            found = [Fault(c.rule.fact, c.text, c.rule.id) for c in _compared(policy, example, "inconsistent")]
            ineligible = record_fault(facts.get("items", {}))
            return [*found, *silence_faults(policy, _against(example)), *([ineligible] if ineligible else [])]
        case "opinions":
            return check_opinions(policy, str(facts.get("examiner", "")), facts.get("peers", ()))
        case "quality":
            return [Fault(f.measure, f.text, f.rule) for f in _findings(policy, example) if f.band == "fail"]
    about = {"recipient": example.recipient, "basis": example.basis, "person": example.person}
    return decide_stated(policy, example.check, subject, facts, **about)


def _findings(policy: Policy, example: Example) -> list[QualityFinding]:
    return assess(policy.review.quality.values(), example.facts) if example.check == "quality" else []


def _compared(policy: Policy, example: Example, status: str) -> list[Comparison]:
    if example.check != "background":
        return []
    return [one for one in compare(policy, _against(example)) if one.status == status]


def _against(example: Example) -> Against:
    parts = ("recorded", "description", "circumstances", "items")
    return Against(**{part: example.facts.get(part, {}) for part in parts})


def disagreement(policy: Policy, example: Example, above: Mapping[str, Check]) -> str:
    """What differs between the worked case and the rules' answer, in a sentence; empty when they agree."""
    faults = decide(policy, example, above)
    rules = {fault.rule_id for fault in faults}
    fields = {fault.field for fault in faults}
    if rules != set(example.refused_by):
        return f"{example.id}: expected refusal by {sorted(example.refused_by)}, the rules say {faults}"
    if example.fields and fields != set(example.fields):
        return f"{example.id}: expected faults in {sorted(example.fields)}, the rules say {sorted(fields)}"
    not_known = {one.rule.id for one in _compared(policy, example, "not_known")}
    if example.check == "background" and not_known != set(example.unknown):
        return f"{example.id}: expected not known {sorted(example.unknown)}, the rules say {sorted(not_known)}"
    return _other_findings(policy, example) or _other_standing(policy, example)


def _other_findings(policy: Policy, example: Example) -> str:
    findings = _findings(policy, example)
    warned = {finding.rule for finding in findings if finding.band == "warn"}
    if warned != set(example.warned_by):
        return f"{example.id}: expected a warning by {sorted(example.warned_by)}, the rules warn by {sorted(warned)}"
    if example.says and example.says not in {finding.text for finding in findings}:
        return f"{example.id}: nobody reads “{example.says}”, but {[finding.text for finding in findings]}"
    return ""


def _other_standing(policy: Policy, example: Example) -> str:
    wanted = example.retention
    if wanted is None:
        return ""
    standing = standing_of_example(policy.retention, wanted)
    if (standing.status, standing.earliest) == (wanted.status, wanted.earliest):
        return ""
    return (
        f"{example.id}: expected {wanted.status} {wanted.earliest or ''}, the rules say "
        f"{standing.status} {standing.earliest or ''}: {standing.why.sentence}"
    )
