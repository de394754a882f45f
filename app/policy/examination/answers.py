"""The rules of content for an answer to a contradiction and for a supervisor's agreement with it (SRC-3, EXT-2)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app.clauses import enforces
from app.policy.examination.types import AnswerRule
from app.policy.facts import Fault
from app.policy.types import Policy
from app.policy.words import says_something, visible

#: after the rule's id, the names of the two further parts of an answer
GROUND, SOURCE = "_ground", "_source"
WORD = re.compile(r"[^\W_][\w'’/-]*")


@dataclass(frozen=True, slots=True)
class Answer:
    """An examiner's answer: the ground as chosen, the source it rests on, the words."""

    text: str = ""
    ground: str = ""
    source: str = ""

    @classmethod
    def of(cls, rule_id: str, given: Mapping[str, Any]) -> "Answer":
        """Return the answer to one contradiction among everything a form sent or a check keeps."""
        parts = (given.get(rule_id + part) for part in ("", GROUND, SOURCE))
        return cls(*(str(part or "").strip() for part in parts))


@enforces("SRC-3", "EXT-2")
def answer_faults(
    policy: Policy, rule_id: str, contradiction: str, answer: Answer, others: Iterable[str] = ()
) -> list[Fault]:
    """Return what an answer lacks. ``contradiction``: what it answers; ``others``: the words given to the others.

    The field of a fault is that of the form: the rule's id, with its ending for ground and source.
    """
    least, rule = policy.review.inconsistency_answer, policy.review.inconsistencies.get(rule_id)
    title, found = rule.title if rule else rule_id, []
    wrong = substance_fault(least, answer.text, contradiction, others)
    if wrong:
        found.append(Fault(rule_id, f"{title}: {wrong}", least.id))
    if rule is not None and rule.grounds:
        if answer.ground not in {ground.value for ground in rule.grounds}:
            found.append(Fault(rule_id + GROUND, f"{title}: choose why it does not stand.", rule.id))
        if not says_something(answer.source, least.min_source) or substance_words(least, answer.source, "") == 0:
            message = f"{title}: name the source in at least {least.min_source} characters."
            found.append(Fault(rule_id + SOURCE, message, rule.id))
    return found


@enforces("SRC-3", "SRC-5", "EXT-2")
def agreement_fault(policy: Policy, words: str, contradiction: str, others: Iterable[str] = ()) -> str | None:
    """Return what a supervisor's words on an answer lack. ``others``: the answer itself and the words on other ones."""
    rule = policy.review.inconsistency_agreement
    return substance_fault(rule, words, contradiction, others, policy.review.inconsistency_answer.idle)


def substance_fault(
    rule: AnswerRule, text: str, contradiction: str, others: Iterable[str] = (), idle: Iterable[str] = ()
) -> str | None:
    """Return why a text says nothing of its own, or None."""
    if _same_words(text) in {_same_words(other) for other in others if other.strip()}:
        return "write on it by itself; these words stand elsewhere already."
    if not says_something(text, rule.count):
        return f"answer this in at least {rule.count} characters."
    if substance_words(rule, text, contradiction, idle) < rule.min_words:
        return (
            f"say what this matter shows: at least {rule.min_words} different words that neither dismiss the "
            "contradiction nor repeat it."
        )
    return None


def substance_words(rule: AnswerRule, text: str, contradiction: str, idle: Iterable[str] = ()) -> int:
    """Count the different words that count: neither idle ones nor those of the contradiction itself."""
    return len(_words(text) - _words(contradiction) - {*rule.idle, *idle})


def _words(text: str) -> set[str]:
    return {word.replace("’", "'") for word in WORD.findall(visible(text).casefold())}


def _same_words(text: str) -> str:
    return " ".join(WORD.findall(visible(text).casefold()))
