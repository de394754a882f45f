"""Frozen types of clauses, roles, workflow, events and overlays, and the ``Policy`` that holds every rule."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

from msgspec import Meta, field

from app.policy.base import ReasonRule, Rule, Statement, Table, Text
from app.policy.disclosures.registers import Registers
from app.policy.disclosures.types import DisclosureRules
from app.policy.forms import Absence, AcknowledgementRule, MailKind, Notice, RequestRules, Requirement, Terms, Use
from app.policy.gallery.types import AlgorithmRules, GalleryRules
from app.policy.names import CapabilityId, EventName, StateName, SubjectType, Verb
from app.policy.retention.types import RetentionRules
from app.policy.review import ReviewRules
from app.policy.sealing.types import SealingRules
from app.policy.texts import RuleText

Item = TypeVar("Item")

if TYPE_CHECKING:
    _Event = EventName
    _Capability = CapabilityId
    _Subject = SubjectType
    _Verb = Verb
    _State = StateName
    _Target = StateName | Literal["same"]
else:  # a rule file may give a name before the types are written anew: it is read as text, and validated by the loader
    _Event = _Capability = _Subject = _Verb = _State = _Target = Text


class Clause(Table, frozen=True, kw_only=True):
    """One numbered clause of the policy, restated; ``section`` says where the source has it."""

    id: Text
    text: Text
    section: Text
    status: Literal["enforced", "people", "pending"]
    does: Text
    who: str = ""
    interpretation: tuple[str, ...] = ()


class Sentence(Table, frozen=True, kw_only=True):
    """A sentence of the published policy in its own words: the clauses that restate it, or why it asks nothing of
    software."""

    text: Text
    clauses: tuple[str, ...] = ()
    because: str = ""


class Interpretation(Table, frozen=True, kw_only=True):
    """An interpretation of unclear wording: ``wording`` of the source, the ``tension`` in it, our ``reading``."""

    id: Text
    clauses: Annotated[tuple[str, ...], Meta(min_length=1)]
    wording: Text
    tension: Text
    reading: Text


class Role(Rule, frozen=True, kw_only=True):
    """A role, the directory group that grants it (empty: nobody signs in with it) and what it may do."""

    title: Text
    group: str
    capabilities: tuple[_Capability, ...]


class Capability(Rule, frozen=True, kw_only=True):
    """Something a role may do; ``training`` names the requirement that must be current first (ACC-4).

    ``untrained`` says why none is needed: each capability has the one or the other.
    """

    training: str | None = None
    untrained: str = ""


#: how a state reads at a glance, from nothing happening to over
Tone = Literal["idle", "waiting", "working", "attention", "good", "bad", "ended"]
#: who is asked for a next step: a part in the subject, or anyone whom the step's own rule permits
Part = Literal["requester", "named_supervisor", "examiner", "anyone"]
#: what the program asks of states: see ``Workflow.states_that``
Mark = Literal[
    "filed", "due", "answered", "assigned", "examined", "round_open", "file_open", "done", "under_way", "kept_up"
]

#: a mark, or whether the state is final
Asked = Mark | Literal["final"]


class MarkRule(Table, frozen=True, kw_only=True):
    """The meaning of a mark on a state, in one sentence."""

    id: Mark
    text: Text


class OutsideState(Table, frozen=True, kw_only=True):
    """The state that people outside see in place of several whose names stay inside; ``to_filer`` as in `State`."""

    id: Text
    title: Text
    text: Text
    tone: Tone
    to_filer: str = ""
    step: str = ""


class Phase(Table, frozen=True, kw_only=True):
    """A stretch of the path whose time is measured, and whose turn it is meanwhile."""

    id: Text
    title: Text
    whose: Text


class Next(Table, frozen=True, kw_only=True):
    """The next step due in a state: a verb, the words that ask for it, and which part is asked."""

    verb: _Verb
    text: Text
    by: Part


class State(Table, frozen=True, kw_only=True):
    """A state of a workflow, in the words of every page.

    ``waiting_for`` is the title of the role whose turn it is, or empty; ``next`` is what is due, the first that a
    person may do being what they are asked. ``told_as`` names the ``OutsideState`` that outsiders read instead.
    ``to_filer`` is the sentence for whoever filed the subject, where it is another.
    ``step`` is the step of the progress bar that everybody sees, ``unit_step`` of the one inside the unit (empty: all
    lie behind), ``phase`` the stretch whose time is measured. ``marks`` are what the program
    asks of states; ``final`` is asked like one.
    """

    id: _State
    title: Text
    text: Text
    tone: Tone
    to_filer: str = ""
    waiting_for: str = ""
    final: bool = False
    marks: tuple[Mark, ...] = ()
    next: tuple[Next, ...] = ()
    told_as: str = ""
    step: str = ""
    unit_step: str = ""
    phase: str = ""


class Transition(Rule, frozen=True, kw_only=True):
    """A permitted change: from any of ``sources`` to ``to`` by ``verb``; ``to = "same"`` keeps the state."""

    verb: _Verb
    sources: Annotated[tuple[_State, ...], Meta(min_length=1)] = field(name="from")
    to: _Target
    capability: _Capability
    conditions: tuple[str, ...] = ()
    separations: tuple[str, ...] = ()
    event: _Event

    def target(self, state: StateName) -> StateName:
        """The state this leads to from ``state``."""
        return state if self.to == "same" else self.to

    def targets(self) -> tuple[StateName, ...]:
        """The new states this leads to; none when it keeps the state."""
        return () if self.to == "same" else (self.to,)


class Workflow(Table, frozen=True, kw_only=True):
    """The states and transitions of one kind of subject; ``noun`` is what people call such a subject."""

    subject: _Subject
    noun: Text
    text: Text
    authority: Annotated[tuple[str, ...], Meta(min_length=1)]
    effective: date
    initial: _State
    steps: tuple[str, ...] = ()
    unit_steps: tuple[str, ...] = ()
    marks: tuple[MarkRule, ...] = field(name="mark", default=())
    outside_states: tuple[OutsideState, ...] = field(name="told", default=())
    phases: tuple[Phase, ...] = field(name="phase", default=())
    states: tuple[State, ...] = field(name="state")
    transitions: tuple[Transition, ...] = field(name="transition")

    def state(self, state_id: StateName) -> State:
        """The state of that id. Raises KeyError when the workflow has none."""
        for state in self.states:
            if state.id == state_id:
                return state
        raise KeyError(f"The {self.subject} workflow has no state '{state_id}'.")

    def states_that(self, mark: Asked) -> tuple[StateName, ...]:
        """The ids of the states that carry a mark, in file order. KeyError when the workflow has no such mark."""
        if mark == "final":
            return tuple(state.id for state in self.states if state.final)
        if mark not in {rule.id for rule in self.marks}:
            raise KeyError(f"The {self.subject} workflow has no mark '{mark}'.")
        return tuple(state.id for state in self.states if mark in state.marks)

    def sources_of(self, *verbs: Verb) -> tuple[StateName, ...]:
        """The ids of the states from which one of these verbs leads, in file order. KeyError for an unknown verb."""
        sources: set[StateName] = set()
        for verb in verbs:
            rows = [row for row in self.transitions if row.verb == verb]
            if not rows:
                raise KeyError(f"The {self.subject} workflow has no verb '{verb}'.")
            sources.update(source for row in rows for source in row.sources)
        return tuple(state.id for state in self.states if state.id in sources)

    def awaiting(self, part: Part | None = None) -> tuple[StateName, ...]:
        """The ids of the states in which something is due, from this part or from anybody, in file order."""
        return tuple(s.id for s in self.states if any(part in (None, step.by) for step in s.next))

    def outside(self, state_id: StateName) -> State | OutsideState:
        """Return the state as people outside see it: the state itself, or the one that stands for several."""
        state = self.state(state_id)
        return next(one for one in self.outside_states if one.id == state.told_as) if state.told_as else state

    def place(self, step: str) -> int:
        """Return how many steps of the progress bar precede this one."""
        return self.steps.index(step)

    def unit_place(self, state_id: StateName) -> int:
        """Return how many steps of the unit's progress bar precede this state."""
        step = self.state(state_id).unit_step
        return self.unit_steps.index(step) if step else len(self.unit_steps)


class Condition(Rule, frozen=True, kw_only=True):
    """A condition that must hold for a transition; ``remedy`` says what would unblock it."""

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
    """The whole policy, read-only, as it applies from ``since`` to the day before ``ends`` (None: no rule changes).

    ``version`` is the hex SHA-256 of ``texts``, the rule files, and of ``since``.
    """

    version: str
    texts: tuple[RuleText, ...]
    since: date | None
    ends: date | None
    clauses: Mapping[str, Clause]
    sentences: tuple[Sentence, ...]
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
    registers: Registers
    retention: RetentionRules
    sealing: SealingRules
    notices: Mapping[str, Notice]
    mail: Mapping[str, MailKind]
    terms: Terms
    training: Mapping[str, Requirement]
    reason: ReasonRule
    acknowledgement: AcknowledgementRule
    safeguards: Mapping[str, Statement]
    absences: Mapping[str, Absence]
    overlays: tuple[Overlay, ...]
    rules: Mapping[str, Rule]

    @property
    def dated(self) -> date:
        """The day of this version for people: when rules changed last, else when they began."""
        return self.since or max(rule.effective for rule in self.rules.values())

    def rule(self, rule_id: str) -> Rule:
        """Any rule of any file but the roles, for its text and authority. Raises KeyError."""
        return _get(self.rules, rule_id, "rule")

    def capability(self, capability_id: CapabilityId) -> Capability:
        """Something a role may do. Raises KeyError when there is none."""
        return _get(self.capabilities, capability_id, "capability")

    def clause(self, clause_id: str) -> Clause:
        """A clause of the policy or of an overlay. Raises KeyError when there is none."""
        return _get(self.clauses, clause_id, "clause")

    def use(self, use_id: str) -> Use:
        """An authorized use. Raises KeyError when there is none: uses not listed are not authorized."""
        return _get(self.uses, use_id, "authorized use")

    def event(self, event_id: EventName) -> Event:
        """An audit event. Raises KeyError when there is none."""
        return _get(self.events, event_id, "event")

    def notice(self, notice_id: str) -> Notice:
        """A notice. Raises KeyError when there is none."""
        return _get(self.notices, notice_id, "notice")

    def workflow(self, subject: SubjectType) -> Workflow:
        """The workflow of a kind of subject. Raises KeyError when there is none."""
        return _get(self.workflows, subject, "workflow")

    def transitions(self, subject: SubjectType, state: StateName) -> tuple[Transition, ...]:
        """Every transition of the subject's workflow that may start from ``state``, in file order."""
        return tuple(step for step in self.workflow(subject).transitions if state in step.sources)

    def capabilities_of(self, roles: Iterable[str]) -> frozenset[CapabilityId]:
        """Return the capabilities of people who hold these roles; an unknown role gives nothing."""
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
