"""Loads ``config/policy`` once into frozen types, or refuses with every fault it finds."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from app.policy import forms, review, types
from app.policy.disclosures import registers as disclosure_registers
from app.policy.disclosures import types as disclosure_types
from app.policy.gallery import types as gallery_types
from app.policy.reading import read_file
from app.policy.retention import types as retention_types
from app.policy.schema import OVERLAY_SCHEMA, SCHEMA
from app.policy.sealing import types as sealing_types
from app.policy.validation import Tables, faults_of, rules_in, workflow_tables

DEFAULT_DIRECTORY = Path(__file__).resolve().parents[2] / "config" / "policy"


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
    tables: Tables = {name: read_file(directory / name, name, schema, faults) for name, schema in SCHEMA.items()}
    overlays: Tables = {
        f"overlays/{path.name}": read_file(path, f"overlays/{path.name}", OVERLAY_SCHEMA, faults)
        for path in sorted((directory / "overlays").glob("*.toml"))
    }
    faults += [
        f"{name}: no such rule file is known"
        for name in (path.relative_to(directory).as_posix() for path in rule_files(directory))
        if name not in SCHEMA and name not in overlays
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
    files = {path.relative_to(directory).as_posix(): path for path in directory.rglob("*.toml")}
    return [files[name] for name in sorted(files) if not name.startswith("examples/")]


def _version(directory: Path) -> str:
    # Lengths keep names and contents apart; line ends are normalised since git may rewrite them on checkout.
    digest = hashlib.sha256()
    for path in rule_files(directory):
        name = path.relative_to(directory).as_posix().encode()
        content = path.read_bytes().replace(b"\r\n", b"\n")
        digest.update(b"%d:%s%d:%s" % (len(name), name, len(content), content))
    return digest.hexdigest()


def _build(tables: Tables, overlays: Tables, version: str) -> types.Policy:
    request, workload = tables["requests/rules.toml"], tables["workload/rules.toml"]
    gallery, retention = tables["gallery/rules.toml"], tables["retention/rules.toml"]
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
        uses=_by_id(tables["requests/uses.toml"]["use"]),
        request=forms.RequestRules(
            case_numbers=request["case_number"],
            priorities=_by_id(workload["priority"]),
            workload=workload["workload"],
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
        review=review.rules_of(tables),
        gallery=gallery_types.GalleryRules(
            eligibility=gallery["rule"], columns=gallery["column"], itl=gallery["itl"], exclusions=gallery["exclusion"]
        ),
        algorithm=gallery_types.AlgorithmRules(lapse_warning=tables["algorithms/rules.toml"]["lapse_warning"]),
        disclosure=disclosure_types.rules_of(tables["disclosures/rules.toml"]),
        registers=disclosure_registers.registers_of(tables["disclosures/registers.toml"]),
        sealing=sealing_types.rules_of(tables["sealing/rules.toml"]),
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
