"""A reason, note or explanation says something: signs, spaces and characters that show nothing do not."""

from __future__ import annotations

import pytest

from app.policy.base import Fact
from app.policy.examination.answers import Answer, answer_faults
from app.policy.examination.worksheet import check_justified
from app.policy.facts import check_facts
from app.policy.types import Policy
from app.policy.words import says_something, visible
from app.policy.workload import end_fault

#: a zero-width space, a word joiner, a soft hyphen, a Hangul filler, a Braille blank, a variation selector
NOTHING = ("\u200b", "\u2060", "\u00ad", "\u3164", "\u2800", "\ufe0f", "\u202e")
FILLED = [".", "—", "." * 60, "-" * 60, "x" * 60, "x. " * 30, *(one * 60 for one in NOTHING), "a" + "\u200bb" * 1]


@pytest.mark.clause("SRC-2", "SRC-4", "REQ-4")
@pytest.mark.parametrize("text", FILLED, ids=ascii)
def test_what_only_fills_the_field_says_nothing_bypass(text: str) -> None:
    assert not says_something(text, 20)
    for kind in ("text", "long"):
        fact = Fact(name="x", label="X", kind=kind, min_length=20, min_words=2)
        assert check_facts((fact,), {"x": text}, "some-rule")


@pytest.mark.clause("SRC-4")
@pytest.mark.parametrize("padding", [*NOTHING, ".", "-", " "], ids=ascii)
def test_a_word_padded_to_its_length_is_still_one_word_bypass(padding: str) -> None:
    assert not says_something("Yes" + padding * 40, 20)
    assert not says_something("Yes yes " + padding * 40 + " yes", 20)
    fact = Fact(name="x", label="X", kind="long", min_length=20)
    assert check_facts((fact,), {"x": "Yes" + padding * 40}, "some-rule")


@pytest.mark.clause("SRC-2")
def test_an_invisible_answer_is_missing_and_one_not_required_may_be_bypass() -> None:
    asked = Fact(name="x", label="X", kind="text")
    assert "Fill in" in check_facts((asked,), {"x": "\u200b\u2060"}, "some-rule")[0].message
    assert check_facts((Fact(name="x", label="X", kind="text", required=False),), {"x": "\u200b"}, "some-rule") == []


@pytest.mark.parametrize(
    "text", ["The bridge is broader here.", "Die Nase ist breiter als dort.", "Нос шире, чем там."]
)
def test_a_sentence_says_something(text: str) -> None:
    assert says_something(text)
    assert says_something(text, len(text) - 10)


def test_a_short_answer_is_enough_where_no_length_is_demanded() -> None:
    assert all(says_something(text) for text in ("Ng", "7", "D4", "No. 5"))
    assert not any(says_something(text) for text in ("", None, " ", ".", "x", "\u200b"))
    assert visible(" a\u200bb \n c ") == "ab c"


@pytest.mark.clause("SRC-3", "SRC-5", "SRC-7")
@pytest.mark.parametrize("text", ["." * 60, "\u200b" * 60, "-" * 60, "x" * 60], ids=ascii)
def test_the_rules_with_a_length_of_their_own_ask_the_same_bypass(rules: Policy, text: str) -> None:
    assert end_fault(rules, text)
    unexplained = {rules.review.worksheet.features[0].value: {"verdict": "different_unexplained"}}
    stable = {one.value: {"verdict": "different_unexplained"} for one in rules.review.worksheet.features}
    assert check_justified(rules, stable | unexplained, text)
    said = Answer("The witness saw him from across a dark street at night.", "", text)
    for rule in (one for one in rules.review.inconsistencies.values() if one.grounds):
        assert any(fault.field.endswith("_source") for fault in answer_faults(rules, rule.id, "", said))
