"""A document says what contradicted a candidate then and now, who found it, and apart from it what supports (SRC-3)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app import audit
from app.documents.examination.contradictions import statement
from app.domain.approval.report_facts import gather
from app.domain.approval.reports import begin_report
from app.domain.disclosures import papers
from app.domain.examination import printed_contradictions as of_documents
from app.domain.examination import verbs as examination
from app.domain.examination.earlier_verdicts import earlier_verdicts
from app.domain.examination.printed_contradictions import SUPPORTED, printed_contradictions
from app.unit_of_work import unit_of_work
from demo.people import demo_person_record, person
from tests.unit_stages import BACKGROUND
from tests.web.page_reading import soup, words

pytestmark = pytest.mark.clause("SRC-3", "EXT-2")
SEED = 7
HEIGHT = str(demo_person_record(person(SEED))["height_in"])
CONTRADICTS = "the examiner found \u201cContradicts\u201d."
ON_RECORD = "On record as confined from 2026-11-01 to today"


@pytest.fixture
def request_(make, people):
    found = make.request(state="under_examination", seed=SEED, values={"description": {"height_in": HEIGHT}})
    make.dispose_all(found, retain=nominee_of(found))
    return found


def nominee_of(request):
    return min(request.current_round.search.candidates, key=lambda one: one.rank)


def record(request, people, **items) -> None:
    with unit_of_work():
        examination.check_background(request, people.actor("k.rowan"), nominee_of(request), {**BACKGROUND, **items}, {})


def printed(request) -> dict[str, object]:
    found = printed_contradictions(request.current_round, nominee_of(request)).found
    return {one.title: one for one in found}


def test_a_slip_is_headed_by_the_finding_that_contradicted_and_says_what_is_found_now(people, request_):
    record(request_, people, height="contradicts")
    record(request_, people, height="supports")
    height = printed(request_)["Height"]
    assert (
        height.head
        == "Found first: the examiner found \u201cContradicts\u201d. The last check does not find it any more."
    )
    assert [label for label, _ in height.told] == ["Found first", "Found now"]
    assert [(one.finding, one.contrary, one.by_hand) for one in height.record] == [
        ("Contradicts", False, True),
        ("Supports", False, False),
    ]
    assert all(one.computed == f"{HEIGHT} inches on record, {HEIGHT} described: 0 apart." for one in height.record)
    assert height.earlier == ()


def test_a_confinement_once_computed_is_told_with_each_finding_in_its_order(people, request_):
    record(request_, people, custody="contradicts")
    record(request_, people, custody_intervals="2026-11-01 to today")
    record(request_, people)
    custody = printed(request_)["Custody"]
    assert [label for label, _ in custody.told] == ["Found first", "Found later", "Found now"]
    assert [one.finding for one in custody.record] == ["Yes: was confined", "No: was at liberty", "No: was at liberty"]
    assert [bool(one.against) for one in custody.record] == [True, True, False]
    assert custody.record[1].computed.startswith(ON_RECORD)
    assert "was at liberty" not in custody.record[1].against
    assert custody.head.startswith("Found first: the examiner found \u201cYes: was confined\u201d; then: On record")
    times = [one.at for one in custody.record]
    assert times == sorted(times)
    text = statement("Department", "1", "R", printed_contradictions(request_.current_round, nominee_of(request_)))
    assert text.index("Found first") < text.index("Found later") < text.index("Found now")
    assert "Found by the examiner: Found" not in text


def test_a_contradiction_that_stands_is_headed_by_what_is_found_now(people, request_):
    record(request_, people, custody_intervals="2026-11-01 to today")
    custody = printed(request_)["Custody"]
    assert custody.head.startswith(ON_RECORD)
    assert "examiner found" not in custody.head, "at liberty contradicts nothing"
    assert [label for label, _ in custody.told] == ["Found"]
    record(request_, people, custody_intervals="2026-11-01 to today")
    assert [label for label, _ in printed(request_)["Custody"].told] == ["Found"], "the same again is nothing new"


def test_the_examiners_page_shows_the_same(people, request_, sign_in):
    record(request_, people, height="contradicts")
    record(request_, people, height="supports")
    place = nominee_of(request_).shown_order
    page = sign_in("k.rowan").get(f"/review/rounds/{request_.current_round.uid}/candidates/{place}/background")
    said = words(soup(page))
    assert said.index("Found first") < said.index("Found now")


def test_a_check_of_before_that_kept_no_record_is_headed_by_its_finding(people, request_):
    record(request_, people, height="contradicts")
    check = request_.current_round.background_checks[0]
    with unit_of_work():
        rows = [
            {name: value for name, value in row.items() if name != "record"} for row in check.private["contradictions"]
        ]
        check.seal(contradictions=rows)
        audit.record("background.recorded", request_, candidate=nominee_of(request_).uid)
    assert printed(request_)["Height"].head == CONTRADICTS
    record(request_, people, height="supports")
    assert printed(request_)["Height"].head.startswith(f"Found first: {CONTRADICTS}")


# Verdicts --------------------------------------------------------------------------------------------------


@pytest.fixture
def again(make, people, run_jobs):
    """A report, then a second request of the matter on the same person, compared and reviewed after it."""
    first = make.request(state="reported", seed=SEED)
    second = make.request(
        state="peer_reviewed", seed=SEED, requester="m.heron", supervisor="t.birch", opinions=("p2", "p1")
    )
    assert second.current_round.nominee.person_id == first.current_round.nominee.person_id
    return first, second


@pytest.mark.clause("SRC-6", "SRC-9")
def test_a_report_lists_no_verdict_of_after_it_and_a_package_tells_it_as_later(again):
    first, _second = again
    report = first.reports[-1]
    assert gather(report).candidate.contradictions.verdicts == ()
    told = papers._contradictions(report).content.decode()
    assert told.count("Later verdict, after this report") == 2
    assert "Earlier verdict" not in told


@pytest.mark.clause("SRC-6", "SRC-9")
def test_a_supporting_verdict_is_told_apart_without_its_level(again, make):
    _first, second = again
    make.approve(second)
    with unit_of_work():
        report = begin_report(second, "possible_match")
    facts = gather(report).candidate
    assert {one.said for one in facts.contradictions.verdicts} == {SUPPORTED}
    assert {one.said for one in facts.peers} == {SUPPORTED}
    assert len(facts.peers) == 2
    assert "Earlier verdicts of peers" not in facts.contradictions.heads
    assert all(one.at <= gather(report).issued_at for one in facts.contradictions.verdicts)


@pytest.mark.clause("SRC-6")
def test_a_verdict_against_comes_first_and_stands_on_page_one(again, monkeypatch):
    _first, second = again
    round_ = second.current_round
    supporting, other = earlier_verdicts(round_, round_.nominee)
    against = replace(other, label="Inconclusive", supports=False)
    monkeypatch.setattr(of_documents, "earlier_verdicts", lambda *_: [supporting, against])
    found = printed_contradictions(round_, round_.nominee)
    assert [one.said for one in found.verdicts] == ["Inconclusive", SUPPORTED]
    assert "Earlier verdicts of peers" in found.heads


# The background check --------------------------------------------------------------------------------------


def test_each_item_of_the_check_says_what_was_held_against_what(make, people):
    request = make.request(state="approved", seed=SEED, values={"description": {"height_in": HEIGHT}})
    with unit_of_work():
        report = begin_report(request, "possible_match")
    rows = {row.item: row for row in gather(report).candidate.items}
    height = rows["Height"]
    assert (height.stated, height.recorded) == (f"{HEIGHT} inches", f"{HEIGHT} inches")
    assert height.computed == f"{HEIGHT} inches on record, {HEIGHT} described: 0 apart."
    assert height.finding == "Supports"
    assert (rows["Weight"].stated, rows["Weight"].finding) == ("nothing", "Not known")
    assert rows["Custody"].recorded.startswith("read elsewhere")
    assert rows["Custody"].stated.startswith("on 20")
