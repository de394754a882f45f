"""On what an exclusion may rest; a candidate that cannot be compared; pace before the supervisor (SRC-2, FAIR-1)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app import audit
from app.domain.approval.report_facts import gather
from app.domain.approval.round_file import pace_of
from app.domain.examination import verbs as examination
from app.domain.peers.conditions import kept_apart, line_ups_of, sheet_faults
from app.policy import policy
from app.policy.examination.dispositions import disposition_fault
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work

pytestmark = pytest.mark.clause("SRC-2", "FAIR-1")
SAID = "The jaw of the probe is a hand's breadth wider at its angle."
STABLE = [one.value for one in policy().review.worksheet.features if one.stability == "stable"]


def given(component: str, verdict: str = "different_unexplained", note: str = "", **parts: str) -> dict:
    return {component: {"verdict": verdict, "note": note, "parts": parts}}


def fault(features: dict, reason: str = "", verdict: str = "excluded") -> str | None:
    return disposition_fault(policy(), policy().review.dispositions[verdict], features, reason)


@pytest.mark.parametrize(
    ("features", "reason", "sound"),
    [
        (given("nose"), "", True),
        (given("eyes", "similar", spacing="different_unexplained"), "", True),
        (given("nose", "different_explained"), "", False),
        (given("nose", "different_explained"), SAID, True),
        (given("chin"), "", False),
        (given("chin"), "x", False),
        (given("chin"), "It is different, in my view.", False),
        (given("chin"), SAID, True),
        (given("chin", note=SAID), "", True),
        (given("hair"), "", False),
        (given("hair"), SAID, False),
        (given("facial_hair") | given("hair") | given("tattoos"), SAID, False),
        (given("hair") | given("chin"), SAID, True),
        (given("eyes", "similar"), SAID, False),
    ],
)
def test_an_exclusion_rests_on_what_lasts_or_on_a_reason_bypass(features, reason, sound):
    assert (fault(features, reason) is None) == sound


def test_twenty_four_people_are_not_excluded_on_hair_bypass(make, people):
    request = make.request(state="under_examination")
    actor = people.actor("k.rowan")
    for candidate in request.current_round.search.candidates:
        with pytest.raises(Refused) as refused, unit_of_work():
            examination.dispose(request, actor, candidate, "excluded", given("hair"), "")
        assert refused.value.rule_id == "excluded"


def test_a_peer_excludes_a_photograph_on_no_less(make, people):
    request = make.request(state="nominated")
    place = line_ups_of(request.current_round)[0].foil_places[0]
    with unit_of_work():
        place.level, place.quick = "m2", True
        place.seal(features=given("hair", note="Shorter on the sides in the photograph."))
        audit.record("line_up.compared", place.line_up, position=place.position)
    assert "changes easily" in sheet_faults(place)[0].message


def incomparable() -> dict:
    return {name: {"verdict": "not_visible", "note": "", "parts": {}} for name in STABLE}


@pytest.mark.parametrize(
    ("features", "reason", "sound"),
    [
        (incomparable(), "Cap, scarf and glasses cover the face of the probe.", True),
        (incomparable(), "", False),
        ({}, "Cap, scarf and glasses cover the face of the probe.", False),
        ({**incomparable(), **given("nose", "similar")}, "Cap, scarf and glasses cover the probe.", False),
    ],
)
def test_only_where_nothing_lasting_can_be_compared_is_it_said_so_bypass(features, reason, sound):
    assert (fault(features, reason, "incomparable") is None) == sound


def test_a_candidate_that_cannot_be_compared_is_neither_excluded_nor_nominated_and_told_as_such(make, people):
    request = make.request(state="under_examination")
    actor, hidden = people.actor("k.rowan"), request.current_round.search.candidates[0]
    why = "Cap, scarf and glasses cover the face of the photograph."
    with unit_of_work():
        examination.dispose(request, actor, hidden, "incomparable", incomparable(), why)
    for candidate in request.current_round.search.candidates[1:]:
        make.exclude(request, candidate)
    assert hidden.person_id in kept_apart(request.current_round), "nobody knows that it shows somebody else"
    with pytest.raises(Refused), unit_of_work():
        examination.check_background(request, actor, hidden, {}, {})
    with unit_of_work():
        examination.conclude_none(request, actor, "Nobody of those who can be compared is the person.")
    make.run_jobs()
    assert request.state == "reported"
    assert gather(request.reports[-1]).examined.incomparable == 1


def test_pace_and_reasons_stand_before_the_supervisor(make, people):
    request = make.request(state="under_examination")
    make.dispose_all(request)
    rows = request.current_round.dispositions
    for number, row in enumerate(rows):
        row.created_at = rows[0].created_at + timedelta(seconds=number)
    pace = pace_of(request.current_round)
    assert (pace.exclusions, pace.seconds, pace.quick) == (len(rows), len(rows) - 1, len(rows) - 1)
    assert pace.reasons == (("Nose", len(rows)),)
