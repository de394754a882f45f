"""Texts that share passages, however they were changed, and texts that are only alike (REQ-2, RET-11)."""

from __future__ import annotations

import random
import re

import pytest

from app.policy.matters.passages import alike, passages_of, told
from app.policy.types import Policy

TEXT = (
    "At about half past ten a man in a grey coat walked up to the counter of the grocery and asked for cigarettes. "
    "When the clerk turned around, he took a canvas bag with the day's takings and ran out by the side door. "
    "A camera over the door recorded his face. He went down Fulton Street towards the subway at Nostrand Avenue. "
    "The clerk had never seen him before, and nobody in the street could say who he was."
)
OTHER = (
    "Shortly before midnight two women were pushed at the bus stop by a man in a grey coat, who asked for cigarettes. "
    "He had never been seen there before. A camera over the street recorded his face when he went towards the avenue. "
    "One of the women said that he took her bag and ran, and nobody could say who he was."
)
CYRILLIC = str.maketrans("aeopcx", "\u0430\u0435\u043e\u0440\u0441\u0445")


def share(rules: Policy, first: str, second: str) -> int:
    rule = rules.request.proposal
    one, two = passages_of(rule, [first]), passages_of(rule, [second])
    return alike(rule, one & two, one, two)


def shuffled(text: str) -> str:
    sentences = re.split(r"(?<=\.) ", text)
    random.Random(4).shuffle(sentences)
    return " ".join(sentences)


@pytest.mark.clause("REQ-2", "RET-11")
@pytest.mark.parametrize(
    "changed",
    [
        TEXT,
        TEXT.upper(),
        shuffled(TEXT),
        TEXT.replace(".", ";").replace(",", " -"),
        TEXT.replace(". ", "."),
        TEXT.translate(CYRILLIC),
        TEXT.replace(" ", "\u200b"),
        TEXT.replace("'", "\u2019"),
        TEXT.replace("er", "e\u00adr"),
        TEXT.replace("Fulton Street", "Fulton St.").replace("Nostrand Avenue", "Nostrand Ave."),
        shuffled(TEXT).translate(CYRILLIC).replace(",", "").replace("Street", "St"),
        TEXT[: len(TEXT) // 2],
        "The investigation began on Friday. " + TEXT + " " + OTHER,
        shuffled(TEXT).replace("man", "male").replace("clerk", "salesperson").replace("bag", "sack"),
    ],
)
def test_a_text_that_was_reworded_by_its_signs_is_the_same_bypass(rules: Policy, changed: str) -> None:
    assert share(rules, TEXT, changed) >= rules.request.proposal.texts.least_percent
    assert share(rules, changed, TEXT) == share(rules, TEXT, changed)


@pytest.mark.clause("REQ-2")
def test_two_texts_of_the_same_words_are_not_one(rules: Policy) -> None:
    assert share(rules, TEXT, OTHER) == 0
    words = TEXT.split()
    random.Random(4).shuffle(words)
    assert share(rules, TEXT, " ".join(words)) == 0


@pytest.mark.clause("REQ-2")
def test_a_few_words_in_common_are_not_enough_though_they_are_a_whole_text(rules: Policy) -> None:
    least = rules.request.proposal.texts.least + rules.request.proposal.texts.words - 1
    words = TEXT.split()
    assert share(rules, TEXT, " ".join(words[: least - 1])) == 0
    assert share(rules, TEXT, " ".join(words[:least])) == 100
    # and of a long text a part that is small is not either
    assert share(rules, TEXT, " ".join(words[:least]) + " " + OTHER) == 0


def test_what_is_shown_of_two_texts_are_their_common_runs_longest_first(rules: Policy) -> None:
    rule = rules.request.proposal
    first = "He ran out by the side door. " + OTHER
    shared = passages_of(rule, [first]) & passages_of(rule, [TEXT])
    runs = told(rule, [first], shared)
    assert runs[0] == "ran out by the side door"
    assert len(runs) <= rule.texts.most_shown
    whole = told(rule, [TEXT], passages_of(rule, [TEXT]))
    assert len(whole) == 1
    assert whole[0].endswith(" …")
    assert len(whole[0].split()) == rule.texts.most_words + 1
