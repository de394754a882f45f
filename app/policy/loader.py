"""Loads ``config/policy`` once into frozen types, or refuses with every fault it finds.

A process keeps to the files as they stood when it began; on a day from which other rules of them apply it turns to
those.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

from app.policy import forms, offenses, review, types
from app.policy.days import present_day
from app.policy.disclosures import registers as disclosure_registers
from app.policy.disclosures import types as disclosure_types
from app.policy.gallery import types as gallery_types
from app.policy.reading import read_file
from app.policy.retention import types as retention_types
from app.policy.schema import OVERLAY_SCHEMA, SCHEMA
from app.policy.sealing import types as sealing_types
from app.policy.texts import RuleText, digest_of, read_texts, rule_files
from app.policy.validation import Tables, faults_of, rules_in, workflow_tables
from app.policy.validity import applying, changes, validity_faults

DEFAULT_DIRECTORY = Path(__file__).resolve().parents[2] / "config" / "policy"


class PolicyError(Exception):
    """The policy cannot be used. ``faults`` has one line each: file, rule id, what is wrong."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("The policy cannot be used:\n" + "\n".join(f"  {fault}" for fault in self.faults))


class RuleFiles:
    """The rule files of a folder, sound on the day given and on each later one from which other rules apply.

    Raises PolicyError.
    """

    def __init__(self, directory: Path, today: date) -> None:
        faults: list[str] = []
        self._tables: Tables = {
            name: read_file(directory / name, name, schema, faults) for name, schema in SCHEMA.items()
        }
        self._overlays: Tables = {
            f"overlays/{path.name}": read_file(path, f"overlays/{path.name}", OVERLAY_SCHEMA, faults)
            for path in sorted((directory / "overlays").glob("*.toml"))
        }
        faults += [
            f"{name}: no such rule file is known"
            for name in (path.relative_to(directory).as_posix() for path in rule_files(directory))
            if name not in self._tables and name not in self._overlays
        ]
        if faults:
            raise PolicyError(faults)
        self._texts = read_texts(directory)
        everything = {**self._tables, **self._overlays}
        self._changes = changes(everything)
        if faults := [*validity_faults(everything), *self._faults_on(today)]:
            raise PolicyError(faults)
        for day in (day for day in self._changes if day > today):
            if faults := self._faults_on(day):
                raise PolicyError(f"from {day}: {fault}" for fault in faults)

    def on(self, day: date) -> types.Policy:
        """The policy as it applies on the day."""
        since = max((change for change in self._changes if change <= day), default=None)
        ends = min((change for change in self._changes if change > day), default=None)
        return _build(*self._applying(day), self._texts, since, ends)

    def _applying(self, day: date) -> tuple[Tables, Tables]:
        everything = offenses.filled(applying({**self._tables, **self._overlays}, day))
        return {name: everything[name] for name in self._tables}, {name: everything[name] for name in self._overlays}

    def _faults_on(self, day: date) -> list[str]:
        return faults_of(*self._applying(day), day)


class Held:
    """The policy that this process holds, in the form that applies on the day, in the department's time zone."""

    files: RuleFiles | None = None
    applied: types.Policy | None = None

    def policy(self) -> types.Policy:
        if self.applied is None or (self.applied.ends is not None and present_day() >= self.applied.ends):
            # the files as they were read when the process began: the program fits those, not what was put there since
            self.files = self.files or RuleFiles(DEFAULT_DIRECTORY, present_day())
            self.applied = self.files.on(present_day())
        return self.applied


_held = Held()


def policy() -> types.Policy:
    """The policy of this installation, read once, in the form that applies today. Raises PolicyError."""
    return _held.policy()


def load(directory: Path, today: date | None = None) -> types.Policy:
    """Load the policy in ``directory`` as it applies ``today``. Raises PolicyError."""
    day = today or present_day()
    return RuleFiles(directory, day).on(day)


@contextmanager
def tried(rules: types.Policy) -> Iterator[None]:
    """Let this process go by other rules for a while, to see what they would say; for a command, never for a server."""
    before, _held.applied = _held.applied, rules
    try:
        yield
    finally:
        _held.applied = before


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


def _build(
    tables: Tables, overlays: Tables, texts: tuple[RuleText, ...], since: date | None, ends: date | None
) -> types.Policy:
    request, workload = tables["requests/rules.toml"], tables["workload/rules.toml"]
    gallery, retention = tables["gallery/rules.toml"], tables["retention/rules.toml"]
    roles, workflow, events = tables["roles.toml"], workflow_tables(tables), tables["events.toml"]
    laws = tuple(
        types.Overlay(file=name, law=read["law"], clauses=read["clause"], rules=read["rule"])
        for name, read in overlays.items()
    )
    return types.Policy(
        version=digest_of(texts, since),
        texts=texts,
        since=since,
        ends=ends,
        clauses=_by_id((*tables["clauses.toml"]["clause"], *(clause for law in laws for clause in law.clauses))),
        sentences=tables["sentences.toml"]["sentence"],
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
            matter=request["matter"],
            proposal=tables["matters/rules.toml"]["proposal"],
            look_up=request["look_up"],
            seriousness=tables["requests/offenses.toml"]["seriousness"],
            priorities=_by_id(workload["priority"]),
            workload=workload["workload"],
            conclusion=workload["conclusion"],
            sources=_by_id(request["source"]),
            source_signs=request["source_sign"],
            capture=request["capture"],
            lawful_bases=_by_id(request["lawful_basis"]),
            prohibitions=_by_id(request["prohibition"]),
            political=request["political"],
            changed_answers=request["changed_answers"],
            attestation=request["attestation"],
            entry_reference=request["entry_reference"],
            images=request["images"],
            basis=request["basis"],
            description=request["description"],
            circumstances=request["circumstances"],
            results=_by_id(request["result"]),
            outcomes=_by_id(request["outcome"]),
            evidence=tables["requests/evidence.toml"]["evidence"],
            evidence_kinds=_by_id(tables["requests/evidence.toml"]["evidence_kind"]),
            withdrawal=request["withdrawal"],
        ),
        review=review.rules_of(tables),
        gallery=gallery_types.GalleryRules(
            eligibility=gallery["rule"],
            columns=gallery["column"],
            itl=gallery["itl"],
            exclusions=gallery["exclusion"],
            sample=gallery["sample"],
            sources=MappingProxyType({one.source: one for one in gallery["source"]}),
        ),
        algorithm=gallery_types.AlgorithmRules(**tables["algorithms/rules.toml"]),
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
            suspicion=retention["suspicion"],
            schedule=retention["schedule"],
        ),
        notices=_by_id(tables["notices.toml"]["notice"]),
        mail=_by_id(tables["notices.toml"]["mail"]),
        terms=tables["notices.toml"]["terms"],
        training=_by_id(tables["training.toml"]["requirement"]),
        reason=tables["reasons.toml"]["reason"],
        acknowledgement=tables["training.toml"]["acknowledgement"],
        safeguards=_by_id(tables["safeguards.toml"]["safeguard"]),
        absences=_by_id(tables["absences.toml"]["absence"]),
        overlays=laws,
        rules=_by_id(rule for _, rule in rules_in({**tables, **overlays}) if not isinstance(rule, types.Role)),
    )


def _by_id(items: Iterable[Any]) -> Mapping[str, Any]:
    return MappingProxyType({item.id: item for item in items})
