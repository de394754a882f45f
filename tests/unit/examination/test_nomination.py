"""What bars a nomination: contradictions unanswered, differences unjustified, a record gone, too little support."""

from __future__ import annotations

import pytest

from app import audit
from app.domain.examination import verbs as examination
from app.domain.examination.contradictions import of_nominee
from app.domain.peers import nomination
from app.policy import policy
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from tests.unit_stages import BACKGROUND, SAME, answered, worksheet

#: a height that no drawn person comes near, and the rest not described
SHORT = {"description": {"height_in": "40"}}


@pytest.fixture
def nominate(make, people):
    """nominate(request, opinion, retained?, items, answers, justification): the rule that refuses, or None."""

    def put(
        request, *, opinion="p2", sheet=None, items=None, answers=None, justification="", agree=True, reason=SAME
    ) -> str | None:
        actor = people.actor("k.rowan")
        for name in ("j.maple", "n.finch"):
            people.account(name)
        candidate = min(request.current_round.search.candidates, key=lambda one: one.rank)
        if not request.current_round.dispositions:
            make.dispose_all(request, retain=candidate)
        with unit_of_work():
            examination.dispose(request, actor, candidate, "retained", sheet or worksheet(), "", justification)
        with unit_of_work():
            examination.check_background(request, actor, candidate, {**BACKGROUND, **(items or {})}, answers)
        if agree:
            make.agree(request)
        try:
            with unit_of_work():
                nomination.nominate(request, actor, candidate, opinion, reason)
        except Refused as refused:
            return refused.rule_id
        return None

    return put


@pytest.mark.clause("SRC-3")
def test_each_inconsistency_is_answered_by_itself_before_a_nomination(make, nominate):
    request = make.request(state="under_examination", values=SHORT)
    said_by = {"alibi": "contradicts", "alibi_source": "The night clerk of a hotel, by telephone"}
    found = {"items": {**said_by, "custody_intervals": "2026-11-01 to today"}}
    height, custody, alibi = ("inconsistency-height", "inconsistency-custody", "inconsistency-alibi")
    assert nominate(request, **found) == "inconsistencies_answered"
    two = {**answered(height), **answered(custody)}
    assert nominate(request, **found, answers=two) == "inconsistencies_answered"
    assert nominate(request, **found, answers={**two, **answered(alibi), alibi: "He says so."}) == (
        "inconsistencies_answered"
    )
    whole = {**two, **answered(alibi)}
    assert nominate(request, **found, answers=whole, agree=False) == "holding_agreed"
    assert nominate(request, **found, answers=whole) is None
    check = request.current_round.background_of(request.current_round.nominee)
    assert {one["rule"] for one in check.private["compared"] if one["status"] == "inconsistent"} == {
        height,
        custody,
        alibi,
    }
    unknown = {one["rule"] for one in check.private["compared"] if one["status"] == "not_known"}
    silent = {f"inconsistency-{name}" for name in ("age", "marks", "weight")}
    assert unknown == silent, "the examiner said of everything else that it supports"


@pytest.mark.clause("SRC-3")
def test_the_record_is_compared_as_it_stands_at_the_nomination(make, nominate, people):
    request = make.request(state="under_examination", values={"description": {"weight_lb": "160"}})
    candidate = min(request.current_round.search.candidates, key=lambda one: one.rank)

    def weigh(pounds: str) -> None:
        with unit_of_work():
            candidate.person.seal(weight_lb=pounds)
            audit.record("gallery.enrolled", batch="tests", photos=0, generation=1)

    weigh("200")
    found = {"height": "unknown", "weight": "supports"}
    assert nominate(request, opinion="p1", items=found) == "nomination_supported", "nothing else stands in the way"
    weigh("201")
    actor = people.actor("k.rowan")
    with pytest.raises(Refused) as refused, unit_of_work():
        nomination.nominate(request, actor, candidate, "p2", SAME)
    assert refused.value.rule_id == "inconsistencies_answered"


@pytest.mark.clause("CAP-3", "SRC-3")
def test_a_photograph_of_a_dismissed_arrest_is_not_nominated_whatever_is_answered(make, nominate):
    request = make.request(state="under_examination")
    gone, whole = {"record_status": "contradicts"}, answered("inconsistency-record")
    assert nominate(request, items=gone, answers=whole) == "nominee_record_eligible"


@pytest.mark.clause("CAP-3", "SRC-3")
def test_no_longer_eligible_is_not_unsaid_without_an_answer_and_a_supervisor_bypass(make, nominate):
    request = make.request(state="under_examination")
    assert nominate(request, items={"record_status": "contradicts"}) == "nominee_record_eligible"
    assert nominate(request) == "inconsistencies_answered", "said the other way a minute later, it is still on record"
    whole = answered("inconsistency-record")
    without = {name: text for name, text in whole.items() if not name.endswith("_source")}
    assert nominate(request, answers=without) == "inconsistencies_answered", "who says that it is eligible again?"
    assert nominate(request, answers=whole, agree=False) == "holding_agreed"
    assert nominate(request, answers=whole) is None
    kept = next(one for one in of_nominee(request.current_round) if one.rule_id == "inconsistency-record")
    assert not kept.standing
    assert "No longer eligible" in kept.text, "page, file and report print what was found before"
    assert kept.agreed


@pytest.mark.clause("SRC-3", "CAP-3")
def test_whatever_the_check_can_find_against_a_candidate_is_kept_by_a_rule():
    rules = policy().review
    can_contradict = {
        fact.name for fact in rules.background.facts if "contradicts" in {choice.value for choice in fact.choices}
    }
    assert can_contradict == {"height", "weight", "age", "marks", "custody", "location", "alibi", "record_status"}
    assert {rule.fact for rule in rules.inconsistencies.values()} == can_contradict


@pytest.mark.clause("SRC-2", "SRC-5")
def test_an_unexplained_difference_in_a_lasting_component_is_justified_or_bars_the_nomination(make, nominate):
    request = make.request(state="under_examination")
    ears = {"verdict": "different_unexplained", "note": "The lobe is attached in one."}
    assert nominate(request, sheet={**worksheet(), "ears": ears}) == "unexplained_justified"
    hair = {**worksheet(), "hair": ears}
    assert nominate(request, sheet=hair, opinion="p1") == "nomination_supported", "hair changes easily"
    why = "The lobe is cut off by the frame of the still; the rest of the ear was compared."
    assert nominate(request, sheet={**worksheet(), "ears": ears}, justification=why) is None


@pytest.mark.clause("SRC-4", "FAIR-1")
@pytest.mark.parametrize("opinion", ["p1", "0", "m1", "ns", "", "supported"])
def test_less_than_support_nominates_nobody(make, nominate, opinion):
    request = make.request(state="under_examination")
    assert nominate(request, opinion=opinion) == "nomination_supported"
    assert request.current_round.opinion is None


@pytest.mark.clause("SRC-6", "FAIR-1")
@pytest.mark.parametrize(("second", "approved"), [("p1", True), ("0", False), ("m3", False), ("ns", False)])
def test_every_peer_finds_at_least_limited_support(make, second, approved):
    request = make.request(state="peer_reviewed", opinions=("p1", second))
    if approved:
        make.approve(request)
        assert request.state == "approved"
        return
    with pytest.raises(Refused) as refused:
        make.approve(request)
    assert refused.value.rule_id == "peers_unanimous"


@pytest.mark.clause("SRC-2")
def test_a_note_without_a_verdict_is_not_lost_in_silence(make, people):
    request = make.request(state="under_examination")
    actor, candidate = people.actor("k.rowan"), request.current_round.search.candidates[0]
    named = {"nose": {"verdict": "different_unexplained"}, "cheeks": {"verdict": "", "note": "Fuller", "parts": {}}}
    with pytest.raises(Refused) as refused, unit_of_work():
        examination.dispose(request, actor, candidate, "excluded", named, "")
    assert [fault.field for fault in refused.value.faults] == ["cheeks"]
    named["cheeks"] = {"verdict": "similar", "note": "Fuller", "parts": {"dimples": "similar", "gait": "similar"}}
    with unit_of_work():
        row = examination.dispose(request, actor, candidate, "excluded", named, "")
    assert row.private["features"]["cheeks"]["parts"] == {"dimples": "similar"}


@pytest.mark.clause("SRC-4")
@pytest.mark.parametrize("reason", ["-" * 25, "." * 25, "\u200b" * 25, "x" * 25, "Yes." + "\u2060" * 25], ids=ascii)
def test_a_reason_that_says_nothing_nominates_nobody_bypass(make, nominate, reason):
    assert nominate(make.request(state="under_examination"), reason=reason) == "nomination"
