"""The review pages one rule at a time: queue, basis, return, probe, dispositions, separation, who may see what."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from app.demo.people import person
from app.domain import examination, identification
from app.extensions import db
from app.models import BasisDecision, Notification, Round
from app.models.engine import AuditEvent, Job
from app.policy import policy
from app.unit import unit_of_work
from app.workflow import Refused
from tests.stages import ANSWER, FINDINGS
from tests.web.test_review_flow import form_at, send, soup, text


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


# The candidates --------------------------------------------------------------------------------------------


@pytest.fixture
def examined(make):
    """A request under examination with four people listed, one of them with two photographs."""
    make.enrol([person(7)], photos=2)
    make.enrol([person(seed) for seed in (21, 22, 23)])
    return make.request(state="under_examination", gallery=[person(7)])


@contextmanager
def counted() -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_connection, _cursor, statement, *_rest) -> None:
        statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


@pytest.mark.clause("SRC-2", "CAP-6")
def test_no_rank_and_no_score_before_every_disposition(make, sign_in, examined):
    client = sign_in("k.rowan")
    scores = {f"{c.score:.3f}" for c in examined.current_round.search.candidates}
    places = sorted(c.shown_order for c in examined.current_round.search.candidates)
    assert places == [1, 2, 3, 4]
    for url in (round_url(examined), *(f"{round_url(examined)}/candidates/{n}" for n in places)):
        page = client.get(url).get_data(as_text=True)
        assert not any(score in page for score in scores)
        assert "Rank" not in page
    make.dispose_all(examined)
    page = client.get(round_url(examined)).get_data(as_text=True)
    assert all(score in page for score in scores)


@pytest.mark.clause("SRC-2")
def test_two_keystrokes_exclude_and_lead_to_the_next(sign_in, examined):
    client = sign_in("k.rowan")
    url = f"{round_url(examined)}/candidates/1"
    page = soup(client.get(url))
    keys = {tag["data-key"]: tag for tag in page.select("#exclude [data-keys] [data-key]")}
    assert keys["n"]["value"] == "nose"
    assert keys["3"].name == "button"
    answer = send(client, url, f"{url}/exclusion", **{keys["n"]["name"]: "nose", keys["3"]["name"]: keys["3"]["value"]})
    assert answer.headers["Location"].endswith("/candidates/2?after=1")
    assert "Candidate 2 of 4" in text(client.get(answer.headers["Location"]))
    [row] = examined.current_round.dispositions
    assert row.private["features"] == {"nose": {"verdict": "different_unexplained", "note": ""}}


@pytest.mark.clause("SRC-2")
def test_an_exclusion_names_a_differing_feature(sign_in, examined):
    client = sign_in("k.rowan")
    url = f"{round_url(examined)}/candidates/1"
    for given in ({"quick-note": "Looks other."}, {"quick-feature": "nose", "quick-verdict": "similar"}):
        answer = send(client, url, f"{url}/exclusion", **given)
        assert answer.status_code == 422
        assert "Name at least one feature that differs." in text(answer)
    assert examined.current_round.dispositions == []


@pytest.mark.clause("SRC-2")
def test_a_candidate_is_retained_with_all_eleven_features_alone(sign_in, examined):
    client = sign_in("k.rowan")
    url = f"{round_url(examined)}/candidates/2"
    sheet = {f.value: "similar" for f in policy().review.worksheet.features}
    assert len(sheet) == 11
    short = {name: verdict for name, verdict in sheet.items() if name != "ears"}
    answer = send(client, url, f"{url}/worksheet", decision="retained", remark="The chin agrees.", **short)
    assert answer.status_code == 422
    assert "Ears: no verdict." in text(answer)
    page = soup(answer)
    assert page.select_one("[name=eyes][value=similar]").has_attr("checked")
    assert page.select_one("[name=remark]").get_text().strip() == "The chin agrees."
    untold = {**sheet, "nose": "different_explained"}
    assert "Nose: describe the difference." in text(
        send(client, url, f"{url}/worksheet", decision="retained", **untold)
    )
    assert send(client, url, f"{url}/worksheet", decision="retained", **sheet).status_code == 303
    assert examined.current_round.dispositions[0].verdict == "retained"


def test_a_disposition_can_be_changed_until_the_nomination(make, sign_in, examined):
    client = sign_in("k.rowan")
    url = f"{round_url(examined)}/candidates/1"
    make.dispose_all(examined)
    stale = form_at(
        client, url, f"{url}/exclusion", **{"quick-feature": "ears", "quick-verdict": "different_explained"}
    )
    change = {"quick-feature": "chin", "quick-verdict": "different_unexplained"}
    assert send(client, url, f"{url}/exclusion", **change).status_code == 303
    assert client.post(f"{url}/exclusion", data=stale).status_code == 409, "the page was older than the record"
    first = next(d for d in examined.current_round.dispositions if d.candidate.shown_order == 1)
    assert list(first.private["features"]) == ["chin"]
    again = send(client, url, f"{url}/exclusion", **change)
    assert again.status_code == 303, "the same twice is no conflict"
    assert len(examined.current_round.dispositions) == 4


@pytest.mark.clause("SRC-2")
def test_every_face_of_a_page_is_named_in_one_event(sign_in, examined):
    import json

    client = sign_in("k.rowan")
    before = db.session.query(AuditEvent).filter_by(event="faces.viewed").count()
    client.get(round_url(examined))
    rows = db.session.query(AuditEvent).filter_by(event="faces.viewed").order_by(AuditEvent.sequence).all()
    assert len(rows) == before + 1
    keys = json.loads(rows[-1].keys)
    photos = [photo.uid for c in examined.current_round.search.candidates for photo in c.person.photos]
    assert len(photos) == 5
    assert set(keys["faces"]) == {examined.current_search.image.uid, *photos}
    assert keys["page"] == "review.candidates"


def test_photographs_stand_in_the_order_of_time(sign_in, examined):
    client = sign_in("k.rowan")
    place = next(c.shown_order for c in examined.current_round.search.candidates if len(c.person.photos) == 2)
    page = soup(client.get(f"{round_url(examined)}/candidates/{place}"))
    shown = [link.get_text() for link in page.select(".cor-photo-row a")]
    from app.web import day

    person_ = next(c.person for c in examined.current_round.search.candidates if c.shown_order == place)
    assert shown == [day(taken) for taken in sorted(photo.taken_on for photo in person_.photos)]


def test_the_candidates_page_asks_few_questions_of_the_database(make, sign_in):
    make.enrol([person(seed) for seed in (7, *range(20, 44))])
    request = make.request(state="under_examination", gallery=[person(7)])
    assert len(request.current_round.search.candidates) == 25
    make.dispose_all(request)
    client, url = sign_in("k.rowan"), round_url(request)
    with counted() as statements:
        assert client.get(url).status_code == 200
    asked = [one for one in statements if not one.startswith(("BEGIN", "PRAGMA"))]
    assert len(asked) <= 15, "\n".join(asked)
    make.mark(request, request.current_round.search.candidates[0])
    with counted() as statements:
        assert client.get(f"{url}/candidates/1").status_code == 200
    asked = [one for one in statements if not one.startswith(("BEGIN", "PRAGMA"))]
    assert len(asked) <= 20, "\n".join(asked)


@pytest.mark.clause("CAP-3", "SRC-2")
def test_a_photograph_that_left_is_neither_shown_nor_waited_for(make, sign_in, examined):
    from app.audit import record
    from app.models.base import now

    gone = examined.current_round.search.candidates[0]
    with unit_of_work():
        for photo in gone.person.photos:
            photo.removed_at, photo.removed_because = now(), "sealed"
        record("gallery.enrolled", batch="tests", photos=0, generation=2)
    client = sign_in("k.rowan")
    assert "Left the repository" in text(client.get(round_url(examined)))
    assert client.get(f"{round_url(examined)}/candidates/1").status_code == 404
    for candidate in list(examined.current_round.search.candidates)[1:]:
        make.exclude(examined, candidate)
    assert "Rank" in text(client.get(round_url(examined)))


# The end of a round ----------------------------------------------------------------------------------------


@pytest.mark.clause("SRC-3")
def test_only_a_checked_and_retained_candidate_is_nominated(make, sign_in, examined):
    client = sign_in("k.rowan")
    nominee = examined.current_round.search.candidates[2]
    make.dispose_all(examined, retain=nominee)
    place, url = nominee.shown_order, round_url(examined)
    why = "Agrees in every comparable feature."
    given = {"nominate-candidate": str(place), "nominate-opinion": "p2", "nominate-reason": why}
    answer = send(client, url, f"{url}/nomination", **given)
    assert answer.status_code == 422
    assert "No background check of the nominated candidate is recorded." in text(answer)
    assert "Agrees in every comparable feature." in answer.get_data(as_text=True)

    check = f"{url}/candidates/{place}/background"
    page = text(client.get(check))
    private = nominee.person.private
    assert private["name"] in page
    assert str(private["height_in"]) in page
    answer = send(client, check, check, height="supports", records_checked="Arrest records were read.")
    assert answer.status_code == 422
    assert "Arrest records were read." in answer.get_data(as_text=True)
    other = f"{url}/candidates/{1 if place != 1 else 2}/background"
    items = dict.fromkeys(FINDINGS, "supports")
    items["records_checked"] = "Arrest and custody records were read."
    items |= {f"inconsistency-{kind}": ANSWER for kind in policy().review.inconsistencies}  # whoever stands third
    assert send(client, other, other, **items).status_code == 422, "an excluded candidate is not checked"
    assert send(client, check, check, **items).status_code == 303
    short = {**given, "nominate-reason": "Same."}
    assert send(client, url, f"{url}/nomination", **short).status_code == 422
    late = form_at(client, url, f"{url}/nomination", **given)
    assert client.post(f"{url}/nomination", data=late).status_code == 303
    assert examined.state == "nominated"
    assert client.post(f"{url}/nomination", data=late).status_code in (409, 422)
    first = f"{url}/candidates/1"
    answer = client.post(f"{first}/exclusion", data={**late, "quick-feature": "nose"})
    assert answer.status_code in (409, 422), "nothing changes after the nomination"


@pytest.mark.clause("SRC-7", "SRC-2")
def test_nobody_is_identified_only_after_every_comparison(make, sign_in, examined):
    client, url = sign_in("k.rowan"), round_url(examined)
    assert soup(client.get(url)).select_one(f'form[action="{url}/none"]') is None
    make.dispose_all(examined)
    assert send(client, url, f"{url}/none").status_code == 422
    assert send(client, url, f"{url}/none", reason="All differ in the nose.").status_code == 303
    assert examined.state == "negative"
    assert db.session.query(Job).filter_by(kind="negative_report").count() == 1


@pytest.mark.clause("SRC-7")
def test_a_search_that_listed_nobody_ends_negative(make, sign_in, people):
    request = make.request(state="searching")
    with unit_of_work():
        identification.finish_search(
            request.current_search, [], algorithm="a", algorithm_digest="0" * 64, detector_digest="1" * 64,
            generation=1, people=0, photos=0, parameters={},
        )  # fmt: skip
    client, url = sign_in("k.rowan"), f"{here(request)}/nobody-listed"
    answer = send(client, here(request), url)
    assert answer.status_code == 303
    assert request.state == "negative"
    assert db.session.query(Round).count() == 0


@pytest.mark.clause("SRC-6")
def test_a_continued_request_is_examined_afresh(make, sign_in, people):
    request = make.request(state="continued", opinions=("p2", "0"))
    fresh, client = sign_in("a.plover"), sign_in("k.rowan")
    page = text(client.get(here(request)))
    assert "Compare the ears once more." in page
    assert "Inconclusive" in page
    assert "Compare the ears once more." not in text(fresh.get(here(request))), "a possible peer of the next round"
    assert fresh.get(f"{here(request)}/probe").status_code == 200
    answer = send(client, here(request), f"{here(request)}/examination")
    assert answer.status_code == 303
    assert [r.number for r in request.rounds] == [1, 2]
    assert request.current_round.dispositions == []
    assert len(request.rounds[0].dispositions) == 3
    with pytest.raises(Refused, match="have no disposition yet"), unit_of_work():
        examination.conclude_none(request, people.actor("k.rowan"), "Nothing was compared again.")
