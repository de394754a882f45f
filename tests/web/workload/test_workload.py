"""The workload pages: the supervisor's list and form, taking and handing over, figures; who may see names."""

from __future__ import annotations

import pytest

from app.domain.workload import verbs as workload
from app.extensions import db
from app.models import Assignment
from app.unit_of_work import unit_of_work
from tests.drawn_gallery import needs_models
from tests.web.page_reading import form_at, send, soup, text

NOTES = "The probe is taken from the second still; the ears are covered. Nothing was searched yet."
URGENT = {"priority": "threat_to_life", "priority_reason": "A message names tomorrow morning."}


def test_the_list_has_what_is_due_first_and_who_has_it(make, sign_in, people):
    calm = make.request(state="documented")
    urgent = make.request(state="discussed", values=URGENT, case_number="2026-075-00002")
    client = sign_in("c.hawthorn")
    page = soup(client.get("/workload"))
    rows = [row.get_text(" ", strip=True) for row in page.select("tbody tr")]
    assert [row.split()[0] for row in rows] == [urgent.number, calm.number]
    assert "Unassigned" in rows[0]
    assert "Kit Rowan" in rows[1]
    assert calm.number not in text(client.get("/workload?show=unassigned"))
    assert urgent.number in text(client.get("/workload?priority=threat_to_life"))
    assert "Nothing here" in text(client.get("/workload?show=overdue"))
    assert "no open request" not in text(client.get("/workload?show=overdue"))


def test_an_empty_unit_says_so(sign_in):
    assert "The unit has no open request." in text(sign_in("c.hawthorn").get("/workload"))


@pytest.mark.clause("AUD-2", "SRC-2")
def test_a_supervisor_assigns_and_reassigns_by_form(make, sign_in, people):
    request = make.request(state="discussed")
    for name in ("k.rowan", "j.maple"):
        people.account(name)
    client, here = sign_in("c.hawthorn"), f"/workload/{request.number}"
    rowan, maple = people.account("k.rowan"), people.account("j.maple")
    answer = send(client, here, f"{here}/assign", notes="Written before a person was chosen.")
    assert answer.status_code == 422
    assert "Written before a person was chosen." in answer.get_data(as_text=True)
    assert "Choose an examiner who is in the unit" in text(answer)
    assert send(client, here, f"{here}/assign", receiver=rowan.uid).status_code == 303
    assert request.examiner_id == rowan.id
    answer = send(client, here, f"{here}/assign", receiver=maple.uid)
    assert answer.status_code == 422
    assert "Write where the work stands" in text(answer)
    assert send(client, here, f"{here}/assign", receiver=maple.uid, notes=NOTES).status_code == 303
    page = text(client.get(here))
    assert NOTES in page
    assert page.count("Assigned") >= 2


def test_two_supervisors_at_once_make_one_assignment(make, sign_in, people):
    request = make.request(state="discussed")
    rowan, maple = people.account("k.rowan"), people.account("j.maple")
    first, second, here = sign_in("c.hawthorn"), sign_in("v.osprey"), f"/workload/{request.number}"
    late = form_at(second, here, f"{here}/assign", receiver=maple.uid, notes=NOTES)
    assert send(first, here, f"{here}/assign", receiver=rowan.uid).status_code == 303
    answer = second.post(f"{here}/assign", data=late)
    assert answer.status_code == 409
    assert NOTES in answer.get_data(as_text=True), "what was typed is not lost"
    assert (request.examiner_id, db.session.query(Assignment).count()) == (rowan.id, 1)


def test_an_examiner_takes_a_request_and_hands_it_over(make, sign_in, people):
    request = make.request(state="discussed")
    people.account("j.maple")
    client, work = sign_in("k.rowan"), f"/review/{request.number}"
    assert send(client, work, f"/workload/{request.number}/take").status_code == 303
    assert request.examiner.name == "k.rowan"
    other = sign_in("j.maple")
    assert "Another examiner" in text(other.get("/review"))
    assert soup(other.get(work)).select_one('form[action$="/take"]') is None
    assert soup(other.get(work)).select_one('form[action$="/accept"]') is None
    page = f"/workload/{request.number}/hand-over"
    assert page in {link["href"] for link in soup(client.get(work)).select("#holding a")}
    short = send(client, page, page, receiver=people.account("j.maple").uid, notes="Over to you.")
    assert short.status_code == 422
    assert "Over to you." in short.get_data(as_text=True)
    assert send(client, page, page, receiver=people.account("j.maple").uid, notes=NOTES).status_code == 303
    assert request.examiner.name == "j.maple"
    assert NOTES in text(other.get(work))
    assert NOTES not in text(client.get(work))


@pytest.mark.clause("SRC-4")
def test_for_whoever_does_not_have_it_the_hand_over_does_not_exist(make, sign_in, people):
    request = make.request(state="documented")
    page = f"/workload/{request.number}/hand-over"
    for name, status in (("k.rowan", 200), ("j.maple", 404), ("c.hawthorn", 403), ("d.lark", 403)):
        assert sign_in(name).get(page).status_code == status, name


@needs_models
@pytest.mark.clause("SRC-2", "SRC-4")
def test_handing_over_an_open_round_by_form(make, sign_in, people):
    request = make.request(state="under_examination")
    first = request.current_round
    make.exclude(request, first.search.candidates[0])
    client, page = sign_in("k.rowan"), f"/workload/{request.number}/hand-over"
    assert "1 of 3 candidates has your disposition" in text(client.get(page))
    assert send(client, page, page, receiver=people.account("j.maple").uid, notes=NOTES).status_code == 303
    other = sign_in("j.maple")
    work = text(other.get(f"/review/{request.number}"))
    assert "Round 1, passed on before its end" in work
    assert NOTES in work
    assert "Go on with the examination" in work
    # the first examiner still reads their own round, and can change nothing in it
    own = client.get(f"/review/rounds/{first.uid}")
    assert own.status_code == 200
    assert soup(own).select('form[action*="/exclude"]') == []
    # a third examiner, who may be its peer, finds neither name nor notes anywhere
    third = sign_in("n.finch")
    for url in (f"/review/{request.number}", "/review", "/", "/notifications", "/review/peer-reviews"):
        said = text(third.get(url))
        for word in ("Rowan", "Maple", NOTES):
            assert word not in said, url


# Figures ---------------------------------------------------------------------------------------------------


@pytest.mark.clause("AUD-2", "AUD-5")
def test_figures_hold_no_case_and_say_when_there_are_too_few(make, sign_in):
    request = make.request(state="documented")
    for name in ("c.hawthorn", "h.larch"):
        page = text(sign_in(name).get("/workload/figures"))
        assert "Too few to say" in page
        for word in (request.number, request.case_number, "Rowan", "Lark"):
            assert word not in page
    assert sign_in("k.rowan").get("/workload/figures").status_code == 403
    assert sign_in("h.larch").get("/workload").status_code == 403


@pytest.mark.parametrize("days", ["30", "365", "7", "-1", "x", ""])
def test_any_period_typed_into_the_address_is_answered(sign_in, days):
    assert sign_in("c.hawthorn").get(f"/workload/figures?days={days}").status_code == 200


# My day ----------------------------------------------------------------------------------------------------


def test_my_day_says_what_passed_to_whom(make, sign_in, people):
    request = make.request(state="documented")
    rowan, maple = people.actor("k.rowan"), people.actor("j.maple")
    with unit_of_work():
        workload.hand_over(request, rowan, maple, NOTES)
    gave, received = (
        soup(sign_in(name).get("/")).find(id="passed").get_text(" ", strip=True) for name in ("k.rowan", "j.maple")
    )
    assert request.number in gave
    assert "Handed over to Detective Jo Maple" in gave or "Maple" in gave
    assert "Received from" in received
    assert NOTES not in gave + received


def test_my_day_is_in_order_of_due_time_and_names_what_is_next(make, sign_in):
    calm = make.request(state="discussed")
    urgent = make.request(state="discussed", values=URGENT, case_number="2026-075-00002")
    panel = soup(sign_in("k.rowan").get("/")).find(id="waiting")
    numbers = [row.get_text(strip=True) for row in panel.select("tbody td:first-child a")]
    assert numbers == [urgent.number, calm.number]
    assert f"Due next: {urgent.number}" in panel.get_text(" ", strip=True)


def test_a_supervisor_is_asked_to_assign_what_nobody_has(make, sign_in, people):
    request = make.request(state="discussed")
    panel = soup(sign_in("c.hawthorn").get("/")).find(id="waiting")
    assert "Assign it to an examiner" in panel.get_text()
    assert panel.find("a")["href"] == f"/workload/{request.number}"
    rowan = people.actor("k.rowan")
    with unit_of_work():
        workload.take(request, rowan)
    assert request.number not in soup(sign_in("c.hawthorn").get("/")).find(id="waiting").get_text()


@needs_models
@pytest.mark.clause("SRC-4")
def test_my_day_lists_peer_reviews_apart_and_only_to_whoever_may_give_them(make, sign_in):
    request = make.request(state="nominated")
    line = make.line_up(request, "j.maple").number
    page = soup(sign_in("j.maple").get("/"))
    assert line in page.find(id="peer-reviews").get_text()
    assert "1 peer review for you" in page.select_one(".cor-figures").get_text(" ", strip=True)
    assert request.number not in page.get_text(), "a peer knows the line, not whose it is"
    assert line not in soup(sign_in("k.rowan").get("/")).get_text()
    assert soup(sign_in("d.lark").get("/")).find(id="peer-reviews") is None


@needs_models
def test_my_day_of_those_who_decide_on_other_things(app, sign_in, people, make, run_jobs):
    from tests.disclosure_factory import DisclosureFactory

    make.request(state="reported")
    disclosure = DisclosureFactory(app, people, run_jobs)(state="submitted", basis="D2", case_number="2026-075-01234")
    waiting = soup(sign_in("y.hazel").get("/")).find(id="others").get_text(" ", strip=True)
    assert disclosure.number in waiting
    assert "Decide on it" in waiting
    assert soup(sign_in("h.larch").get("/")).find(id="others") is None
