"""Loads ``config/policy`` once into frozen types, or refuses with every fault it finds."""

import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

from app.policy import base, disclosure_types, forms, gallery_types, retention_types, review_types, types
from app.policy.validation import Tables, faults_of, rules_in, workflow_tables

DEFAULT_DIRECTORY = Path(__file__).resolve().parents[2] / "config" / "policy"

_WORKFLOW: Mapping[str, tuple[type[base.Table], str]] = {
    "workflow": (types.Workflow, "many"),
    "condition": (types.Condition, "many"),
    "separation": (types.Separation, "many"),
}
# file -> table -> (type, how many): "many" is an array of tables, "one" a single table that must be there
SCHEMA: Mapping[str, Mapping[str, tuple[type[base.Table], str]]] = {
    "clauses.toml": {"clause": (types.Clause, "many")},
    "interpretations.toml": {"interpretation": (types.Interpretation, "many")},
    "roles.toml": {"role": (types.Role, "many"), "capability": (types.Capability, "many")},
    "workflow.toml": _WORKFLOW,
    "workflow-algorithm.toml": _WORKFLOW,
    "workflow-disclosure.toml": _WORKFLOW,
    "workflow-retention.toml": _WORKFLOW,
    "workflow-sealing.toml": _WORKFLOW,
    "events.toml": {"event": (types.Event, "many"), "exempt": (types.Exempt, "many")},
    "uses.toml": {"use": (forms.Use, "many")},
    "request.toml": {
        "case_number": (forms.CaseNumber, "many"),
        "priority": (forms.Priority, "many"),
        "workload": (forms.WorkloadRule, "one"),
        "source": (forms.Source, "many"),
        "lawful_basis": (forms.LawfulBasis, "many"),
        "prohibition": (forms.Prohibition, "many"),
        "attestation": (base.Statement, "one"),
        "images": (forms.ImageLimits, "one"),
        "basis": (base.Questions, "one"),
        "description": (base.Questions, "one"),
        "circumstances": (base.Questions, "one"),
        "result": (forms.Result, "many"),
        "outcome": (forms.Outcome, "many"),
        "withdrawal": (base.Statement, "one"),
    },
    "review.toml": {
        "basis_refusal": (review_types.BasisRefusal, "many"),
        "suitability": (review_types.SuitabilityRule, "one"),
        "unsuitable": (review_types.UnsuitableRule, "one"),
        "preparation": (review_types.Preparation, "one"),
        "edit": (review_types.Edit, "many"),
        "forbidden_edit": (review_types.ForbiddenEdit, "many"),
        "quality": (review_types.QualityRule, "many"),
        "quality_override": (base.Number, "one"),
        "candidates": (base.Number, "one"),
        "order": (base.Statement, "one"),
        "marks": (review_types.Marks, "one"),
        "worksheet": (review_types.Worksheet, "one"),
        "unexplained": (base.Number, "one"),
        "disposition": (review_types.Disposition, "many"),
        "background": (base.Questions, "one"),
        "inconsistency_answer": (base.Number, "one"),
        "inconsistency": (review_types.Inconsistency, "many"),
        "scale": (review_types.Scale, "one"),
        "nomination": (review_types.Review, "one"),
        "peers": (review_types.Review, "one"),
        "line_up": (review_types.LineUpRule, "one"),
        "foil_favored": (review_types.Favored, "one"),
        "proficiency": (review_types.ProficiencyRule, "one"),
        "decision": (review_types.Decision, "many"),
    },
    "gallery.toml": {
        "rule": (gallery_types.Eligibility, "many"),
        "column": (gallery_types.Column, "many"),
        "itl": (gallery_types.ItlField, "many"),
        "exclusion": (gallery_types.ImageExclusion, "many"),
    },
    "algorithm.toml": {"lapse_warning": (base.Number, "one")},
    "disclosure.toml": disclosure_types.SCHEMA,
    "retention.toml": {
        "class": (retention_types.RetentionClass, "many"),
        "closure": (retention_types.Closure, "many"),
        "event": (retention_types.EndingEvent, "many"),
        "file": (retention_types.FileRule, "many"),
        "hold": (retention_types.HoldKind, "many"),
        "principle": (base.Statement, "many"),
    },
    "notices.toml": {
        "notice": (forms.Notice, "many"),
        "mail": (forms.MailKind, "many"),
        "terms": (forms.Terms, "one"),
    },
    "training.toml": {"requirement": (forms.Requirement, "many")},
    "safeguards.toml": {"safeguard": (base.Statement, "many")},
    "absences.toml": {"absence": (forms.Absence, "many")},
}
OVERLAY_SCHEMA: Mapping[str, tuple[type[base.Table], str]] = {
    "law": (types.Law, "one"),
    "clause": (types.Clause, "many"),
    "rule": (base.Statement, "many"),
}


class PolicyError(Exception):
    """The policy cannot be used. ``faults`` has one line each: file, rule id, what is wrong."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("The policy cannot be used:\n" + "\n".join(f"  {fault}" for fault in self.faults))


@cache
def policy() -> types.Policy:
    """The policy of this installation, loaded once. Raises PolicyError."""
    return load(DEFAULT_DIRECTORY)


def load(directory: Path, today: date | None = None) -> types.Policy:
    """Load the policy in ``directory``, whose rules are all in force ``today``. Raises PolicyError."""
    faults: list[str] = []
    tables: Tables = {name: _read(directory / name, name, schema, faults) for name, schema in SCHEMA.items()}
    overlays: Tables = {
        f"overlays/{path.name}": _read(path, f"overlays/{path.name}", OVERLAY_SCHEMA, faults)
        for path in sorted((directory / "overlays").glob("*.toml"))
    }
    faults += [
        f"{path.name}: no such rule file is known"
        for path in sorted(directory.glob("*.toml"))
        if path.name not in SCHEMA
    ]
    if faults:
        raise PolicyError(faults)
    faults = faults_of(tables, overlays, today or date.today())
    if faults:
        raise PolicyError(faults)
    return _build(tables, overlays, _version(directory))


def check_registered(rules: types.Policy, conditions: Iterable[str], separations: Iterable[str]) -> None:
    """Check that each condition and separation has its Python function, and each function its rule.

    ``conditions`` and ``separations`` are the names the workflow engine knows. Raises PolicyError.
    """
    faults = []
    kinds = (("condition", rules.conditions, conditions), ("separation", rules.separations, separations))
    for kind, declared, known in kinds:
        names = set(known)
        faults += [f"{kind} {name}: no function decides it" for name in declared if name not in names]
        faults += [
            f"{kind} {name}: a function decides it but no rule declares it" for name in sorted(names - set(declared))
        ]
    if faults:
        raise PolicyError(faults)


def rule_files(directory: Path) -> list[Path]:
    """The files that make up the policy and its version, in a fixed order; examples are not among them."""
    return sorted(directory.glob("*.toml")) + sorted((directory / "overlays").glob("*.toml"))


def _version(directory: Path) -> str:
    # Lengths keep names and contents apart; line ends are normalised since git may rewrite them on checkout.
    digest = hashlib.sha256()
    for path in rule_files(directory):
        name = path.relative_to(directory).as_posix().encode()
        content = path.read_bytes().replace(b"\r\n", b"\n")
        digest.update(b"%d:%s%d:%s" % (len(name), name, len(content), content))
    return digest.hexdigest()


def _read(
    path: Path, name: str, schema: Mapping[str, tuple[type[base.Table], str]], faults: list[str]
) -> dict[str, Any]:
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        faults.append(f"{name}: the file is missing")
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        faults.append(f"{name}: not readable as TOML: {error}")
        return {}
    faults += [f"{name}: unknown table '{table}'" for table in raw if table not in schema]
    return {
        table: _table(raw.get(table), name, table, kind, many == "many", faults)
        for table, (kind, many) in schema.items()
    }


def _table(
    raw: object, name: str, table: str, kind: type[base.Table], many: bool, faults: list[str]
) -> base.Table | tuple[base.Table | None, ...] | None:
    if not many:
        if raw is None:
            faults.append(f"{name}: table [{table}] is missing")
            return None
        return _convert(raw, name, table, kind, faults)
    if raw is None:
        return ()
    if not isinstance(raw, list):
        faults.append(f"{name}: {table} must be an array of tables: [[{table}]]")
        return ()
    return tuple(_convert(item, name, f"{table} {n}", kind, faults) for n, item in enumerate(raw, 1))


def _convert(raw: object, name: str, where: str, kind: type[base.Table], faults: list[str]) -> base.Table | None:
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `")
        label = where
        if isinstance(raw, dict):
            label = str(raw.get("id") or raw.get("subject") or raw.get("name") or where)
            label = _inner(raw, path, label)
        faults.append(f"{name}: {label}: {message}" + (f" (at {path.rstrip('`')})" if path else ""))
        return None


def _inner(raw: dict[str, Any], path: str, label: str) -> str:
    # A workflow holds many rules: name the one the fault is in, not only the workflow.
    inside = re.match(r"\$\.(\w+)\[(\d+)\]", path)
    if inside:
        item = raw[inside[1]][int(inside[2])]
        if isinstance(item, dict) and (item.get("id") or item.get("name")):
            return f"{label}: {item.get('id') or item.get('name')}"
    return label


def _build(tables: Tables, overlays: Tables, version: str) -> types.Policy:
    request, review, gallery = tables["request.toml"], tables["review.toml"], tables["gallery.toml"]
    retention = tables["retention.toml"]
    roles, workflow, events = tables["roles.toml"], workflow_tables(tables), tables["events.toml"]
    laws = tuple(
        types.Overlay(file=name, law=read["law"], clauses=read["clause"], rules=read["rule"])
        for name, read in overlays.items()
    )
    return types.Policy(
        version=version,
        clauses=_by_id((*tables["clauses.toml"]["clause"], *(clause for law in laws for clause in law.clauses))),
        interpretations=_by_id(tables["interpretations.toml"]["interpretation"]),
        roles=_by_id(roles["role"]),
        capabilities=_by_id(roles["capability"]),
        workflows=MappingProxyType({flow.subject: flow for flow in workflow["workflow"]}),
        conditions=_by_id(workflow["condition"]),
        separations=_by_id(workflow["separation"]),
        events=_by_id(events["event"]),
        exempt_tables=MappingProxyType({exempt.table: exempt.why for exempt in events["exempt"]}),
        uses=_by_id(tables["uses.toml"]["use"]),
        request=forms.RequestRules(
            case_numbers=request["case_number"],
            priorities=_by_id(request["priority"]),
            workload=request["workload"],
            sources=_by_id(request["source"]),
            lawful_bases=_by_id(request["lawful_basis"]),
            prohibitions=_by_id(request["prohibition"]),
            attestation=request["attestation"],
            images=request["images"],
            basis=request["basis"],
            description=request["description"],
            circumstances=request["circumstances"],
            results=_by_id(request["result"]),
            outcomes=_by_id(request["outcome"]),
            withdrawal=request["withdrawal"],
        ),
        review=review_types.ReviewRules(
            basis_refusals=_by_id(review["basis_refusal"]),
            suitability=review["suitability"],
            unsuitable=review["unsuitable"],
            preparation=review["preparation"],
            edits=_by_id(review["edit"]),
            forbidden_edits=_by_id(review["forbidden_edit"]),
            quality=_by_id(review["quality"]),
            quality_override=review["quality_override"],
            candidates=review["candidates"],
            order=review["order"],
            marks=review["marks"],
            worksheet=review["worksheet"],
            unexplained=review["unexplained"],
            dispositions=_by_id(review["disposition"]),
            background=review["background"],
            inconsistency_answer=review["inconsistency_answer"],
            inconsistencies=_by_id(review["inconsistency"]),
            scale=review["scale"],
            nomination=review["nomination"],
            peers=review["peers"],
            line_up=review["line_up"],
            foil_favored=review["foil_favored"],
            proficiency=review["proficiency"],
            decisions=_by_id(review["decision"]),
        ),
        gallery=gallery_types.GalleryRules(
            eligibility=gallery["rule"], columns=gallery["column"], itl=gallery["itl"], exclusions=gallery["exclusion"]
        ),
        algorithm=gallery_types.AlgorithmRules(lapse_warning=tables["algorithm.toml"]["lapse_warning"]),
        disclosure=disclosure_types.rules_of(tables["disclosure.toml"]),
        retention=retention_types.RetentionRules(
            classes=_by_id(retention["class"]),
            closures=_by_id(retention["closure"]),
            events=_by_id(retention["event"]),
            files=_by_id(retention["file"]),
            holds=_by_id(retention["hold"]),
            principles=_by_id(retention["principle"]),
        ),
        notices=_by_id(tables["notices.toml"]["notice"]),
        mail=_by_id(tables["notices.toml"]["mail"]),
        terms=tables["notices.toml"]["terms"],
        training=_by_id(tables["training.toml"]["requirement"]),
        safeguards=_by_id(tables["safeguards.toml"]["safeguard"]),
        absences=_by_id(tables["absences.toml"]["absence"]),
        overlays=laws,
        rules=_by_id(rule for _, rule in rules_in({**tables, **overlays}) if not isinstance(rule, types.Role)),
    )


def _by_id(items: Iterable[Any]) -> Mapping[str, Any]:
    return MappingProxyType({item.id: item for item in items})
