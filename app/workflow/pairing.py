"""The check that steps, events and states agree: each step has its event, each event of a step its step.

`advance` writes state, step and event together, so that whoever changes one of them later leaves the others behind.
Subjects are read a few hundred at a time, with their steps and events: what is held does not grow with the trail.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from sqlalchemy import Row, exists, or_, select
from sqlalchemy.orm import Session

from app.audit.chain import Fault
from app.audit.policy_texts import rules_as_of
from app.models.base import Stateful
from app.models.engine import AuditEvent, Transition
from app.policy import policy
from app.policy.names import EventName
from app.policy.texts import Sentence
from app.policy.texts import Step as StatedStep
from app.policy.types import Transition as Rule
from app.policy.types import Workflow
from app.workflow.engine import subjects

CHUNK = 500
STREAMED = {"yield_per": CHUNK}
STEP = (
    Transition.id,
    Transition.subject_type,
    Transition.subject_id,
    Transition.verb,
    Transition.rule,
    Transition.source,
    Transition.target,
    Transition.actor_id,
    Transition.policy_version,
)
EVENT = (
    AuditEvent.sequence,
    AuditEvent.event,
    AuditEvent.subject_type,
    AuditEvent.subject_id,
    AuditEvent.actor_id,
    AuditEvent.policy_version,
)

#: a step and its event; None where one of them is missing
Pair = tuple[Row[Any] | None, Row[Any] | None]
#: the rules of each other version than today's, as its kept texts state them; None where they are not kept
Stated = Mapping[str, Mapping[str, Sentence] | None]


def unpaired(session: Session) -> Iterator[Fault]:
    """Yield every step, event of a step and state that disagrees with the others; subjects by type, oldest first."""
    stepped = {rule.event for flow in policy().workflows.values() for rule in flow.transitions}
    for model in subjects().values():
        for chunk in _chunks(session, model):
            yield from _of_chunk(session, model, chunk, stepped)
        yield from _of_no_subject(session, model, stepped)
    yield from _of_no_workflow(session, stepped)


def _chunks(session: Session, model: type[Stateful[Any]]) -> Iterator[Sequence[Row[Any]]]:
    columns, last = (model.id, getattr(model, model.lookup).label("name"), model.state), 0
    while chunk := session.execute(select(*columns).where(model.id > last).order_by(model.id).limit(CHUNK)).all():
        yield chunk
        last = chunk[-1].id


def _of_chunk(
    session: Session, model: type[Stateful[Any]], chunk: Sequence[Row[Any]], stepped: set[EventName]
) -> Iterator[Fault]:
    kind, flow = model.subject_type, policy().workflow(model.subject_type)
    steps, events = defaultdict(list), defaultdict(list)
    taken = select(*STEP).where(
        Transition.subject_type == kind, Transition.subject_id.between(chunk[0].id, chunk[-1].id)
    )
    for step in session.execute(taken.order_by(Transition.id)):
        steps[step.subject_id].append(step)
    recorded = select(*EVENT).where(
        AuditEvent.subject_type == kind,
        AuditEvent.subject_id.in_([row.name for row in chunk]),
        AuditEvent.event.in_(stepped),
    )
    for event in session.execute(recorded.order_by(AuditEvent.sequence)):
        events[event.subject_id].append(event)
    named = {step.policy_version for taken in steps.values() for step in taken} - {policy().version}
    stated = {version: rules_as_of(version, session) for version in named}
    for row in chunk:
        for what in _disagreements(flow, row.state, steps[row.id], events[row.name], stated):
            yield Fault(f"{flow.noun} {row.name}", what)


def _disagreements(
    flow: Workflow, state: str, steps: Sequence[Any], events: Sequence[Any], stated: Stated
) -> Iterator[str]:
    """Yield the disagreements of one subject, as sentences about it."""
    rules = {rule.id: rule for rule in flow.transitions}
    for step, event in pairs(rules, steps, events):
        if event is None:
            assert step is not None  # a pair has one of the two
            yield f"has lost the event {rules[step.rule].event} of its {_named(step)}"
        elif step is None:
            yield f"has lost the step that event {event.sequence} ({event.event}) tells of"
        elif step.actor_id != event.actor_id:
            yield (
                f"had its {_named(step)} taken by {_who(step.actor_id)}, but event {event.sequence} ({event.event}) "
                f"names {_who(event.actor_id)}"
            )
        elif step.policy_version != event.policy_version:
            yield f"had its {_named(step)} taken under another policy version than event {event.sequence} names"
    yield from _broken_chain(flow, rules, state, steps, stated)


def pairs(rules: dict[str, Rule], steps: Sequence[Any], events: Sequence[Any]) -> Iterator[Pair]:
    """Pair the steps and events of one subject in order, each event with the step whose rule names it.

    A step under a rule that the policy no longer has may have had any event, also one that is no step's any more.
    """
    wanted = [rules[step.rule].event if step.rule in rules else None for step in steps]
    recorded = [event.event for event in events]
    if len(wanted) == len(recorded) and all(one in (None, other) for one, other in zip(wanted, recorded, strict=True)):
        yield from zip(steps, events, strict=True)
        return
    # first what agrees in everything, so that of several steps of one kind the right one is called lost
    exact = [(name, step.actor_id, step.policy_version) for name, step in zip(wanted, steps, strict=True)]
    for same, i, j, k, m in _blocks(exact, [(event.event, event.actor_id, event.policy_version) for event in events]):
        if same:
            yield from zip(steps[i:j], events[k:m], strict=True)
        else:
            yield from _by_name(wanted[i:j], steps[i:j], recorded[k:m], events[k:m])


def _by_name(
    wanted: Sequence[str | None], steps: Sequence[Any], recorded: Sequence[str], events: Sequence[Any]
) -> Iterator[Pair]:
    """Pair steps and events as `pairs` does, where no two are alike in everything."""
    for same, i, j, k, m in _blocks(wanted, recorded):
        if same:
            yield from zip(steps[i:j], events[k:m], strict=True)
        else:
            yield from ((step, None) for name, step in zip(wanted[i:j], steps[i:j], strict=True) if name is not None)
            yield from ((None, event) for event in events[k + wanted[i:j].count(None) : m])


def _blocks(one: Sequence[Any], other: Sequence[Any]) -> Iterator[tuple[bool, int, int, int, int]]:
    """Yield the stretches of two lists in order: whether they are equal, and their bounds."""
    for tag, i, j, k, m in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        yield tag == "equal", i, j, k, m


def _broken_chain(
    flow: Workflow, rules: dict[str, Rule], state: str, steps: Iterable[Any], stated: Stated
) -> Iterator[str]:
    """Yield where the steps do not lead one after the other from the initial state to the row's state."""
    reached, because = flow.initial, "it begins as"
    for step in steps:
        if step.source != reached:
            yield f"took its {_named(step)} from “{step.source}”, but {because} “{reached}”"
        of_day = rules if step.policy_version == policy().version else stated[step.policy_version]
        # an earlier policy may have had other rules, or led elsewhere under the same id: without its texts none can say
        if of_day is not None:
            rule = _step_of(of_day.get(step.rule), flow)
            if rule is None:
                yield f"took its {_named(step)} under {step.rule}, which is no rule of the policy that it names"
            elif not _follows(rule, step):
                led = f"from “{step.source}” to “{step.target}” in its {_named(step)}"
                yield f"went {led}, which {step.rule} does not allow"
        reached, because = step.target, f"its {_named(step)} leads to"
    if state != reached:
        yield f"stands as “{state}”, but {because} “{reached}”"


def _step_of(rule: Rule | Sentence | None, flow: Workflow) -> Rule | StatedStep | None:
    """Return what a rule allows as a step of this workflow; None where it is none of it."""
    if not isinstance(rule, Sentence):
        return rule
    return rule.step if rule.step is not None and rule.step.subject in (None, flow.subject) else None


def _follows(rule: Rule | StatedStep, step: Any) -> bool:
    return step.verb == rule.verb and step.source in rule.sources and step.target == rule.target(step.source)


def _of_no_subject(session: Session, model: type[Stateful[Any]], stepped: set[EventName]) -> Iterator[Fault]:
    """Yield steps and events whose subject is not in its table; a disposal blanks subjects but removes none."""
    kind, noun = model.subject_type, policy().workflow(model.subject_type).noun
    lost = select(*STEP).where(Transition.subject_type == kind, ~exists().where(model.id == Transition.subject_id))
    for step in session.execute(lost.order_by(Transition.id), execution_options=STREAMED):
        yield Fault(f"{noun} with the internal id {step.subject_id}", f"is gone, but its {_named(step)} is there")
    recorded = select(*EVENT).where(
        AuditEvent.event.in_(stepped),
        AuditEvent.subject_type == kind,
        ~exists().where(getattr(model, model.lookup) == AuditEvent.subject_id),
    )
    for event in session.execute(recorded.order_by(AuditEvent.sequence), execution_options=STREAMED):
        yield Fault(f"{noun} {event.subject_id}", f"is gone, but event {event.sequence} ({event.event}) tells of it")


def _of_no_workflow(session: Session, stepped: set[EventName]) -> Iterator[Fault]:
    """Yield steps and step events of subject types without a workflow."""
    known = list(subjects())
    steps = select(*STEP).where(Transition.subject_type.not_in(known)).order_by(Transition.id)
    for step in session.execute(steps, execution_options=STREAMED):
        yield Fault(_named(step), f"is one of “{step.subject_type}”, which has no workflow")
    recorded = select(*EVENT).where(
        AuditEvent.event.in_(stepped), or_(AuditEvent.subject_type.is_(None), AuditEvent.subject_type.not_in(known))
    )
    for event in session.execute(recorded.order_by(AuditEvent.sequence), execution_options=STREAMED):
        yield Fault(f"event {event.sequence}", f"tells of a step ({event.event}), but of nothing that has a workflow")


def _named(step: Any) -> str:
    return f"step {step.id} ({step.verb})"


def _who(account_id: int | None) -> str:
    return "the portal" if account_id is None else f"account {account_id}"
