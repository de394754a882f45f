"""`advance`: state, capability, clearance, separation, conditions; then state, transition, event together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

from sqlalchemy import event as orm_event
from sqlalchemy.orm.attributes import flag_modified

from app import audit
from app.access.capabilities import check_capability
from app.access.clearance import check_clearance
from app.clauses import enforces
from app.extensions import db
from app.models.base import Stateful, Step, now
from app.models.engine import Transition
from app.policy import policy
from app.policy.names import Verb
from app.policy.refused import Refused
from app.policy.types import Transition as StepRule
from app.workflow.registry import CONDITIONS, SEPARATIONS

_advancing: ContextVar[bool] = ContextVar("advancing", default=False)


class StateAssignedOutside(RuntimeError):
    """Raised when code other than `advance` assigned a state (a fault of ours)."""


def subjects() -> dict[str, type[Stateful[Any]]]:
    """Return every table whose rows move along a workflow, by its subject type."""
    return {model.subject_type: model for model in Stateful.__subclasses__()}


def _only_advance_assigns(target: Any, value: str, old: Any, _initiator: Any) -> None:
    first = not isinstance(old, str)
    if not _advancing.get() and not (first and value == policy().workflow(target.subject_type).initial):
        raise StateAssignedOutside(f"{type(target).__name__}.state is assigned by workflow.advance alone")


for _model in subjects().values():
    orm_event.listen(_model.state, "set", _only_advance_assigns)


def _transition(subject: Any, verb: Verb) -> StepRule:
    """Return the rule for this verb in the present state, or raise Refused with the verb's rule."""
    rows = [row for row in policy().workflow(subject.subject_type).transitions if row.verb == verb]
    if not rows:
        raise LookupError(f"{subject.subject_type} has no verb {verb}")
    for row in rows:
        if subject.state in row.sources:
            return row
    flow = policy().workflow(subject.subject_type)
    raise Refused(rows[0].id, f"The {flow.noun} is now in the state “{flow.state(subject.state).title}”.")


Parts = Callable[[str], set[int]]


@enforces("SRC-4", "SRC-5", "FAIR-1")
def check_separations(row: StepRule, subject: Any, actor: Any, parts: Parts | None = None) -> None:
    """Refuse when the actor already holds a part in the subject that this step must not be combined with.

    `parts` answers who holds a part, where somebody has asked before.
    """
    for name in row.separations:
        if actor.id is not None and actor.id in (parts(name) if parts is not None else SEPARATIONS[name](subject)):
            noun = policy().workflow(subject.subject_type).noun
            raise Refused(name, f"You already have another part in this {noun}.")


def check_conditions(row: StepRule, subject: Any, actor: Any, facts: Mapping[str, Any]) -> None:
    """Refuse by the first named condition that does not hold, with what is missing."""
    for name in row.conditions:
        missing = CONDITIONS[name](subject, actor, facts)
        if missing is not None:
            raise Refused(name, missing)


def rule_for(subject: Any, verb: Verb, actor: Any, parts: Parts | None = None) -> StepRule:
    """Return the rule of this step where state, capability, clearance and separation allow it; else Refused.

    The capability is asked with its training, and with the policy acknowledged.

    `parts` as for `check_separations`. The rule's conditions are not asked.
    """
    row = _transition(subject, verb)
    check_capability(actor, row.capability)
    check_clearance(subject, actor, row.capability)
    check_separations(row, subject, actor, parts)
    return row


def _permitted(subject: Any, verb: Verb, actor: Any, facts: Mapping[str, Any]) -> StepRule:
    """Return the rule of this step after all checks, conditions included; else raise Refused."""
    row = rule_for(subject, verb, actor)
    check_conditions(row, subject, actor, facts)
    return row


def advance(subject: Stateful[Step], verb: Step, actor: Any, **facts: Any) -> Transition:
    """Move a subject one step along its workflow, inside the open unit of work.

    Writes the state, a Transition and the audit event, or raises Refused with the rule's id and changes nothing.
    `facts` are what the conditions look at; those the event's catalogue entry names are recorded.
    """
    row = _permitted(subject, verb, actor, facts)
    source = subject.state
    target = source if row.to == "same" else row.to
    token = _advancing.set(True)
    try:
        subject.state = target
    finally:
        _advancing.reset(token)
    if source != target:
        subject.state_since = now()
    else:
        # a step that stays in the state still takes the version: two people cannot both take it
        flag_modified(subject, "state_since")
    step = Transition(
        subject_type=subject.subject_type,
        subject_id=subject.id,
        verb=verb,
        rule=row.id,
        source=source,
        target=target,
        actor_id=actor.id,
        policy_version=policy().version,
    )
    db.session.add(step)
    keys = {key: facts[key] for key in policy().event(row.event).keys}
    audit.record(row.event, subject, actor=actor, **keys)
    db.session.flush()
    return step


def explain(subject: Stateful[Step], verb: Step, actor: Any, **facts: Any) -> Refused | None:
    """Return what would refuse this step with these facts, or None; for a step that must know before it changes a row.

    A page asks `app.workflow.options` instead, which knows what only the form can show.
    """
    try:
        _permitted(subject, verb, actor, facts)
    except Refused as refusal:
        return refusal
    return None


def refuse_if(rule_id: str, broken: bool, detail: str) -> None:
    """Refuse with this rule when a check of a domain verb fails."""
    if broken:
        raise Refused(rule_id, detail)
