"""Frozen types of the rule files: a rule is a sentence a lawyer signs, then machine fields."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal, TypeVar

from msgspec import Meta, Struct, field

Text = Annotated[str, Meta(min_length=1)]
Item = TypeVar("Item")
Count = Annotated[int, Meta(ge=1)]


class Table(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Any table of a rule file: immutable, unknown keys refused."""


class Rule(Table, frozen=True, kw_only=True):
    """One rule. ``text`` is the sentence a lawyer signs, ``authority`` the clauses it rests on."""

    id: Text
    text: Text
    authority: Annotated[tuple[str, ...], Meta(min_length=1)]
    effective: date


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


class Choice(Table, frozen=True, kw_only=True):
    """One value of a closed list and the words people see for it."""

    value: Text
    label: Text
    hint: str = ""


class Fact(Table, frozen=True, kw_only=True):
    """One question a form asks. ``must_be`` is the only answer accepted; any other gets ``refusal``.

    Value bounds apply to kind ``number``, length bounds to the text kinds.
    """

    name: Text
    label: Text
    kind: Literal["text", "long", "choice", "date", "yesno", "number"]
    hint: str = ""
    choices: tuple[Choice, ...] = ()
    required: bool = True
    min_length: int = 0
    max_length: int = 4000
    min_value: int | None = None
    max_value: int | None = None
    must_be: str = ""
    refusal: str = ""


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
    """The states and transitions of one kind of subject."""

    subject: Text
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


class Use(Rule, frozen=True, kw_only=True):
    """An authorised use and the facts a written basis for it must state (USE-1 to USE-6)."""

    title: Text
    suspected_crime: bool
    facts: Annotated[tuple[Fact, ...], Meta(min_length=1)] = field(name="fact")


class CaseNumber(Rule, frozen=True, kw_only=True):
    """One accepted form of a case or complaint number (REQ-2)."""

    title: Text
    pattern: Text
    example: Text


class Priority(Rule, frozen=True, kw_only=True):
    """An urgency, what its reason must say, and within how many hours the unit should act."""

    title: Text
    reason_hint: Text
    due_hours: Count


class Source(Rule, frozen=True, kw_only=True):
    """Where a probe image came from; ``uses`` limits it to some authorised uses (empty: all)."""

    title: Text
    uses: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = field(name="fact", default=())


class LawfulBasis(Rule, frozen=True, kw_only=True):
    """How an image was lawfully obtained (LIM-4), with the facts that show it."""

    title: Text
    facts: tuple[Fact, ...] = field(name="fact", default=())


class Prohibition(Rule, frozen=True, kw_only=True):
    """A purpose that is refused: ``question`` answered with ``refused_answer`` gives ``refusal``.

    ``except_capability`` names the capability whose holders alone may answer so (LIM-7).
    """

    title: Text
    question: Text
    refused_answer: Literal["yes", "no"]
    refusal: Text
    except_capability: str = ""


class ImageFormat(Table, frozen=True, kw_only=True):
    """A still-image format that may be submitted, by Pillow's name for it."""

    value: Text
    label: Text
    extensions: tuple[str, ...]


class ImageLimits(Rule, frozen=True, kw_only=True):
    """How many images a request holds and what each may be."""

    min_images: Count
    max_images: Count
    max_bytes: Count
    max_pixels: Count
    formats: Annotated[tuple[ImageFormat, ...], Meta(min_length=1)] = field(name="format")


class Statement(Rule, frozen=True, kw_only=True):
    """A rule that is only its sentence, with a heading for the page."""

    title: Text


class Questions(Rule, frozen=True, kw_only=True):
    """A rule with the facts a form asks for it."""

    title: Text
    facts: Annotated[tuple[Fact, ...], Meta(min_length=1)] = field(name="fact")


class Outcome(Rule, frozen=True, kw_only=True):
    """How a case ended; an arrest demands corroborating evidence (USE-8)."""

    title: Text
    facts: tuple[Fact, ...] = field(name="fact", default=())


class Selection(Rule, frozen=True, kw_only=True):
    """A rule answered from a closed list."""

    title: Text
    choices: Annotated[tuple[Choice, ...], Meta(min_length=1)] = field(name="choice")


class Suitability(Table, frozen=True, kw_only=True):
    """A verdict on the probe alone; only one with ``searchable`` may be searched."""

    value: Text
    label: Text
    searchable: bool
    needs_note: bool = False
    hint: str = ""


class SuitabilityRule(Rule, frozen=True, kw_only=True):
    """The suitability verdict that precedes the sight of any candidate."""

    title: Text
    choices: Annotated[tuple[Suitability, ...], Meta(min_length=1)] = field(name="choice")


class UnsuitableReason(Table, frozen=True, kw_only=True):
    """Why an image cannot be compared, and the ``sentence`` the investigator reads (REQ-7)."""

    value: Text
    label: Text
    sentence: Text


class UnsuitableRule(Rule, frozen=True, kw_only=True):
    """The reasons with which images are returned."""

    title: Text
    reasons: Annotated[tuple[UnsuitableReason, ...], Meta(min_length=1)] = field(name="reason")


class Number(Rule, frozen=True, kw_only=True):
    """A rule with one count."""

    title: Text
    count: Count


class Verdict(Table, frozen=True, kw_only=True):
    """A verdict on one feature; ``key`` is the one keystroke that records it."""

    value: Text
    label: Text
    differs: bool
    compared: bool
    needs_note: bool
    key: Annotated[str, Meta(min_length=1, max_length=1)]


class Feature(Table, frozen=True, kw_only=True):
    """One facial feature of the worksheet (SRC-2)."""

    value: Text
    label: Text
    hint: Text
    key: Annotated[str, Meta(min_length=1, max_length=1)]


class Worksheet(Rule, frozen=True, kw_only=True):
    """The eleven features and the verdicts on each."""

    title: Text
    features: Annotated[tuple[Feature, ...], Meta(min_length=1)] = field(name="feature")
    verdicts: Annotated[tuple[Verdict, ...], Meta(min_length=1)] = field(name="verdict")


class Disposition(Rule, frozen=True, kw_only=True):
    """What becomes of one candidate; ``full_worksheet`` demands a verdict on every feature."""

    title: Text
    min_differing: int
    full_worksheet: bool


class BasisRefusal(Rule, frozen=True, kw_only=True):
    """A reason to refuse the basis of a request (REQ-4); ``authority`` is the clause cited."""

    title: Text


class Opinion(Table, frozen=True, kw_only=True):
    """An opinion on a candidate; only one with ``supports`` carries a possible match."""

    value: Text
    label: Text
    supports: bool


class Review(Rule, frozen=True, kw_only=True):
    """A human review: how many different people, and the opinions they may give."""

    title: Text
    count: Count
    min_reason: Count
    opinions: Annotated[tuple[Opinion, ...], Meta(min_length=1)] = field(name="opinion")


class Decision(Rule, frozen=True, kw_only=True):
    """A choice of the supervisor; ``needs_unanimity`` bars it while any examiner dissents."""

    title: Text
    needs_unanimity: bool


class Eligibility(Rule, frozen=True, kw_only=True):
    """A repository rule on one manifest column: in ``allowed`` (when given) and not in ``forbidden``."""

    field: Text
    allowed: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    refusal: Text


class Column(Table, frozen=True, kw_only=True):
    """A column of the gallery manifest."""

    name: Text
    label: Text
    hint: Text
    required: bool


class ProbeExclusion(Rule, frozen=True, kw_only=True):
    """How a probe is kept out of the repository (CAP-4)."""

    test: Literal["same_digest", "looks_like_probe"]
    action: Literal["refuse", "hold"]


class Notice(Rule, frozen=True, kw_only=True):
    """Words shown to people exactly as they stand here."""

    title: Text


class Terms(Rule, frozen=True, kw_only=True):
    """The terms a user accepts once per ``version`` (ACC-11)."""

    title: Text
    version: Text
    paragraphs: Annotated[tuple[Text, ...], Meta(min_length=1)]


class Requirement(Rule, frozen=True, kw_only=True):
    """A training requirement, valid for ``valid_months`` after completion."""

    title: Text
    topics: Annotated[tuple[Choice, ...], Meta(min_length=1)] = field(name="topic")
    valid_months: Count


class Absence(Rule, frozen=True, kw_only=True):
    """What the program must not contain: module or attribute names, whole words, case-insensitive."""

    title: Text
    names: Annotated[tuple[str, ...], Meta(min_length=1)]


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
class RequestRules:
    """request.toml: what a request must hold."""

    case_numbers: tuple[CaseNumber, ...]
    priorities: Mapping[str, Priority]
    sources: Mapping[str, Source]
    lawful_bases: Mapping[str, LawfulBasis]
    prohibitions: Mapping[str, Prohibition]
    attestation: Statement
    images: ImageLimits
    basis: Questions
    description: Questions
    circumstances: Questions
    outcomes: Mapping[str, Outcome]
    withdrawal: Statement


@dataclass(frozen=True)
class ReviewRules:
    """review.toml: what examiners and supervisors record."""

    basis_refusals: Mapping[str, BasisRefusal]
    suitability: SuitabilityRule
    unsuitable: UnsuitableRule
    candidates: Number
    order: Statement
    worksheet: Worksheet
    dispositions: Mapping[str, Disposition]
    background: Questions
    nomination: Review
    peers: Review
    decisions: Mapping[str, Decision]


@dataclass(frozen=True)
class GalleryRules:
    """gallery.toml: what may enter the repository."""

    eligibility: tuple[Eligibility, ...]
    columns: tuple[Column, ...]
    exclusions: tuple[ProbeExclusion, ...]


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
    notices: Mapping[str, Notice]
    terms: Terms
    training: Mapping[str, Requirement]
    safeguards: Mapping[str, Statement]
    absences: Mapping[str, Absence]
    overlays: tuple[Overlay, ...]
    rules: Mapping[str, Rule]

    def rule(self, rule_id: str) -> Rule:
        """Any rule of any file but the roles, for its text and authority. Raises KeyError."""
        return _get(self.rules, rule_id, "rule")

    def clause(self, clause_id: str) -> Clause:
        """A clause of the policy or of an overlay. Raises KeyError when there is none."""
        return _get(self.clauses, clause_id, "clause")

    def use(self, use_id: str) -> Use:
        """An authorised use. Raises KeyError when there is none: uses not listed are not authorised."""
        return _get(self.uses, use_id, "authorised use")

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
