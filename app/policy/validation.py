"""Faults that only show when the rule files are read together: references, dates, duplicates, dead ends."""

import contextlib
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from app.policy import base, forms, types
from app.policy.base import repeated
from app.policy.case_numbers import scheme_faults
from app.policy.disclosures import registers as disclosure_registers
from app.policy.disclosures import types as disclosure_types
from app.policy.examination.validation import examination_faults
from app.policy.gallery.types import INTAKE_TESTS, source_faults
from app.policy.identification.validation import identification_faults
from app.policy.matters.types import proposal_faults
from app.policy.names import StateName
from app.policy.offenses import offense_faults
from app.policy.retention.validation import retention_faults
from app.policy.sealing import types as sealing_types
from app.policy.state_validation import state_faults

Tables = dict[str, dict[str, Any]]


def faults_of(tables: Tables, overlays: Tables, today: date) -> list[str]:
    """Every fault of well-formed tables, one line each: file, rule id, what is wrong."""
    everything = {**tables, **overlays}
    return [
        *_duplicates(everything),
        *_authorities(everything),
        *_dates(everything, today),
        *_roles(tables["roles.toml"], {r.id for r in tables["training.toml"]["requirement"]}),
        *_workflows(tables),
        *_sentences(tables),
        *_references(tables),
        *_acknowledgement(tables),
        *_mail(tables["notices.toml"], {role.id for role in tables["roles.toml"]["role"]}),
        *(f"disclosures/rules.toml: {fault}" for fault in disclosure_types.faults_in(tables["disclosures/rules.toml"])),
        *_facts(everything),
        *(f"sealing/rules.toml: {fault}" for fault in _sealing(tables)),
        *(f"disclosures/registers.toml: {fault}" for fault in _registers(tables)),
        *(f"retention/rules.toml: {fault}" for fault in retention_faults(tables["retention/rules.toml"])),
        *(f"requests/offenses.toml: {fault}" for fault in offense_faults(tables)),
        *(f"matters/rules.toml: {fault}" for fault in proposal_faults(tables)),
        *(f"gallery/rules.toml: {fault}" for fault in source_faults(tables["gallery/rules.toml"])),
        *identification_faults(tables),
        *examination_faults(tables),
    ]


def _sentences(tables: Tables) -> Iterator[str]:
    """Every sentence of the policy is restated by clauses or says why not, and no clause is without a sentence."""
    clauses = {clause.id for clause in tables["clauses.toml"]["clause"]}
    restated: set[str] = set()
    for number, sentence in enumerate(tables["sentences.toml"]["sentence"], 1):
        if bool(sentence.clauses) == bool(sentence.because.strip()):
            yield f"sentences.toml: sentence {number}: names clauses, or says why it has none, and never both"
        if unknown := set(sentence.clauses) - clauses:
            yield f"sentences.toml: sentence {number}: unknown clause '{min(unknown)}'"
        restated |= set(sentence.clauses)
    yield from (f"clauses.toml: {clause}: restates no sentence of the policy" for clause in sorted(clauses - restated))


def _sealing(tables: Tables) -> list[str]:
    recipients = {rule.id for rule in tables["disclosures/rules.toml"]["recipient"]}
    capabilities = {capability.id for capability in tables["roles.toml"]["capability"]}
    return sealing_types.faults_in(tables["sealing/rules.toml"], recipients, capabilities)


def _registers(tables: Tables) -> list[str]:
    recipients = {rule.id for rule in tables["disclosures/rules.toml"]["recipient"]}
    return disclosure_registers.register_faults(tables["disclosures/registers.toml"], recipients)


def rules_in(tables: Tables) -> list[tuple[str, base.Rule]]:
    """Every rule of every file with its file name, transitions inside workflows included."""
    found: list[tuple[str, base.Rule]] = []
    for name, item in _items(tables):
        if isinstance(item, base.Rule):
            found.append((name, item))
        elif isinstance(item, types.Workflow):
            found += [(name, step) for step in item.transitions]
    return found


def workflow_tables(tables: Tables) -> dict[str, tuple[Any, ...]]:
    """The workflows, conditions and separations of every workflow file together, in the order of the files."""
    files = [read for name, read in tables.items() if name.endswith("/workflow.toml")]
    return {
        table: tuple(item for read in files for item in read[table])
        for table in ("workflow", "condition", "separation")
    }


def _items(tables: Tables) -> Iterator[tuple[str, base.Table]]:
    for name, read in tables.items():
        for content in read.values():
            for item in content if isinstance(content, tuple) else (content,):
                yield name, item


def _duplicates(tables: Tables) -> Iterator[str]:
    # A refusal names its rule by id alone, so rules share one name space; roles, refusing nothing, do not.
    files: dict[tuple[bool, str], list[str]] = {}
    for name, rule in rules_in(tables):
        files.setdefault((isinstance(rule, types.Role), rule.id), []).append(name)
    for (_, rule_id), names in files.items():
        if len(names) > 1:
            yield f"{', '.join(sorted(set(names)))}: {rule_id}: duplicate id"
    for kind in (types.Clause, types.Interpretation, types.Event):
        ids = [(name, item.id) for name, item in _items(tables) if isinstance(item, kind)]
        for twice in repeated(item_id for _, item_id in ids):
            where = sorted({name for name, item_id in ids if item_id == twice})
            yield f"{', '.join(where)}: {twice}: duplicate id"
    for twice in repeated(exempt.table for exempt in tables["events.toml"]["exempt"]):
        yield f"events.toml: exempt {twice}: duplicate table"
    for twice in repeated(column.name for column in tables["gallery/rules.toml"]["column"]):
        yield f"gallery/rules.toml: column {twice}: duplicate name"
    for twice in repeated(stated.column for stated in tables["gallery/rules.toml"]["itl"]):
        yield f"gallery/rules.toml: itl {twice}: stated twice"
    for twice in repeated(flow.subject for flow in workflow_tables(tables)["workflow"]):
        yield f"workflow: {twice}: duplicate workflow"


def _authorities(tables: Tables) -> Iterator[str]:
    clauses = {item.id for _, item in _items(tables) if isinstance(item, types.Clause)}
    readings = {item.id for _, item in _items(tables) if isinstance(item, types.Interpretation)}
    for name, rule in rules_in(tables):
        for clause_id in rule.authority:
            if clause_id not in clauses:
                yield f"{name}: {rule.id}: unknown clause '{clause_id}'"
    for name, item in _items(tables):
        cited: tuple[str, ...]
        label: str
        if isinstance(item, types.Workflow):
            cited, label = item.authority, item.subject
        elif isinstance(item, types.Interpretation):
            cited, label = item.clauses, item.id
        elif isinstance(item, types.Event):
            cited, label = item.authority, item.id
        else:
            cited, label = (), ""
        yield from (f"{name}: {label}: unknown clause '{c}'" for c in cited if c not in clauses)
        if isinstance(item, types.Clause):
            for reading in item.interpretation:
                if reading not in readings:
                    yield f"{name}: {item.id}: unknown interpretation '{reading}'"
            if item.status == "people" and not item.who:
                yield f"{name}: {item.id}: a clause for people must say who answers for it"


def _dates(tables: Tables, today: date) -> Iterator[str]:
    dated = [(name, rule.id, rule.effective) for name, rule in rules_in(tables)]
    dated += [(n, f.subject, f.effective) for n, f in _items(tables) if isinstance(f, types.Workflow)]
    dated += [(n, law.id, law.effective) for n, law in _items(tables) if isinstance(law, types.Law)]
    for name, label, effective in dated:
        if effective > today:
            yield f"{name}: {label}: effective {effective} lies in the future; no rule is applied early"


def _roles(read: dict[str, Any], requirements: set[str]) -> Iterator[str]:
    capabilities = {capability.id for capability in read["capability"]}
    held = {capability for role in read["role"] for capability in role.capabilities}
    for role in read["role"]:
        for capability in role.capabilities:
            if capability not in capabilities:
                yield f"roles.toml: {role.id}: unknown capability '{capability}'"
    for capability in read["capability"]:
        if capability.id not in held:
            yield f"roles.toml: {capability.id}: no role has this capability"
        if capability.training is not None and capability.training not in requirements:
            yield f"roles.toml: {capability.id}: unknown training requirement '{capability.training}'"
        if bool(capability.training) == bool(capability.untrained):
            yield f"roles.toml: {capability.id}: name its training, or say why it needs none"
    for group in repeated(role.group for role in read["role"] if role.group):
        yield f"roles.toml: two roles come from the directory group '{group}'"


def _acknowledgement(tables: Tables) -> Iterator[str]:
    """What asks for training is the technology, and never left to whoever has not acknowledged the policy."""
    rule = tables["training.toml"]["acknowledgement"]
    known = {capability.id: capability for capability in tables["roles.toml"]["capability"]}
    for name in (*rule.reading, *rule.open):
        if name not in known:
            yield f"training.toml: {rule.id}: unknown capability '{name}'"
        elif known[name].training is not None:
            yield f"training.toml: {rule.id}: '{name}' asks for training, and is the technology itself"
    for name in repeated((*rule.reading, *rule.open)):
        yield f"training.toml: {rule.id}: '{name}' is listed twice"
    for one in rule.uncounted:
        if one.file not in tables:
            yield f"training.toml: {rule.id}: unknown file '{one.file}'"


def _mail(read: dict[str, Any], roles: set[str]) -> Iterator[str]:
    for kind in repeated(kind for mail in read["mail"] for kind in mail.kinds):
        yield f"notices.toml: two kinds of mail stand for the notification '{kind}'"
    for mail in read["mail"]:
        yield from (f"notices.toml: {mail.id}: unknown role '{role}'" for role in mail.roles if role not in roles)


def _workflows(tables: Tables) -> Iterator[str]:
    read = workflow_tables(tables)
    steps = [step for flow in read["workflow"] for step in flow.transitions]
    known = {
        "capability": {item.id for item in tables["roles.toml"]["capability"]},
        "condition": {item.id for item in read["condition"]},
        "separation": {item.id for item in read["separation"]},
        "event": {item.id for item in tables["events.toml"]["event"]},
    }
    for step in steps:
        named = {
            "capability": (step.capability,),
            "condition": step.conditions,
            "separation": step.separations,
            "event": (step.event,),
        }
        for kind, names in named.items():
            for name in names:
                if name not in known[kind]:
                    yield f"workflow: {step.id}: unknown {kind} '{name}'"
    for condition in read["condition"]:
        if not any(condition.id in step.conditions for step in steps):
            yield f"workflow: {condition.id}: no transition uses this condition"
    for separation in read["separation"]:
        if not any(separation.id in step.separations for step in steps):
            yield f"workflow: {separation.id}: no transition uses this separation"
    titles = {role.title for role in tables["roles.toml"]["role"]}
    for flow in read["workflow"]:
        yield from _states(flow, titles)
        yield from state_faults(flow)


def _states(flow: types.Workflow, titles: set[str]) -> Iterator[str]:
    where = f"workflow: {flow.subject}"
    states = {state.id for state in flow.states}
    yield from (f"{where}: {state}: duplicate state" for state in repeated(s.id for s in flow.states))
    if flow.initial not in states:
        yield f"{where}: unknown initial state '{flow.initial}'"
    for step in flow.transitions:
        for state_id in (*step.sources, *step.targets()):
            if state_id not in states:
                yield f"workflow: {step.id}: unknown state '{state_id}'"
    forwards = [(set(step.sources), target) for step in flow.transitions for target in step.targets()]
    reached = _closure({flow.initial}, forwards)
    final = {state.id for state in flow.states if state.final}
    backwards = [(set(step.targets()), source) for step in flow.transitions for source in step.sources]
    leading_out = _closure(final, backwards)
    for state in flow.states:
        if state.id not in reached:
            yield f"{where}: {state.id}: no way leads to this state"
        if state.id not in leading_out:
            yield f"{where}: {state.id}: no way leads from this state to a final one"
        if state.waiting_for and state.waiting_for not in titles:
            yield f"{where}: {state.id}: waits for unknown role '{state.waiting_for}'"


def _closure(start: set[StateName], steps: list[tuple[set[StateName], StateName]]) -> set[StateName]:
    reached = set(start)
    while True:
        more = {to for sources, to in steps if sources & reached} - reached
        if not more:
            return reached
        reached |= more


def _references(tables: Tables) -> Iterator[str]:
    request, gallery = tables["requests/rules.toml"], tables["gallery/rules.toml"]
    uses = {use.id for use in tables["requests/uses.toml"]["use"]}
    capabilities = {item.id for item in tables["roles.toml"]["capability"]}
    columns = {column.name for column in gallery["column"]}
    for source in request["source"]:
        yield from (f"requests/rules.toml: {source.id}: unknown use '{use}'" for use in source.uses if use not in uses)
    for prohibition in request["prohibition"]:
        wanted = prohibition.except_capability
        if wanted and wanted not in capabilities:
            yield f"requests/rules.toml: {prohibition.id}: unknown capability '{wanted}'"
    political = request["political"]
    for wanted in (political.member, *political.bureau, *political.duties):
        if wanted not in capabilities:
            yield f"requests/rules.toml: {political.id}: unknown capability '{wanted}'"
    for rule in gallery["rule"]:
        if rule.field not in columns:
            yield f"gallery/rules.toml: {rule.id}: unknown manifest column '{rule.field}'"
        if not rule.allowed and not rule.forbidden and not rule.pattern:
            yield f"gallery/rules.toml: {rule.id}: names neither allowed nor forbidden values, nor a pattern"
        with contextlib.suppress(re.error):
            re.compile(rule.pattern)
            continue
        yield f"gallery/rules.toml: {rule.id}: the pattern is no regular expression"
    sources = {source.id for source in request["source"]}
    for exclusion in gallery["exclusion"]:
        if not sources.issuperset(exclusion.only_as):
            yield f"gallery/rules.toml: {exclusion.id}: unknown source '{min(set(exclusion.only_as) - sources)}'"
        # what only resembles a probe, or is a booking photograph, may wait for a person; the file of a probe never does
        if exclusion.test == "same_digest" and not exclusion.only_as and exclusion.action != "refuse":
            yield f"gallery/rules.toml: {exclusion.id}: the file of a probe is refused, not held"
    made = {(one.id, one.test, bool(one.only_as)) for one in gallery["exclusion"]}
    for name, test, _ in sorted(INTAKE_TESTS - made):
        yield f"gallery/rules.toml: exclusion {name} with the test '{test}' is missing: import makes it"
    for name, _, _ in sorted(made - INTAKE_TESTS):
        yield f"gallery/rules.toml: exclusion {name}: import makes no such test"
    sample = gallery["sample"]
    for column in sample.columns:
        if column not in columns:
            yield f"gallery/rules.toml: {sample.id}: unknown manifest column '{column}'"
    if not sample.remind_days < sample.escalate_days <= sample.days:
        yield f"gallery/rules.toml: {sample.id}: a reminder comes before others are told, and that before the last day"
    for wanted in (sample.signer, sample.apart_from, *sample.escalated_to):
        if wanted not in capabilities:
            yield f"gallery/rules.toml: {sample.id}: unknown capability '{wanted}'"
    for stated in gallery["itl"]:
        if stated.column not in columns or stated.column == "file":
            yield f"gallery/rules.toml: itl {stated.field}: unknown manifest column '{stated.column}'"
    for scheme in request["case_number"]:
        yield from (f"requests/rules.toml: {scheme.id}: {fault}" for fault in scheme_faults(scheme))
    for sign in request["source_sign"]:
        if sign.source not in {source.id for source in request["source"]}:
            yield f"requests/rules.toml: {sign.id}: unknown source '{sign.source}'"
        for pattern in sign.patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                yield f"requests/rules.toml: {sign.id}: '{pattern}' is not a regular expression: {error}"
    for unknown_source in set(request["capture"].sources) - {source.id for source in request["source"]}:
        yield f"requests/rules.toml: {request['capture'].id}: unknown source '{unknown_source}'"
    reference = request["entry_reference"]
    try:
        fits = re.fullmatch(reference.pattern, reference.example.upper(), re.ASCII)
    except re.error as error:
        yield f"requests/rules.toml: {reference.id}: the pattern is not a regular expression: {error}"
    else:
        if fits is None:
            yield f"requests/rules.toml: {reference.id}: the example does not fit the pattern"
    results, notices = {result.id for result in request["result"]}, {one.id for one in tables["notices.toml"]["notice"]}
    missing = [kind for kind in forms.RESULTS if kind not in results]
    yield from (f"requests/rules.toml: {kind}: there is no such result" for kind in missing)
    for result in request["result"]:
        if result.notice not in notices:
            yield f"requests/rules.toml: {result.id}: unknown notice '{result.notice}'"
    for outcome in request["outcome"]:
        unknown = [name for name in outcome.results if name not in results]
        yield from (f"requests/rules.toml: {outcome.id}: unknown result '{name}'" for name in unknown)
    images = request["images"]
    if images.min_images > images.max_images:
        yield f"requests/rules.toml: {images.id}: min_images is larger than max_images"


def _facts(tables: Tables) -> Iterator[str]:
    for name, rule in rules_in(tables):
        facts: tuple[base.Fact, ...] = getattr(rule, "facts", ())
        yield from (f"{name}: {rule.id}: duplicate fact '{n}'" for n in repeated(f.name for f in facts))
        for fact in facts:
            where = f"{name}: {rule.id}: {fact.name}"
            values = [choice.value for choice in fact.choices]
            if (fact.kind == "choice") != bool(values):
                yield f"{where}: choices belong to a fact of kind 'choice', and such a fact needs them"
            yield from (f"{where}: duplicate choice '{value}'" for value in repeated(values))
            if fact.min_length > fact.max_length:
                yield f"{where}: min_length is larger than max_length"
            if bool(fact.must_be) != bool(fact.refusal):
                yield f"{where}: must_be and refusal go together"
            if fact.must_be and fact.must_be not in (values or ["yes", "no"]):
                yield f"{where}: must_be names no possible answer"
