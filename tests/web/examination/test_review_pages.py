"""The review pages one rule at a time: queue, basis, return, probe, separation, who may see what."""

from __future__ import annotations

import pytest

from app.domain.identification import verbs as identification
from app.extensions import db
from app.models import BasisDecision, Notification
from app.models.engine import Job
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from tests.web.page_reading import form_at, send, soup, text, words


def here(request) -> str:
    return f"/review/{request.number}"


def round_url(request) -> str:
    return f"/review/rounds/{request.current_round.uid}"


# The queue -------------------------------------------------------------------------------------------------


def test_urgent_requests_come_first_then_the_oldest(make, sign_in):
    first = make.request(state="discussed")
    urgent = make.request(state="discussed", values={"priority": "threat_to_life"})
    second = make.request(state="discussed")
    rows = soup(sign_in("k.rowan").get("/review")).select("tbody th a")
    assert [row.get_text() for row in rows] == [urgent.number, first.number, second.number]


def test_filters_keep_what_was_asked(make, sign_in):
    mine = make.request(state="documented")
    new = make.request(state="discussed")
    client = sign_in("k.rowan")
    assert mine.number in text(client.get("/review?show=mine"))
    assert new.number not in text(client.get("/review?show=mine"))
    assert mine.number not in text(client.get("/review?state=submitted"))
    assert "Nothing here" in text(client.get("/review?show=ended&priority=violent_felony"))


@pytest.mark.clause("ACC-1", "ACC-7")
@pytest.mark.parametrize("name", ["d.lark", "s.alder", "h.larch", "f.spruce"])
def test_nobody_but_the_unit_opens_the_review_pages(make, sign_in, name):
    request = make.request(state="documented", requester="m.heron", supervisor="t.birch")
    client = sign_in(name)
    for url in ("/review", here(request), f"{here(request)}/probe", "/review/line-ups"):
        assert client.get(url).status_code == 403, url


@pytest.mark.clause("ACC-4")
def test_without_current_training_nothing_opens(make, sign_in):
    request = make.request(state="discussed")
    client = sign_in("o.teal")
    for url in ("/review", here(request), f"{here(request)}/probe", "/review/line-ups"):
        answer = client.get(url)
        assert answer.status_code == 403
        assert "training" in text(answer)


# The basis -------------------------------------------------------------------------------------------------


@pytest.mark.clause("REQ-4", "CAP-1")
def test_the_use_must_be_named_by_the_examiner(make, sign_in):
    request = make.request(state="discussed")
    client = sign_in("k.rowan")
    url = f"{here(request)}/accept"
    answer = send(client, here(request), url, **{"accept-note": "Read the narrative twice."})
    assert answer.status_code == 422
    assert "Read the narrative twice." in answer.get_data(as_text=True)
    assert soup(answer).select("[name=accept-use][checked]") == []
    answer = send(client, here(request), url, **{"accept-use": "USE-3"})
    assert answer.status_code == 422
    assert request.state == "submitted"
    assert send(client, here(request), url, **{"accept-use": "USE-1"}).status_code == 303
    assert request.state == "accepted"
    assert request.examiner.name == "k.rowan"


@pytest.mark.clause("AUD-1", "REQ-4")
def test_the_basis_waits_for_the_supervisors_word(make, sign_in):
    request = make.request(state="submitted")
    answer = sign_in("k.rowan").get(here(request))
    assert "The named supervisor has not confirmed the discussion." in text(answer)
    assert soup(answer).select_one(f'form[action="{here(request)}/accept"]') is None


@pytest.mark.clause("REQ-4")
def test_a_refusal_cites_its_rule(make, sign_in):
    request = make.request(state="discussed")
    client, url = sign_in("k.rowan"), f"{here(request)}/refuse"
    answer = send(client, here(request), url, **{"refuse-reason": "No offense is stated."})
    assert answer.status_code == 422
    assert "No offense is stated." in answer.get_data(as_text=True)
    answer = send(
        client, here(request), url, **{"refuse-rule": "refuse-crowd", "refuse-reason": "A rally is searched."}
    )
    assert answer.status_code == 303
    decision = db.session.query(BasisDecision).one()
    assert (request.state, decision.rule) == ("refused", "refuse-crowd")
    assert decision.private["note"] == "A rally is searched."


@pytest.mark.clause("REQ-7")
def test_images_go_back_with_reasons_the_investigator_is_told(make, sign_in):
    request = make.request(state="discussed")
    client, url = sign_in("k.rowan"), f"{here(request)}/return"
    assert send(client, here(request), url, **{"return-note": "Too dark?"}).status_code == 422
    answer = send(client, here(request), url, **{"return-reasons": ["too_dark", "blurred"]})
    assert answer.status_code == 303
    assert db.session.query(BasisDecision).one().reasons == ["blurred", "too_dark"]
    kinds = {row.kind for row in db.session.query(Notification).filter_by(account_id=request.requester_id)}
    assert "images_returned" in kinds


def test_two_examiners_deciding_at_once_get_one_decision(make, sign_in):
    request = make.request(state="discussed")
    first, second = sign_in("k.rowan"), sign_in("j.maple")
    url = f"{here(request)}/accept"
    late = form_at(second, here(request), url, **{"accept-use": "USE-1", "accept-note": "I was slower."})
    assert send(first, here(request), url, **{"accept-use": "USE-1"}).status_code == 303
    answer = second.post(url, data=late)
    assert answer.status_code == 409
    assert db.session.query(BasisDecision).count() == 1
    assert request.examiner.name == "k.rowan"


@pytest.mark.clause("SRC-2", "REQ-4")
def test_another_examiner_does_not_work_on_an_assigned_request(make, people):
    request = make.request(state="documented")
    other = people.actor("j.maple")
    image = request.current_images[0]
    with pytest.raises(Refused, match="Another examiner works on this request"), unit_of_work():
        identification.select_probe(request, other, image, image.faces[0], "suitable", "")


@pytest.mark.clause("ACC-2")
def test_work_of_an_examiner_who_left_is_taken_over(make, sign_in, change_person, people):
    request = make.request(state="documented")
    client = sign_in("j.maple")
    assert "Take over" not in text(client.get(here(request)))
    url = f"{here(request)}/take-over"
    change_person("k.rowan", disabled=True)
    assert "Unassigned: take over" in text(client.get("/review?show=unassigned"))
    assert send(client, here(request), url).status_code == 303
    assert request.examiner.name == "j.maple"
    # whoever was replaced had the work before their eyes and stays apart from peer review
    from app.workflow.registry import SEPARATIONS

    assert people.account("j.maple").id in SEPARATIONS["examiner"](request)


# The probe -------------------------------------------------------------------------------------------------


@pytest.mark.clause("REQ-6", "CAP-5")
def test_one_face_and_its_suitability_before_any_candidate(make, sign_in):
    request = make.request(state="documented", images=2)
    client, url = sign_in("k.rowan"), f"{here(request)}/probe"
    page = soup(client.get(url))
    assert {field["type"] for field in page.select("[name=face]")} == {"radio"}
    second = f"{request.current_images[1].uid}.1"
    answer = send(client, url, url, face=second, note="Ears are covered.")
    assert answer.status_code == 422
    assert "Ears are covered." in answer.get_data(as_text=True)
    assert soup(answer).select_one(f'[name=face][value="{second}"]').has_attr("checked")
    assert send(client, url, url, suitability="suitable").status_code == 422
    assert send(client, url, url, face="nothing.1", suitability="suitable").status_code == 422
    assert send(client, url, url, face=second, suitability="limited").status_code == 422, "limits need their note"
    assert send(client, url, url, face=second, suitability="unsuitable", note="Blurred").status_code == 422
    assert request.searches == []
    assert send(client, url, url, face=second, suitability="limited", note="Ears are covered.").status_code == 303
    assert request.current_search.image_id == request.current_images[1].id


@pytest.mark.clause("FAIR-2", "SRC-1")
def test_the_standing_of_the_algorithm_is_said_and_rules_in_casework(make, sign_in, app, settings):
    import dataclasses

    request = make.request(state="probe_selected")
    client = sign_in("k.rowan")
    assert "FAIR-2" in text(client.get(here(request)))
    token = form_at(client, here(request), f"{here(request)}/search")
    app.extensions["settings"] = dataclasses.replace(settings, mode="casework")
    answer = client.post(f"{here(request)}/search", data=token)
    assert answer.status_code == 422
    assert request.state == "probe_selected"
    assert db.session.query(Job).filter_by(kind="search").count() == 0


def test_starting_twice_is_one_search(make, sign_in):
    request = make.request(state="probe_selected")
    client, url = sign_in("k.rowan"), f"{here(request)}/search"
    form = form_at(client, here(request), url)
    assert client.post(url, data=form).status_code == 303
    assert client.post(url, data=form).status_code == 303
    assert db.session.query(Job).filter_by(kind="search").count() == 1
    page = client.get(here(request)).get_data(as_text=True)
    assert 'hx-trigger="every 0.5s"' in page
    assert '<meta http-equiv="refresh"' in page


def test_a_failed_search_names_its_cause_and_the_way_on(make, sign_in, run_jobs):
    request = make.request(state="searching")
    run_jobs()  # nobody is enrolled
    assert request.state == "search_failed"
    answer = text(sign_in("k.rowan").get(here(request)))
    assert "The repository holds no photograph" in answer
    assert "Select the probe" in answer


@pytest.mark.clause("SRC-7")
def test_a_negative_result_claims_no_peer_review_and_nothing_that_is_due(make, sign_in):
    request = make.request(state="negative")
    make.run_jobs()
    for name, address in (("k.rowan", "/review/"), ("c.hawthorn", "/final-review/")):
        page = words(soup(sign_in(name).get(f"{address}{request.number}")))
        assert "Search and examination (done) Peer review (not needed) Final review (not needed) Report (done)" in page
    work = words(soup(sign_in("k.rowan").get(f"/review/{request.number}")).select_one("main"))
    assert " due " not in work.split("Request (done)")[0], "it was answered"
    shown = words(soup(sign_in("d.lark").get(f"/requests/{request.number}")).select_one("#reports"))
    assert "prepared by Detective Kit Rowan" in shown


@pytest.mark.clause("SRC-4", "SRC-5")
def test_a_possible_match_went_through_every_step(make, sign_in):
    request = make.request(state="reported")
    page = words(soup(sign_in("c.hawthorn").get(f"/final-review/{request.number}")))
    assert "Peer review (done) Final review (done) Report (done)" in page
