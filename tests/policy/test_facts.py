"""What the checks of stated facts do with awkward answers."""

import dataclasses
from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st

from app.policy.base import Choice, Fact
from app.policy.case_numbers import canonical_number, check_case_number
from app.policy.disclosures import rules as disclosing
from app.policy.facts import (
    check_description,
    check_eligibility,
    check_facts,
    check_lawful_basis,
    check_outcome,
    check_prohibited,
    check_purpose,
    check_questions,
    check_reserved,
    check_source,
    check_use_facts,
    outcomes_after,
)
from app.policy.loader import DEFAULT_DIRECTORY, load
from app.policy.types import Policy

ANSWERS = st.dictionaries(
    st.text(max_size=12), st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=60)), max_size=6
)


def test_blank_is_not_an_answer() -> None:
    fact = Fact(name="x", label="Place", kind="text")
    assert [f.message for f in check_facts((fact,), {"x": "   "}, "r")] == ["Fill in “Place”."]


@pytest.mark.parametrize(
    ("fact", "said"),
    [
        (Fact(name="x", label="Which camera or recording", kind="long"), "Fill in “Which camera or recording”."),
        (Fact(name="x", label="Is it so?", kind="yesno"), "Answer: Is it so?"),
        (
            Fact(
                name="x", label="The person is believed to be", kind="choice", choices=(Choice(value="a", label="A"),)
            ),
            "Choose an answer: The person is believed to be.",
        ),
    ],
)
def test_what_is_missing_is_named(fact: Fact, said: str) -> None:
    assert [f.message for f in check_facts((fact,), {}, "r")] == [said]


@pytest.mark.clause("LIM-3")
def test_a_question_on_purpose_left_open_is_named(rules: Policy) -> None:
    faults = check_purpose(rules, {}, False)
    assert [f.message for f in faults] == [f"Answer: {rule.question}" for rule in rules.request.prohibitions.values()]


@pytest.mark.clause("LIM-2", "LIM-3", "LIM-7")
def test_each_question_on_purpose_is_refused_by_the_one_check_of_its_kind_whatever_it_is_called_bypass(
    rules: Policy,
) -> None:
    """A purpose reserved to somebody else is not lifted for the Bureau, and none falls between the two checks."""
    known = rules.request.prohibitions
    closed = msgspec.structs.replace(known["live-video"], id="drone-video")
    reserved = msgspec.structs.replace(known["political-activity"], id="own-people", except_capability="figures.read")
    asked = {**known, closed.id: closed, reserved.id: reserved}
    more = dataclasses.replace(rules, request=dataclasses.replace(rules.request, prohibitions=asked))
    answers = {name: one.refused_answer for name, one in asked.items()}
    prohibited = [fault.rule_id for fault in check_prohibited(more, answers)]
    assert prohibited == [*(name for name in known if name != "political-activity"), "drone-video"]
    for held, refused in (
        ((), ["political-activity", "own-people"]),
        (("request.political",), ["own-people"]),
        (("figures.read",), ["political-activity"]),
        (("request.political", "figures.read"), []),
    ):
        assert [fault.rule_id for fault in check_reserved(more, answers, held)] == refused
    assert [fault.rule_id for fault in check_purpose(more, answers, True)] == [*prohibited, "own-people"]
    assert len(check_purpose(more, {}, True)) == len(asked), "left open"


def test_the_outcomes_offered_fit_the_result(rules: Policy) -> None:
    """Nobody is eliminated who was not listed; without a result that stands only what fits any is left."""
    offered = {result: {rule.id for rule in outcomes_after(rules, result)} for result in ("negative", "possible_match")}
    assert offered["possible_match"] - offered["negative"] == {"eliminated", "person_identified"}
    assert outcomes_after(rules, None) == outcomes_after(rules, "negative")
    (fault,) = check_outcome(rules, "eliminated", {"how": "Two witnesses place him elsewhere."}, "negative")
    assert (fault.field, fault.rule_id) == ("outcome", "eliminated")


@pytest.mark.parametrize(
    ("fact", "answer", "said"),
    [
        (Fact(name="x", label="X", kind="text", min_length=3), "ab", "at least 3"),
        (Fact(name="x", label="X", kind="text", max_length=3), "abcd", "at most 3"),
        (Fact(name="x", label="X", kind="number", min_value=20), "19", "at least 20"),
        (Fact(name="x", label="X", kind="number", max_value=96), "97", "at most 96"),
        (Fact(name="x", label="X", kind="number"), "5'10", "whole number"),
        (Fact(name="x", label="X", kind="number"), "٣", "whole number"),
        (Fact(name="x", label="X", kind="date"), "03/09/2026", "year-month-day"),
        (Fact(name="x", label="X", kind="date"), "2026-03-10", "future"),
        (Fact(name="x", label="X", kind="yesno"), "maybe", "yes or no"),
        (
            Fact(name="x", label="X", kind="choice", choices=(Choice(value="a", label="A"),)),
            "A",
            "choose one",
        ),
        (
            Fact(name="x", label="X", kind="yesno", must_be="yes", refusal="Not allowed."),
            False,
            "Not allowed.",
        ),
    ],
)
def test_each_kind_has_its_bounds(fact: Fact, answer: object, said: str) -> None:
    (fault,) = check_facts((fact,), {"x": answer}, "some-rule", today=date(2026, 3, 9))
    assert (fault.field, fault.rule_id) == ("x", "some-rule")
    assert said in fault.message


@pytest.mark.parametrize("answer", [date(2026, 3, 9), "2026-03-09"])
def test_today_is_no_future(answer: object) -> None:
    fact = Fact(name="x", label="X", kind="date")
    assert check_facts((fact,), {"x": answer}, "r", today=date(2026, 3, 9)) == []


@how(deadline=None)
@given(facts=ANSWERS, word=st.text(max_size=20))
def test_no_answer_whatever_makes_a_check_fall_over(facts: dict[str, object], word: str) -> None:
    rules = load_once()
    for use_id in (*rules.uses, word):
        check_use_facts(rules, use_id, facts)
    for source_id in (*rules.request.sources, word):
        check_source(rules, source_id, facts, "USE-1")
    check_lawful_basis(rules, word, facts)
    check_outcome(rules, word, facts)
    check_case_number(rules, word)
    check_description(rules, facts)
    assert check_purpose(rules, facts, True)
    assert check_eligibility(rules, facts)


@how(deadline=None)
@given(facts=ANSWERS, word=st.text(max_size=20), other=st.text(max_size=20))
def test_no_disclosure_whatever_makes_a_check_fall_over(facts: dict[str, object], word: str, other: str) -> None:
    rules = load_once()
    for basis_id in (*rules.disclosure.bases, word, None):
        disclosing.check_basis_facts(rules, basis_id, facts, other)
        disclosing.check_documents(rules, basis_id, {other})
        for recipient_id in (*rules.disclosure.recipients, word, None):
            disclosing.check_basis(rules, basis_id, recipient_id)
            disclosing.check_disclosure_purpose(rules, other, recipient_id, basis_id)
            disclosing.check_agreement(rules, recipient_id, basis_id, facts)
    for recipient_id in (*rules.disclosure.recipients, word, None):
        assert disclosing.check_recipient(rules, recipient_id, facts, facts)
    assert disclosing.check_identity(rules, facts)
    assert disclosing.check_minimum(rules, facts)


def load_once(loaded: list[Policy] = []) -> Policy:  # noqa: B006  (a cache for the property test)
    if not loaded:
        loaded.append(load(DEFAULT_DIRECTORY))
    return loaded[0]


@pytest.mark.clause("REQ-2")
@pytest.mark.parametrize(
    "number", ["2026-75-1", "2026-075-1234567", "1826-075-12", "2026-075-01234\n1", "DB-26-1", "--"]
)
def test_numbers_of_no_accepted_form(rules: Policy, number: str) -> None:
    (fault,) = check_case_number(rules, number)
    assert "2026-075-01234" in fault.message
    assert fault.rule_id == "complaint-number"


@pytest.mark.clause("REQ-2")
@pytest.mark.parametrize(
    ("typed", "number"),
    [
        (" db-2026-4711 ", "DB-2026-4711"),
        ("DB-2026-04711", "DB-2026-4711"),
        ("2026-075-1234", "2026-075-01234"),
        ("2026-075-001234", "2026-075-01234"),
        ("2026-075-0", "2026-075-00000"),
        ("2026-075-123456", "2026-075-123456"),
        ("2026 - 075 - 01234", "2026-075-01234"),
        ("2026\u2013075\u201301234", "2026-075-01234"),
        ("\uff12\uff10\uff12\uff16-075-01234", "2026-075-01234"),
        ("2026-075-\u200b01234", "2026-075-01234"),
    ],
)
def test_one_number_has_one_form_however_it_is_typed_bypass(rules: Policy, typed: str, number: str) -> None:
    assert check_case_number(rules, typed) == []
    assert canonical_number(rules, typed) == number


@pytest.mark.clause("REQ-2")
def test_an_arrest_number_is_linked_in_one_form_and_filed_under_by_nobody(rules: Policy) -> None:
    assert check_case_number(rules, "m26601", linked=True) == []
    assert canonical_number(rules, "m26601") == canonical_number(rules, "M26000601") == "M26000601"
    (fault,) = check_case_number(rules, "M26000601")
    assert "M26600001" not in fault.message


@pytest.mark.clause("REQ-2")
def test_a_number_of_a_year_to_come_is_refused_until_the_year_begins(rules: Policy) -> None:
    last, new = date(2026, 12, 31), date(2027, 1, 1)
    (fault,) = check_case_number(rules, "2027-075-01234", today=last)
    assert fault.message == ("'2027-075-01234': the year 2027 lies in the future. Check the number; it is 2026 now.")
    assert check_case_number(rules, "2027-075-01234", today=new) == []
    assert check_case_number(rules, "2026-075-01234", today=last) == []
    assert check_case_number(rules, "DB-2027-4711", today=last)
    assert check_case_number(rules, "M27600001", linked=True, today=last) == [], "two digits name no century"


@pytest.mark.clause("REQ-2")
@pytest.mark.parametrize(
    "typed", ["db-2098-4711", "DB - 2098 - 04711", "\uff12\uff10\uff19\uff18-075-1234", "2098\u2013075\u20131"]
)
def test_no_way_of_writing_it_and_no_link_takes_a_number_of_a_year_to_come_bypass(rules: Policy, typed: str) -> None:
    assert "lies in the future" in check_case_number(rules, typed)[0].message
    assert "lies in the future" in check_case_number(rules, typed, linked=True)[0].message


@pytest.mark.clause("REQ-2")
def test_digits_of_another_script_make_no_second_number_bypass(rules: Policy) -> None:
    assert check_case_number(rules, "2026-075-\u0661\u0662\u0663\u0664")


@pytest.mark.clause("SRC-3")
def test_the_background_check_leaves_nothing_out(rules: Policy) -> None:
    background = rules.review.background
    complete = {
        f.name: "supports" if f.kind == "choice" else "NCIC-free text of what was read" for f in background.facts
    }
    assert check_questions(background, complete) == []
    asked = {name: check_questions(background, {k: v for k, v in complete.items() if k != name}) for name in complete}
    assert asked.pop("custody_intervals") == [], "someone who was never confined has no days to give"
    assert asked.pop("alibi_source") == [], "where nothing speaks of an alibi there is no source to name"
    assert len(asked) == 9
    for name, faults in asked.items():
        assert [(fault.field, fault.rule_id) for fault in faults] == [(name, "background-check")]


def test_the_description_may_be_empty_but_not_absurd(rules: Policy) -> None:
    assert check_description(rules, {}) == []
    assert check_description(rules, {"height_in": "70", "age_from": 20, "age_to": "20"}) == []
    assert [f.field for f in check_description(rules, {"height_in": "700"})] == ["height_in"]
    assert [f.field for f in check_description(rules, {"age_from": "30", "age_to": "20"})] == ["age_to"]


@pytest.mark.clause("FAIR-4")
def test_no_form_asks_for_race(rules: Policy) -> None:
    asked = {f.name for rule in rules.rules.values() for f in getattr(rule, "facts", ())}
    asked |= {column.name for column in rules.gallery.columns}
    assert not asked & {
        "race",
        "color",
        "colour",
        "ethnicity",
        "skin",
        "skin_tone",
        "national_origin",
        "religion",
    }
