"""Frozen types of clauses, roles, workflow, events and overlays, and the ``Policy`` that holds every rule."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal, TypeVar

from msgspec import Meta, field

from app.policy.base import Rule, Statement, Table, Text
from app.policy.disclosures.types import DisclosureRules
from app.policy.forms import Absence, MailKind, Notice, RequestRules, Requirement, Terms, Use
from app.policy.gallery.types import AlgorithmRules, GalleryRules
from app.policy.retention.types import RetentionRules
from app.policy.review import ReviewRules

Item = TypeVar("Item")


class Clause(Table, frozen=True, kw_only=True):
    """One numbered clause of the policy, restated; ``section`` says where the source has it."""

    id: Text
    text: Text
    section: Text
    status: Literal["enforced", "people", "pending"]
    does: Text
    who: str = ""
    interpretation: tuple[str, ...] = ()


class Interpretation(Table, frozen=True, kw_only=True):
    """How unclear wording is read: ``wording`` of the source, the ``tension`` in it, our ``reading``."""

    id: Text
    clauses: Annotated[tuple[str, ...], Meta(min_length=1)]
    wording: Text
    tension: Text
    reading: Text


class Role(Rule, frozen=True, kw_only=True):
    """A role, the directory group that grants it (empty: nobody signs in with it) and what it may do."""

    title: Text
    group: str
    capabilities: tuple[str, ...]


class Capability(Rule, frozen=True, kw_only=True):
    """Something a role may do; ``training`` names the requirement that must be current first (ACC-4)."""

    training: str | None = None


class State(Table, frozen=True, kw_only=True):
    """A state of a workflow; ``waiting_for`` is the title of the role whose turn it is, or empty."""

    id: Text
    title: Text
    text: Text
    waiting_for: str = ""
    final: bool = False


class Transition(Rule, frozen=True, kw_only=True):
    """A permitted change: from any of ``sources`` to ``to`` by ``verb``; ``to = "same"`` keeps the state."""

    verb: Text
    sources: Annotated[tuple[str, ...], Meta(min_length=1)] = field(name="from")
    to: Text
    capability: Text
    conditions: tuple[str, ...] = ()
    separations: tuple[str, ...] = ()
    event: Text

    def target(self, state: str) -> str:
        """The state this leads to from ``state``."""
        return state if self.to == "same" else self.to

    def targets(self) -> tuple[str, ...]:
        """The new states this leads to; none when it keeps the state."""
        return () if self.to == "same" else (self.to,)


class Workflow(Table, frozen=True, kw_only=True):
    """The states and transitions of one kind of subject; ``noun`` is what people call such a subject."""

    subject: Text
    noun: Text
    text: Text
    authority: Annotated[tuple[str, ...], Meta(min_length=1)]
    effective: date
    initial: Text
    states: tuple[State, ...] = field(name="state")
    transitions: tuple[Transition, ...] = field(name="transition")

    def state(self, state_id: str) -> State:
        """The state of that id. Raises KeyError when the workflow has none."""
        for state in self.states:
            if state.id == state_id:
                return state
        raise KeyError(f"The {self.subject} workflow has no state '{state_id}'.")


class Condition(Rule, frozen=True, kw_only=True):
    """What must be true for a transition; ``remedy`` says what would unblock it."""

    remedy: Text


class Separation(Rule, frozen=True, kw_only=True):
    """Two acts on one subject that one person may not do both."""


class Event(Table, frozen=True, kw_only=True):
    """An audit event and the exact keys it carries (ids, never names or faces)."""

    id: Text
    text: Text
    keys: tuple[str, ...]
    authority: tuple[str, ...] = ()


class Exempt(Table, frozen=True, kw_only=True):
    """A database table that may be written without an audit event, and why."""

    table: Text
    why: Text


class Law(Table, frozen=True, kw_only=True):
    """The law an overlay file restates."""

    id: Text
    title: Text
    citation: Text
    effective: date


@dataclass(frozen=True)
class Overlay:
    """A law newer than the policy, cited apart from it."""

    file: str
    law: Law
    clauses: tuple[Clause, ...]
    rules: tuple[Statement, ...]


@dataclass(frozen=True)
class Policy:
    """The whole policy, read-only. ``version`` is the hex SHA-256 of the rule files."""

    version: str
    clauses: Mapping[str, Clause]
    interpretations: Mapping[str, Interpretation]
    roles: Mapping[str, Role]
    capabilities: Mapping[str, Capability]
    workflows: Mapping[str, Workflow]
    conditions: Mapping[str, Condition]
    separations: Mapping[str, Separation]
    events: Mapping[str, Event]
    exempt_tables: Mapping[str, str]
    uses: Mapping[str, Use]
    request: RequestRules
    review: ReviewRules
    gallery: GalleryRules
    algorithm: AlgorithmRules
    disclosure: DisclosureRules
    retention: RetentionRules
    notices: Mapping[str, Notice]
    mail: Mapping[str, MailKind]
    terms: Terms
    training: Mapping[str, Requirement]
    safeguards: Mapping[str, Statement]
    absences: Mapping[str, Absence]
    overlays: tuple[Overlay, ...]
    rules: Mapping[str, Rule]

    def rule(self, rule_id: str) -> Rule:
        """Any rule of any file but the roles, for its text and authority. Raises KeyError."""
        return _get(self.rules, rule_id, "rule")

    def capability(self, capability_id: str) -> Capability:
        """Something a role may do. Raises KeyError when there is none."""
        return _get(self.capabilities, capability_id, "capability")

    def clause(self, clause_id: str) -> Clause:
        """A clause of the policy or of an overlay. Raises KeyError when there is none."""
        return _get(self.clauses, clause_id, "clause")

    def use(self, use_id: str) -> Use:
        """An authorized use. Raises KeyError when there is none: uses not listed are not authorized."""
        return _get(self.uses, use_id, "authorized use")

    def event(self, event_id: str) -> Event:
        """An audit event. Raises KeyError when there is none."""
        return _get(self.events, event_id, "event")

    def notice(self, notice_id: str) -> Notice:
        """A notice. Raises KeyError when there is none."""
        return _get(self.notices, notice_id, "notice")

    def workflow(self, subject: str) -> Workflow:
        """The workflow of a kind of subject. Raises KeyError when there is none."""
        return _get(self.workflows, subject, "workflow")

    def transitions(self, subject: str, state: str) -> tuple[Transition, ...]:
        """Every transition of the subject's workflow that may start from ``state``, in file order."""
        return tuple(step for step in self.workflow(subject).transitions if state in step.sources)

    def capabilities_of(self, roles: Iterable[str]) -> frozenset[str]:
        """What people who hold these roles may do together; a role the policy does not know gives nothing."""
        held = (self.roles[role].capabilities for role in roles if role in self.roles)
        return frozenset(capability for capabilities in held for capability in capabilities)

    def citing(self, clause_id: str) -> Iterator[str]:
        """The ids of every rule, role and workflow whose authority names the clause."""
        yield from (rule.id for rule in self.rules.values() if clause_id in rule.authority)
        yield from (f"role {role.id}" for role in self.roles.values() if clause_id in role.authority)
        yield from (f"workflow {w.subject}" for w in self.workflows.values() if clause_id in w.authority)


def _get(table: Mapping[str, Item], key: str, kind: str) -> Item:
    try:
        return table[key]
    except KeyError:
        raise KeyError(f"The policy has no {kind} '{key}'.") from None
