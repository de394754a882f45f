"""The reference of an entry has the form of one, and a priority fits the offense chosen (REQ-5, REQ-1)."""

from __future__ import annotations

import pytest

from app.extensions import db
from app.policy import policy
from app.policy.entries import reference_fault
from app.policy.offenses import priority_fault
from app.workflow import explain
from tests.drawn_gallery import needs_models
from tests.request_factory import FACTS


@pytest.mark.clause("REQ-5")
@pytest.mark.parametrize(
    "given",
    [
        "done",
        "Done 2026",
        "ok 123",
        "see above",
        "entered",
        "12",
        "A-12",
        "n/a",
        "...",
        "",
        None,
        "\u2460\u2461",
        "TBD-2026",
    ],
)
def test_a_word_in_its_place_is_no_reference_of_an_entry_bypass(app, given) -> None:
    assert reference_fault(policy(), given)


@pytest.mark.clause("REQ-5")
def test_the_number_of_the_case_or_the_request_is_no_entry_in_it_bypass(app) -> None:
    others = ("2026-075-01234", "FR-2026-00001")
    for number in ("2026-075-01234", "2026-075-1234 ", "fr-2026-00001", "FR - 2026 - 1"):
        assert reference_fault(policy(), number, others), number
    assert reference_fault(policy(), "2026-075-01235", others) is None


@pytest.mark.clause("REQ-5")
@pytest.mark.parametrize("given", ["CMS-2026-0815", "cms-2026-004711, entry 3", "DD5 #14 (2026)", "4711", "E.2026/118"])
def test_a_reference_of_the_system_is_taken_as_it_writes_it(app, given) -> None:
    assert reference_fault(policy(), given) is None


@pytest.mark.clause("REQ-1")
@pytest.mark.parametrize("offense", ["traffic", "petit_larceny", "disorderly_conduct", "grand_larceny", "arson_4"])
def test_a_priority_for_violent_felonies_is_not_chosen_for_another_offense_bypass(app, offense) -> None:
    said = priority_fault(policy(), "violent_felony", "USE-1", {"listed": offense})
    assert said and "does not fit" in said
    assert priority_fault(policy(), "other", "USE-1", {"listed": offense}) is None


@pytest.mark.clause("REQ-1")
def test_it_is_chosen_for_one_and_under_uses_that_ask_for_no_offense(app) -> None:
    assert priority_fault(policy(), "violent_felony", "USE-1", {"listed": "robbery"}) is None
    assert priority_fault(policy(), "violent_felony", "USE-2", {}) is None
    assert priority_fault(policy(), "threat_to_life", "USE-1", {"listed": "other_misdemeanor"}) is None


@needs_models
@pytest.mark.clause("REQ-1")
def test_a_draft_with_a_priority_that_does_not_fit_is_not_submitted(make, people) -> None:
    request = make.request(state="draft")
    assert explain(request, "submit", people.actor("d.lark")) is None
    request.priority = "violent_felony"
    request.seal(facts={**FACTS["USE-1"], "listed": "petit_larceny"})
    assert explain(request, "submit", people.actor("d.lark")).rule_id == "priority_reasoned"
    db.session.rollback()


def test_an_offense_called_like_its_class_says_so_once(app) -> None:
    rule = policy().request.seriousness
    assert rule.named(rule.offense("traffic")) == "Traffic infraction"
    assert rule.named(rule.offense("robbery")) == "Robbery (felony)"
