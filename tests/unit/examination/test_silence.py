"""Silence supports nothing: no item of which the request or the record says nothing supports a candidate (SRC-3)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app import audit
from app.domain.approval.report_facts import gather
from app.domain.approval.round_file import round_file
from app.domain.examination import verbs as examination
from app.domain.examination.printed_contradictions import printed_contradictions
from app.domain.peers import nomination
from app.models import Report
from app.policy import policy
from app.policy.examination.against import Against, findings, silence_faults
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from tests.unit_stages import BACKGROUND, SAME, all_answered

pytestmark = pytest.mark.clause("SRC-3", "EXT-2")

WHOLE = Against(
    recorded={"height_in": "70", "weight_lb": "160", "born_on": "1996-03-09", "marks": "Scar on the left cheek"},
    description={"height_in": "70", "weight_lb": "160", "age_from": "25", "age_to": "35", "marks": "A scarred cheek"},
    circumstances={"place": "Example Street 12", "date": "2026-03-09"},
    items=dict.fromkeys(("height", "weight", "age", "marks", "custody", "location", "alibi"), "supports"),
)
#: item -> what the request states for it, what the record holds of it
SILENT = {
    "height": (("height_in",), ("height_in",)),
    "weight": (("weight_lb",), ("weight_lb",)),
    "age": (("age_from", "age_to"), ("born_on",)),
    "marks": (("marks",), ("marks",)),
    "custody": (("date",), ()),
    "location": (("place",), ()),
    "alibi": (("date",), ()),
}


def without(side: dict[str, str], names: tuple[str, ...], instead: str = "") -> dict[str, str]:
    return side | {name: instead for name in names if name in side}


def refused(against: Against) -> set[str]:
    return {fault.field for fault in silence_faults(policy(), against) if fault.rule_id == "silence-supports-nothing"}


@pytest.mark.parametrize("item", SILENT)
@pytest.mark.parametrize("instead", ["", "n/a", "unknown", "-"])
def test_an_item_that_one_side_says_nothing_of_supports_nothing(item, instead):
    stated, recorded = SILENT[item]
    assert refused(WHOLE) == set(), "where both sides speak, support may be found"
    request = replace(
        WHOLE,
        description=without(WHOLE.description, stated, instead),
        circumstances=without(WHOLE.circumstances, stated, instead),
    )
    assert item in refused(request)
    assert findings(policy(), request)[item] == "unknown"
    record = replace(WHOLE, recorded=without(WHOLE.recorded, recorded, instead))
    assert refused(record) == ({item} if recorded else set())
    speaks = replace(request, items={**WHOLE.items, item: "contradicts"})
    assert item not in refused(speaks), "what speaks for the person is never refused"
    assert findings(policy(), speaks)[item] == "contradicts"


def test_a_build_is_something_a_weight_is_compared_with_and_an_age_needs_its_day():
    build = replace(WHOLE, description={**without(WHOLE.description, ("weight_lb",)), "build": "slim"})
    assert refused(build) == set()
    assert "age" in refused(replace(WHOLE, circumstances={"place": "Example Street 12"}))


@pytest.fixture
def examined(make, people):
    request = make.request(state="under_examination", values={"description": {"height_in": "70", "age_from": "18"}})
    for name in ("j.maple", "n.finch"):
        people.account(name)
    make.dispose_all(request, retain=nominee_of(request))
    return request


def nominee_of(request):
    return min(request.current_round.search.candidates, key=lambda one: one.rank)


def check(request, people, **items):
    with unit_of_work():
        return examination.check_background(
            request, people.actor("k.rowan"), nominee_of(request), {**BACKGROUND, **items}, all_answered()
        )


def nominate(request, people) -> str | None:
    try:
        with unit_of_work():
            nomination.nominate(request, people.actor("k.rowan"), nominee_of(request), "p2", SAME)
    except Refused as refusal:
        return refusal.rule_id
    return None


def test_support_for_what_nobody_described_is_refused_in_words_and_nothing_is_recorded(examined, people):
    with pytest.raises(Refused) as refusal:
        check(examined, people, marks="supports")
    assert [(fault.field, fault.rule_id) for fault in refusal.value.faults] == [("marks", "silence-supports-nothing")]
    assert "the request states nothing and the repository has nothing on record on this" in refusal.value.reason
    assert examined.current_round.background_checks == []
    assert check(examined, people, marks="contradicts") is not None, "a contradiction may be known from elsewhere"


def test_a_record_that_falls_silent_after_the_check_supports_nothing_any_more_bypass(examined, people):
    row = check(examined, people, age="supports")
    person = nominee_of(examined).person
    born_on = person.private["born_on"]

    def born(day: str) -> None:
        with unit_of_work():
            person.seal(born_on=day)
            audit.record("gallery.enrolled", batch="tests", photos=0, generation=1)

    born("")
    assert nominate(examined, people) == "background_checked"
    born(born_on)
    assert nominate(examined, people) is None
    assert row.private["items"]["age"] == "supports"


def found_of_age(report) -> str:
    """What the report prints as found of the age."""
    return next(row.finding for row in gather(report).candidate.items if row.item == "Age")


def test_a_request_changed_after_the_check_prints_no_support_in_any_document_bypass(make, people, examined):
    check(examined, people, age="supports")
    assert nominate(examined, people) is None
    make.run_jobs()
    make.peers(examined)
    make.approve(examined)
    make.report(examined)
    age, supervisor = "Age on the date of the matter against the description", people.actor("c.hawthorn")
    report = examined.reports[-1]
    assert found_of_age(report) == "Supports"
    with unit_of_work():  # another route, beside the verbs
        examined.seal(description={"height_in": "70"})
        audit.record("candidate.disposed", examined, candidate="tests", disposition="retained")
    assert isinstance(report, Report)
    assert found_of_age(report) == "Not known"
    assert dict(round_file(examined.current_round, supervisor).background)[age] == "Not known"
    assert "age" in printed_contradictions(examined.current_round, nominee_of(examined)).not_known
