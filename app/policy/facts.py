"""Pure checks of answers against the rule files; a fault names the field and the rule broken."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from msgspec import structs

from app.clauses import enforces
from app.policy.base import Fact, Questions
from app.policy.days import present_day
from app.policy.forms import Outcome, Prohibition, Source
from app.policy.reasons import leaves_open
from app.policy.types import Policy
from app.policy.words import different_words, folded, is_filler, long_enough, plain, readings, visible

YES_NO = {"yes": "Yes", "no": "No"}


@dataclass(frozen=True)
class Fault:
    """One thing wrong: the form ``field``, a sentence for the page, and the id of the rule broken."""

    field: str
    message: str
    rule_id: str


def check_facts(
    facts: tuple[Fact, ...], answers: Mapping[str, object], rule_id: str, today: date | None = None
) -> list[Fault]:
    """Check answers against the questions asked: none missing, none foreign, each of its kind and in bounds.

    Answers are what a form sends (text) or what was stored (text, bool, int, date).
    """
    asked = {fact.name for fact in facts}
    found = [Fault(name, "This is not asked for here.", rule_id) for name in answers if name not in asked]
    for fact in facts:
        message = _wrong(fact, _text(answers.get(fact.name)), today or present_day())
        if message:
            found.append(Fault(fact.name, message, rule_id))
    return found


@enforces("USE-1", "USE-2", "USE-3", "USE-4", "USE-5", "USE-6", "CAP-2")
def check_use_facts(policy: Policy, use_id: str, facts: Mapping[str, object]) -> list[Fault]:
    """Check that the basis states what its authorized use needs; any other use is refused (REQ-4)."""
    if use_id not in policy.uses:
        return [Fault("use", "Choose one of the authorized uses.", "refuse-not-authorized")]
    return check_ground(policy, policy.uses[use_id].facts, facts, use_id)


def check_ground(
    policy: Policy,
    facts: tuple[Fact, ...],
    answers: Mapping[str, object],
    rule_id: str,
    today: date | None = None,
) -> list[Fault]:
    """Check answers on which something rests: each says something of its own, and no other's once more."""
    found = check_facts(facts, answers, rule_id, today)
    wrong, said = {fault.field for fault in found}, dict[str, Fact]()
    for fact in facts:
        answer = _text(answers.get(fact.name))
        if fact.kind not in ("text", "long") or fact.name in wrong or not visible(answer):
            continue
        before = said.setdefault(plain(answer).casefold(), fact)
        if leaves_open(policy, answer):
            found.append(Fault(fact.name, f"{fact.label}: write what it is; “{answer}” leaves it open.", rule_id))
        elif before is not fact:
            found.append(Fault(fact.name, f"{fact.label}: this only repeats “{before.label}”.", rule_id))
    return found


def check_purpose(policy: Policy, answers: Mapping[str, object], is_intelligence_bureau: bool) -> list[Fault]:
    """Check every question on prohibited purposes; one left open counts as a fault."""
    held = {policy.request.political.member} if is_intelligence_bureau else set()
    open_ = check_purposes_answered(policy, answers)
    return open_ + check_prohibited(policy, answers) + check_reserved(policy, answers, held)


def answers_read(policy: Policy, given: Mapping[str, object]) -> dict[str, str]:
    """Return the answers on purposes as they are kept: yes, no, or nothing, as every rule then reads them."""
    read = {asked: _text(given.get(asked)) for asked in policy.request.prohibitions}
    return {asked: answer if answer in YES_NO else "" for asked, answer in read.items()}


@enforces("LIM-2", "LIM-3", "LIM-7", "CAP-7", "EXT-5")
def check_purposes_answered(policy: Policy, answers: Mapping[str, object]) -> list[Fault]:
    """Check that every question on prohibited and reserved purposes is answered with yes or no."""
    return [
        Fault(asked.id, f"Answer: {asked.question}", asked.id)
        for asked in policy.request.prohibitions.values()
        if _text(answers.get(asked.id)) not in YES_NO
    ]


@enforces("LIM-2", "LIM-3", "CAP-7", "EXT-5")
def check_prohibited(policy: Policy, answers: Mapping[str, object]) -> list[Fault]:
    """Check the answers on purposes that are prohibited to everybody; one left open is `check_purposes_answered`'s."""
    asked = [one for one in policy.request.prohibitions.values() if not one.except_capability]
    return [fault for one in asked for fault in _refused_purpose(one, answers)]


@enforces("LIM-7")
def check_reserved(policy: Policy, answers: Mapping[str, object], held: Collection[str]) -> list[Fault]:
    """Check the purposes that are reserved: the holders of one capability may pursue them, and no others."""
    asked = [one for one in policy.request.prohibitions.values() if one.except_capability]
    return [fault for one in asked for fault in _refused_purpose(one, answers, may=one.except_capability in held)]


def _refused_purpose(asked: Prohibition, answers: Mapping[str, object], may: bool = False) -> list[Fault]:
    refused = _text(answers.get(asked.id)) == asked.refused_answer
    return [Fault(asked.id, asked.refusal, asked.id)] if refused and not may else []


@enforces("LIM-1")
def signs(policy: Policy, source_id: str | None, said: Iterable[str]) -> tuple[Fact, ...]:
    """Return the answers that a source owes because the file names another one.

    said: what the file says of itself, its name and metadata, and what is typed of it.
    """
    texts = tuple(way for text in said for way in (folded(text), *readings(text)))
    return tuple(
        sign.fact
        for sign in policy.request.source_signs
        if sign.source != source_id and any(re.search(one, text, re.I) for one in sign.patterns for text in texts)
    )


def source_asked(
    policy: Policy, source_id: str | None, said: Iterable[str], owed: tuple[Fact, ...] = ()
) -> Source | None:
    """Return a source with all that it asks: its own facts, what the signs ask, what else is owed; None if unknown."""
    source = policy.request.sources.get(source_id or "")
    return source and structs.replace(source, facts=(*source.facts, *signs(policy, source_id, said), *owed))


@enforces("LIM-1")
def check_source(
    policy: Policy,
    source_id: str,
    facts: Mapping[str, object],
    use_id: str | None = None,
    said: Iterable[str] = (),
    owed: tuple[Fact, ...] = (),
) -> list[Fault]:
    """Check where an image came from: the facts its source needs and, when given, the use it serves.

    said: what the file says of itself, its name and metadata, and what is typed of it; owed: further questions
    (see ``source_asked``).
    """
    source = source_asked(policy, source_id, said, owed)
    if source is None:
        return [Fault("source", "Choose where the image came from.", policy.request.images.id)]
    found = check_ground(policy, source.facts, facts, source_id)
    if use_id is not None and source.uses and use_id not in source.uses:
        allowed = "; ".join(policy.use(use).title for use in source.uses)
        found.insert(0, Fault("source", f"An image from this source may serve only: {allowed}.", source_id))
    return found


@enforces("LIM-4")
def check_lawful_basis(policy: Policy, basis_id: str, facts: Mapping[str, object]) -> list[Fault]:
    """Check that an image states how it was lawfully obtained, with the facts that show it."""
    basis = policy.request.lawful_bases.get(basis_id)
    if basis is None:
        return [Fault("lawful_basis", "Say how the image was lawfully obtained.", "refuse-not-lawfully-obtained")]
    return check_ground(policy, basis.facts, facts, basis_id)


def outcomes_after(policy: Policy, result: str | None) -> list[Outcome]:
    """Return the outcomes possible after this result, in the order of the file."""
    return [rule for rule in policy.request.outcomes.values() if not rule.results or result in rule.results]


@enforces("USE-8")
def check_outcome(
    policy: Policy,
    outcome_id: str,
    facts: Mapping[str, object],
    result: str | None = None,
    today: date | None = None,
) -> list[Fault]:
    """Check what is said of an outcome against its rule, and that the result does not rule it out.

    `result` is the kind of the report that stands. What evidence the outcome needs: `app.policy.evidence`.
    """
    outcome = policy.request.outcomes.get(outcome_id)
    if outcome is None:
        return [Fault("outcome", "Choose how the case ended.", "no_arrest")]
    if outcome not in outcomes_after(policy, result):
        return [Fault("outcome", f"“{outcome.title}” does not fit the result of this request.", outcome_id)]
    return check_ground(policy, outcome.facts, facts, outcome_id, today)


def answered(facts: Iterable[Fact], given: Mapping[str, Any] | None) -> list[tuple[str, Any]]:
    """(question, answer in words) for every question of a rule; an open one has the answer None."""
    given, rows = given or {}, []
    for fact in facts:
        answer: Any = given.get(fact.name)
        words = {choice.value: choice.label for choice in fact.choices} or (YES_NO if fact.kind == "yesno" else {})
        rows.append((fact.label, words.get(answer, answer)))
    return rows


def check_questions(questions: Questions, answers: Mapping[str, object]) -> list[Fault]:
    """Check the answers to one set of questions (basis, description, circumstances, background check)."""
    return check_facts(questions.facts, answers, questions.id)


def check_description(policy: Policy, answers: Mapping[str, object]) -> list[Fault]:
    """Check the person's description, and that the age range runs upwards."""
    description = policy.request.description
    found = check_questions(description, answers)
    ages = [_text(answers.get(name)) for name in ("age_from", "age_to")]
    if not found and all(ages) and int(ages[0]) > int(ages[1]):
        found.append(Fault("age_to", "The age range ends before it starts.", description.id))
    return found


@enforces("CAP-3")
def check_eligibility(policy: Policy, record: Mapping[str, object]) -> list[Fault]:
    """Check a gallery record (a manifest row) against every rule of the repository and its columns."""
    found = [
        Fault(column.name, f"{column.label} is missing.", policy.gallery.eligibility[0].id)
        for column in policy.gallery.columns
        if column.required and not _text(record.get(column.name))
    ]
    missing = {fault.field for fault in found}
    for rule in policy.gallery.eligibility:
        value = _text(record.get(rule.field)).lower()
        if rule.field in missing:
            found = [fault for fault in found if fault.field != rule.field]
            found.append(Fault(rule.field, rule.refusal, rule.id))
        elif (
            value in rule.forbidden
            or (rule.allowed and value not in rule.allowed)
            or (rule.pattern and not re.fullmatch(rule.pattern, value))
        ):
            found.append(Fault(rule.field, rule.refusal, rule.id))
    return found


def time_of(answer: object) -> time | None:
    """Return the time of day that was typed as hours and minutes, or None when it is none."""
    found = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)(:[0-5]\d)?", str(answer or ""))
    return time(int(found[1]), int(found[2])) if found else None


def _text(answer: object) -> str:
    if answer is None:
        return ""
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    return answer.isoformat() if isinstance(answer, date) else str(answer).strip()


def _wrong(fact: Fact, answer: str, today: date) -> str:
    if not visible(answer):
        return _missing(fact) if fact.required else ""
    if fact.kind == "choice" and answer not in {choice.value for choice in fact.choices}:
        return f"{fact.label}: choose one of the answers."
    if fact.kind == "yesno" and answer not in ("yes", "no"):
        return f"{fact.label} Answer yes or no."
    if fact.must_be and answer != fact.must_be:
        return fact.refusal
    if fact.kind == "date":
        return _wrong_date(fact, answer, today)
    if fact.kind == "time":
        return "" if time_of(answer) else f"{fact.label}: write the time as hours and minutes, for example 22:40."
    if fact.kind == "number":
        return _wrong_number(fact, answer)
    if fact.kind in ("text", "long") and is_filler(answer):
        return f"{fact.label}: write what it is; “{answer[:20]}” says nothing."
    if fact.kind in ("text", "long"):
        return _wrong_length(fact, answer)
    return ""


def _missing(fact: Fact) -> str:
    if fact.kind == "yesno" or fact.label.endswith("?"):
        return f"Answer: {fact.label}"
    return f"Choose an answer: {fact.label}." if fact.kind == "choice" else f"Fill in “{fact.label}”."


def _wrong_date(fact: Fact, answer: str, today: date) -> str:
    try:
        given = date.fromisoformat(answer)
    except ValueError:
        return f"{fact.label}: write a date as year-month-day, for example 2026-03-09."
    return f"{fact.label}: this date lies in the future." if given > today else ""


def _wrong_number(fact: Fact, answer: str) -> str:
    if not re.fullmatch(r"-?[0-9]{1,9}", answer):
        return f"{fact.label}: write a whole number."
    if fact.min_value is not None and int(answer) < fact.min_value:
        return f"{fact.label}: at least {fact.min_value}."
    if fact.max_value is not None and int(answer) > fact.max_value:
        return f"{fact.label}: at most {fact.max_value}."
    return ""


def _wrong_length(fact: Fact, answer: str) -> str:
    if not long_enough(answer, fact.min_length):
        return f"{fact.label}: at least {fact.min_length} characters are needed."
    if len(answer) > fact.max_length:
        return f"{fact.label}: at most {fact.max_length} characters fit, {len(answer)} were given."
    # so many characters are never one word over and over (`says_something` asks the same of a reason)
    least = max(fact.min_words, fact.min_length // 10)
    if len(different_words(answer)) < least:
        return f"{fact.label}: say it in at least {least} different words."
    return ""
