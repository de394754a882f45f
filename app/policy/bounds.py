"""Every bound of the rule files, and what it would be without force: what a proof of the rules takes away one by one.

`WEAKER` names each field that bounds something and says how it is taken away. `UNBOUNDING` names the other numbers and
yes-or-no fields, which bound nothing: a new field must stand in one of the two, or no proof would look at it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from app.policy.base import Fact, Rule, Table
from app.policy.names import CapabilityId
from app.policy.types import Policy

#: more than anybody could state, upload or wait for
HUGE = 10**9
#: more days, hours or months than anybody waits
LONG = 36_500

Weaker = Callable[[Any], Mapping[str, Any]]


@dataclass(frozen=True)
class Bound:
    """A bound in a rule: the table that holds it, its field, and the fields of the table without it."""

    rule: Rule
    table: Table
    path: str
    field: str
    weaker: Mapping[str, Any]


def _to(value: Any) -> Callable[[str], Weaker]:
    """The field becomes this value; what has it already bounds nothing."""
    return lambda field: lambda table: {} if getattr(table, field) in (value, None) else {field: value}


def _by(step: int) -> Callable[[str], Weaker]:
    return lambda field: lambda table: {field: getattr(table, field) + step}


def _limit(field: str) -> Weaker:
    measured = {"height", "weight", "age"}
    return lambda table: {field: float(HUGE)} if table.kind in measured else {}


def _number(field: str) -> Weaker:
    """Some counts are a maximum, every other a minimum."""
    most = {"candidate-pool", "exclusion-taken-back", "algorithm-longest-review"}
    return lambda table: {field: HUGE if table.id in most else 0}


def _kept(field: str) -> Weaker:
    """What is kept for ever is kept for a year after the closing."""
    return lambda table: {field: "years_after_closure", "years": 1} if table.keep.startswith("permanent") else {}


def _source(field: str) -> Weaker:
    """A single character is asked of a source by every answer that names one."""
    return lambda table: {field: 0} if table.min_source > 1 else {}


def _future(field: str) -> Weaker:
    """The year of a number may lie in the future, where the number has one."""
    return lambda table: {field: True} if "(?P<year>" in table.pattern else {}


def _excluding(field: str) -> Weaker:
    """Any difference excludes, also one that is explained."""
    return lambda table: {field: True} if table.differs and not table.excludes else {}


def _everything(field: str) -> Weaker:
    """Every capability is in the list."""
    return lambda table: {field: get_args(CapabilityId)}


def _range(field: str, value: float) -> Weaker:
    return lambda table: {} if table.choices else {field: value}


_GONE, _NONE, _ENDLESS, _FOREVER, _NO, _YES = _to(0), _to(None), _to(HUGE), _to(LONG), _to(False), _to(True)
_ANY, _UNSAID = _to(()), _to("")
#: type -> field -> how it is taken away
_WAYS: Mapping[str, Mapping[str, Callable[[str], Weaker]]] = {
    "Fact": {
        "required": _NO,
        "min_length": _GONE,
        "max_length": _ENDLESS,
        "min_words": _GONE,
        "min_value": _NONE,
        "max_value": _NONE,
        "must_be": _UNSAID,
    },
    "AcknowledgementRule": {"open": _everything, "reading": _everything},
    "AnswerRule": {"count": _GONE, "min_words": _GONE, "min_source": _source, "idle": _ANY},
    "Approval": {"max_days": _FOREVER, "min_text": _GONE, "min_reason": _GONE, "min_answer": _GONE},
    "Basis": {"needs_designation": _NO, "needs_person": _NO, "documents": _ANY, "purposes": _ANY},
    "Capability": {"training": _NONE},
    "CaptureRule": {"earliest_year": _to(1), "days_apart": _FOREVER, "longest_years": _FOREVER, "sources": _ANY},
    "CaseNumber": {"pattern": _to(".+"), "padding": _ANY, "files": _YES, "future": _future},
    "ChangedAnswerRule": {"least_reason": _GONE, "least_answer": _GONE},
    "Closure": {"no_arrest": _NO, "after_arrest": _NO},
    "Column": {"required": _NO},
    "ComparedItem": {"stated": _ANY, "recorded": _ANY},
    "Completeness": {"recipients": _ANY},
    "ConclusionRule": {"escalate_hours": _FOREVER, "min_reason": _GONE, "min_words": _GONE},
    "Decision": {"needs_unanimity": _NO},
    "Designation": {"max_days": _FOREVER},
    "Disposition": {"full_worksheet": _NO, "min_differing": _GONE, "rests_on_lasting": _NO, "nothing_lasting": _NO},
    "DocumentRules": {"max_bytes": _ENDLESS, "max_files": _ENDLESS},
    "Edit": {"max_pixels": _GONE, "times": _ENDLESS},
    "EditParameter": {
        "minimum": lambda field: _range(field, -float(HUGE)),
        "maximum": lambda field: _range(field, float(HUGE)),
    },
    "Eligibility": {"allowed": _ANY, "forbidden": _ANY, "pattern": _UNSAID},
    "EntryReferenceRule": {"pattern": _to(".+")},
    "EvidenceKind": {"after_lead_depends": _NO, "recognition": _NO, "thing": _NO},
    "EvidenceRule": {
        "least_independent": _GONE,
        "cited_by": _ANY,
        "arrest_cited_by": _ANY,
        "identification_words": _ANY,
        "recognition_words": _ANY,
    },
    "Favored": {"min_level": _by(1)},
    "FileRule": {"after_death": _to(1), "after_birth": _to(1), "arrest_free": _to(1), "look_up_days": _FOREVER},
    "ImageExclusion": {"action": _to("none")},
    "ImageLimits": {
        "min_images": _GONE,
        "max_images": _ENDLESS,
        "max_bytes": _ENDLESS,
        "max_pixels": _ENDLESS,
        "max_faces": _ENDLESS,
    },
    "Inconsistency": {"limit": _limit, "holds": _NO},
    "LineUpRule": {
        "foils": _by(-1),
        "least": _by(-1),
        "min_reason": _GONE,
        "quick_at_most": _to(3),
        "due_hours": _FOREVER,
    },
    "LookUpRule": {"unknown": _to("accept")},
    "Marks": {"max_count": _ENDLESS, "max_note": _ENDLESS},
    "MatterRule": {"least_reason": _GONE, "parted_by_others": _NO},
    "Number": {"count": _number},
    "OffenseClass": {"is_crime": _YES},
    "Outcome": {"results": _ANY, "least_independent": _GONE, "least_against": _GONE, "without_arrest": _NO},
    "Package": {"max_bytes": _ENDLESS, "expires_hours": _FOREVER},
    "PlaceRule": {"days_apart": _FOREVER, "facts": _ANY, "ways": _ANY, "alone": _ANY, "vague": _ANY},
    "PoliticalRule": {"bureau": _ANY, "least_reason": _GONE},
    "Preparation": {"max_operations": _ENDLESS, "max_pixels": _ENDLESS, "min_side": _GONE, "min_reason": _GONE},
    "Priority": {"due_hours": _FOREVER, "conclude_hours": _FOREVER, "unassigned_minutes": _NONE, "offenses": _ANY},
    "ProficiencyRule": {"one_in": _FOREVER, "few": _GONE},
    "ProposalRule": {"window_days": _GONE, "most_compared": _GONE, "most_proposed": _ENDLESS},
    "Prohibition": {"refused_answer": _UNSAID},
    "QualityRule": {"fail": _NONE, "warn": _NONE},
    "ReasonRule": {"idle": _ANY},
    "Recipient": {"needs_agreement": _NO, "originals": _YES},
    "Requirement": {"valid_months": _to(1200)},
    "RetentionClass": {"keep": _kept, "years": _GONE, "age": _GONE, "under": _to(1000)},
    "Review": {"count": _by(-1), "min_reason": _GONE, "min_level": _by(-1)},
    "SampleRule": {
        "share": _to(1),
        "least": _to(1),
        "days": _FOREVER,
        "remind_days": _FOREVER,
        "escalate_days": _FOREVER,
        "min_reason": _GONE,
        "columns": _ANY,
    },
    "RepositorySource": {"most": _ENDLESS},
    "ScheduleRule": {"review_days": _FOREVER, "min_note": _GONE},
    "SeriousnessRule": {"uses": _ANY, "min_reason": _GONE},
    "Source": {"uses": _ANY},
    "SourceSign": {"patterns": _ANY},
    "Suitability": {"needs_note": _NO, "searchable": _YES},
    "Suspicion": {"min_length": _GONE, "min_words": _GONE, "offenses": _ANY},
    "TextRule": {"words": _to(1), "least": _GONE, "least_percent": _GONE, "common": _ENDLESS},
    "Verdict": {"needs_note": _NO, "unexplained": _NO, "excludes": _excluding},
    "WorkloadRule": {"min_notes": _GONE, "least_for_median": _GONE, "least_for_percentile": _GONE},
}
WEAKER: Mapping[str, Mapping[str, Weaker]] = {
    kind: {field: way(field) for field, way in ways.items()} for kind, ways in _WAYS.items()
}
#: numbers and yes-or-no fields that bound nothing, and what they are instead
UNBOUNDING: Mapping[str, str] = {
    "Approval.default_days": "what the form proposes",
    "EvidenceRule.several": "the words of a yearly figure",
    "FileRule.with_case": "which of two rules a file follows",
    "Level.number": "the order of the scale",
    "LineUpRule.drawn": "how many photographs are looked at for foils",
    "MailKind.always": "whether somebody may turn a mail off",
    "MailKind.by_default": "what an account begins with",
    "MarkKind.points": "how a shape is drawn",
    "Padding.digits": "how a number is written",
    "Priority.always_mails": "which mail goes out",
    "ProficiencyRule.confidence": "how an interval is printed",
    "Result.is_lead": "the words of a result",
    "SampleRule.most": "how much work a very large import makes",
    "TextRule.most_shown": "how much of two texts stands on a page",
    "TextRule.most_words": "how much of two texts stands on a page",
    "Verdict.compared": "what a verdict means",
    "Verdict.differs": "what a verdict means",
}


def bounds(policy: Policy) -> Iterator[Bound]:
    """Yield every bound of every rule, in the order of the files."""
    for rule in policy.rules.values():
        for path, table in tables_of(rule):
            yield from _of(rule, table, path)
    for column in policy.gallery.columns:
        yield from _of(policy.gallery.eligibility[0], column, f"gallery-column/{column.name}")


def tables_of(rule: Rule) -> Iterator[tuple[str, Table]]:
    """Yield a rule and every table inside it that is no rule of its own, each with its path."""
    yield from _within(rule, rule.id)


def _within(table: Table, path: str) -> Iterator[tuple[str, Table]]:
    yield path, table
    for field in table.__struct_fields__:
        held = getattr(table, field)
        for number, inner in enumerate(held if isinstance(held, tuple) else (held,), 1):
            if isinstance(inner, Table) and not isinstance(inner, Rule):
                yield from _within(inner, f"{path}/{_named(inner) or f'{field}-{number}'}")


def _of(rule: Rule, table: Table, path: str) -> Iterator[Bound]:
    for field, weaken in WEAKER.get(type(table).__name__, {}).items():
        if isinstance(table, Fact) and not _applies(table, field):
            continue
        weaker = weaken(table)
        if weaker:
            yield Bound(rule, table, path, field, weaker)


def _applies(fact: Fact, field: str) -> bool:
    """Lengths and words bound what is typed, values what is counted; what is required need not be asked for twice."""
    return field not in ("min_length", "max_length", "min_words") or fact.kind in ("text", "long")


def _named(table: Table) -> str:
    """What a table calls itself; empty where only its position tells it from the next."""
    return next((str(getattr(table, name)) for name in ("name", "value", "id") if hasattr(table, name)), "")
