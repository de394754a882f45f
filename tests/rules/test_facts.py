"""Every question of every rule at its bounds: what lies just within is taken, what lies just beyond is refused.

The bounds stand in `facts.toml`, not read from the rules: one that a rule loses is missed here.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.policy import policy
from app.policy.base import Fact
from app.policy.days import present_day
from app.policy.facts import check_facts
from tests.rules.fact_table import accepted, asking, written

WRITTEN = written()
RULES = asking(policy())
#: each question, claiming the clauses of its rule
QUESTIONS = [
    pytest.param(rule_id, name, marks=pytest.mark.clause(*RULES[rule_id].authority), id=f"{rule_id}-{name}")
    for rule_id, facts in WRITTEN.items()
    if rule_id in RULES
    for name in facts
]


def valid(fact: Fact, bounds: dict) -> str:
    """An answer within the bounds."""
    if "must_be" in bounds:
        return bounds["must_be"]
    if fact.kind == "choice":
        return fact.choices[0].value
    if fact.kind == "number":
        return str(bounds.get("min_value", 1))
    other = {"yesno": "yes", "date": present_day().isoformat(), "time": "22:40"}
    return other.get(fact.kind) or typed(max(bounds.get("min_length", 0), 1), bounds)


def different_words(bounds: dict) -> int:
    """How many different words are asked for: by the rule, or one for every ten characters of the least length."""
    return max(bounds.get("min_words", 1), bounds.get("min_length", 0) // 10)


def typed(length: int, bounds: dict, fewer: int = 0) -> str:
    """So many characters, in as many different words as are asked for or `fewer`; one over and over says nothing."""
    words = different_words(bounds) - fewer
    if words < 1:
        return ("7 " * length)[: length - 1] + "7"
    begun = "".join(f"{number} " for number in range(10, 9 + words))
    return begun + "7" * (length - len(begun))


def refused(rule_id: str, name: str, answer: str) -> bool:
    """Whether this answer is a fault, all others being in order."""
    facts = RULES[rule_id].facts
    answers = {fact.name: valid(fact, WRITTEN[rule_id][fact.name]) for fact in facts}
    assert check_facts(facts, answers, rule_id) == []
    faults = check_facts(facts, answers | {name: answer}, rule_id)
    assert all((fault.field, fault.rule_id) == (name, rule_id) and fault.message for fault in faults)
    return bool(faults)


def test_the_table_has_every_question_of_the_rules_and_no_other():
    found = {rule_id: {fact.name: accepted(fact) for fact in rule.facts} for rule_id, rule in RULES.items()}
    assert found == WRITTEN, "read the difference, then: python -m tests.rules.fact_table --write"


@pytest.mark.parametrize(("rule_id", "name"), QUESTIONS)
def test_each_question_takes_what_lies_within_its_bounds_and_refuses_what_lies_beyond(rule_id, name):
    bounds = WRITTEN[rule_id][name]
    for nothing in ("", "   \n"):
        assert refused(rule_id, name, nothing) == bounds["required"], "left empty"
    if "must_be" in bounds:
        other = "no" if bounds["must_be"] == "yes" else "yes"
        assert refused(rule_id, name, other)
    if bounds.get("min_length", 0) > 1:
        short = typed(bounds["min_length"] - 1, bounds)
        assert refused(rule_id, name, short)
        assert refused(rule_id, name, short + " " * 40), "filled up with spaces"
        assert not refused(rule_id, name, typed(bounds["min_length"], bounds))
    if different_words(bounds) > 1:
        enough = bounds["min_length"] + 10
        few = typed(enough, bounds, fewer=1)
        assert refused(rule_id, name, few)
        assert refused(rule_id, name, f"{few} {few}"), "the same words over again"
        assert not refused(rule_id, name, typed(enough, bounds))
    if "min_words" in bounds:
        apart = "1 2 3 4 5 6 7 8 9 " * (1 + bounds.get("min_length", 0) // 18)
        assert refused(rule_id, name, apart.strip()), "figures apart are no word"
    if "max_length" in bounds:
        assert not refused(rule_id, name, typed(bounds["max_length"], bounds))
        assert refused(rule_id, name, typed(bounds["max_length"] + 1, bounds))
    if "min_value" in bounds:
        assert refused(rule_id, name, str(bounds["min_value"] - 1))
        assert not refused(rule_id, name, str(bounds["min_value"]))
    if "max_value" in bounds:
        assert not refused(rule_id, name, str(bounds["max_value"]))
        assert refused(rule_id, name, str(bounds["max_value"] + 1))


@pytest.mark.parametrize(("rule_id", "name"), QUESTIONS)
def test_each_question_refuses_an_answer_of_another_kind(rule_id, name):
    fact = next(one for one in RULES[rule_id].facts if one.name == name)
    wrong = {
        "choice": ["none of these"],
        "yesno": ["maybe"],
        "number": ["many", "1.5", "1e3"],
        "time": ["noon", "24:00", "7:5"],
        "date": ["yesterday", "2026-02-30", (present_day() + timedelta(days=1)).isoformat()],
    }
    for answer in wrong.get(fact.kind, []):
        assert refused(rule_id, name, answer), answer
