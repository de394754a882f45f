"""A basis that is only worded like one: each question passed over, padded, answered for another, or asked of no use."""

import pytest

from app.policy.facts import check_lawful_basis, check_source, check_use_facts
from app.policy.types import Policy
from tests.request_factory import FACTS

ONE = "The bag was taken by the person in the image, as the camera over the door shows."


def wrong(rules: Policy, use: str, **changes: str) -> set[str]:
    """The fields that are refused of a whole basis in which some answers are changed."""
    whole = FACTS[use]
    assert check_use_facts(rules, use, whole) == []
    found = check_use_facts(rules, use, whole | changes)
    assert {fault.rule_id for fault in found} <= {use}
    return {fault.field for fault in found}


@pytest.mark.clause("USE-1")
@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("offense", "none"),
        ("offense", "N/A."),
        ("offense", "u n k n o w n"),
        ("offense", "\u0578one"),
        ("when_where", FACTS["USE-1"]["offense"].upper() + "!"),
        ("involvement", "might_commit_one_day"),
        ("involvement", "has_committed "[:-1].title()),
        ("why_believed", "suspicious " * 6),
        ("why_believed", "he did" + "\u200b" * 60),
        ("why_believed", "---------- he did it ----------"),
    ],
)
def test_a_crime_and_a_reason_are_not_passed_over_in_other_words_bypass(rules: Policy, field: str, said: str) -> None:
    assert wrong(rules, "USE-1", **{field: said}) == {field}


@pytest.mark.clause("USE-2")
@pytest.mark.parametrize("which", ["suspect", "witness,crime_victim", "Witness", "associate of a witness", "on"])
def test_nobody_but_the_three_is_called_one_of_them_bypass(rules: Policy, which: str) -> None:
    assert wrong(rules, "USE-2", which=which) == {"which"}


@pytest.mark.clause("USE-2", "CAP-2")
@pytest.mark.parametrize("use", ["USE-2", "USE-3", "USE-4", "USE-6"])
def test_the_facts_of_a_suspicion_do_not_travel_under_a_use_that_asks_for_none_bypass(rules: Policy, use: str) -> None:
    """By another route: the suspect is filed as somebody else, the suspicion goes along in the facts."""
    smuggled = {"offense": "Robbery in the second degree", "involvement": "has_committed"}
    assert wrong(rules, use, **smuggled) == set(smuggled)
    assert {fact.name for fact in rules.use(use).facts}.isdisjoint(smuggled)


@pytest.mark.clause("USE-3")
@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("reference", "pending"),
        ("reference", "T.B.D."),
        ("reference", FACTS["USE-3"]["found"]),
        ("reference", "###"),
        ("found", "dead dead dead dead"[:14]),
        ("found", "..............."),
    ],
)
def test_a_death_without_its_place_or_reference_is_none_bypass(rules: Policy, field: str, said: str) -> None:
    assert wrong(rules, "USE-3", **{field: said})


@pytest.mark.clause("USE-4")
@pytest.mark.parametrize("attended_by", ["nobody", "Not known", "see case file", FACTS["USE-4"]["why_unable"]])
def test_who_cannot_speak_for_themselves_is_attended_by_somebody_bypass(rules: Policy, attended_by: str) -> None:
    assert wrong(rules, "USE-4", attended_by=attended_by) == {"attended_by"}


@pytest.mark.clause("USE-6")
def test_one_sentence_under_every_question_makes_no_threat_imminent_bypass(rules: Policy) -> None:
    """By repeating, and by repeating in capitals, with other signs, with letters of another script, among spaces."""
    said = FACTS["USE-6"]["threat"]
    disguised = (said, said.upper(), f"  {said[:-1]} …!", said.replace("a", "а"), said.replace(" ", "\u00a0\u200b"))
    for again in disguised:
        assert wrong(rules, "USE-6", why_imminent=again, how_it_helps=again) == {"why_imminent", "how_it_helps"}, again
    assert wrong(rules, "USE-6", why_imminent="It is imminent.", who_at_risk="unknown") == {
        "why_imminent",
        "who_at_risk",
    }


@pytest.mark.clause("LIM-4")
def test_how_an_image_was_obtained_is_not_passed_over_bypass(rules: Policy) -> None:
    assert check_lawful_basis(rules, "owner_consent", {"who": "The store's owner, 22 November 2026"}) == []
    for said in ("n/a", "Unknown", "see above", "x", "???", ""):
        assert check_lawful_basis(rules, "owner_consent", {"who": said}), said
        assert check_source(rules, "surveillance_still", {"camera": said}), said
    warrant = {"reference": "Supreme Court, warrant 2026-118"}
    assert [fault.field for fault in check_lawful_basis(rules, "owner_consent", warrant)] == ["reference", "who"]
    for invented in ("bought", "", "OWNER_CONSENT", "legal_process owner_consent"):
        (fault,) = check_lawful_basis(rules, invented, warrant)
        assert fault.rule_id == "refuse-not-lawfully-obtained", invented
