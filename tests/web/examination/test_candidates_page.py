"""The page of candidates and the end of a round, one rule at a time: dispositions, order, rank, who may see what."""

from __future__ import annotations

import pytest

from app.domain.examination import verbs as examination
from app.domain.identification import verbs as identification
from app.extensions import db
from app.models import Round
from app.models.engine import AuditEvent, Job
from app.policy import policy
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from demo.people import person
from tests.sql_statements import queries, recorded
from tests.unit_stages import ANSWER, BACKGROUND
from tests.web.examination.test_review_pages import here, round_url
from tests.web.page_reading import form_at, send, send_unoffered, soup, text

# The candidates --------------------------------------------------------------------------------------------


@pytest.fixture
def examined(make):
    """A request under examination with four people listed, one of them with two photographs."""
    make.enrol([person(7)], photos=2)
    make.enrol([person(seed) for seed in (21, 22, 23)])
    return make.request(state="under_examination", gallery=[person(7)])


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
        client, url, f"{url}/exclusion", **{"quick-feature": "ears", "quick-verdict": "different_unexplained"}
    )
    change = {"quick-feature": "eyes", "quick-verdict": "different_unexplained"}
    assert send(client, url, f"{url}/exclusion", **change).status_code == 303
    assert client.post(f"{url}/exclusion", data=stale).status_code == 409, "the page was older than the record"
    first = next(d for d in examined.current_round.dispositions if d.candidate.shown_order == 1)
    assert list(first.private["features"]) == ["eyes"]
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
    from app.web.formats import day

    person_ = next(c.person for c in examined.current_round.search.candidates if c.shown_order == place)
    assert shown == [day(taken) for taken in sorted(photo.taken_on for photo in person_.photos)]


def test_the_candidates_page_asks_few_questions_of_the_database(make, sign_in):
    make.enrol([person(seed) for seed in (7, *range(20, 44))])
    request = make.request(state="under_examination", gallery=[person(7)])
    assert len(request.current_round.search.candidates) == 25
    make.dispose_all(request)
    client, url = sign_in("k.rowan"), round_url(request)
    with recorded() as statements:
        assert client.get(url).status_code == 200
    asked = queries(statements)
    assert len(asked) <= 15, "\n".join(asked)
    make.mark(request, request.current_round.search.candidates[0])
    with recorded() as statements:
        assert client.get(f"{url}/candidates/1").status_code == 200
    asked = queries(statements)
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
    said = "No background check of the nominated candidate is recorded."
    before = client.get(url)
    assert f"Candidate {place} cannot be nominated yet" in text(before)
    assert said in text(before), "told on the page before"
    assert not soup(before).select(f"form[action='{url}/nomination']"), "and not offered"
    answer = send_unoffered(client, url, f"{url}/none", f"{url}/nomination", **given)
    assert answer.status_code == 422
    assert said in text(answer)
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
    items = dict(BACKGROUND)
    items |= dict.fromkeys(policy().review.inconsistencies, ANSWER)  # whoever stands third, some are taller than told
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


@pytest.mark.clause("SRC-7", "SRC-2")
def test_whoever_was_retained_is_passed_over_with_a_reason_of_its_own_alone(make, sign_in, examined):
    client, url = sign_in("k.rowan"), round_url(examined)
    make.dispose_all(examined, retain=examined.current_round.search.candidates[0])
    reason = "Nobody listed agrees with the probe in the nose."
    refused = send(client, url, f"{url}/none", reason=reason)
    assert refused.status_code == 422
    assert "1 retained, and nobody is put forward: write why not." in text(refused)
    assert reason in text(refused), "what was typed is kept"
    named = f"Record {examined.current_round.search.candidates[0].photo.record_number} differs in the lobe."
    assert send(client, url, f"{url}/none", reason=reason, retained=named).status_code == 422
    assert send(client, url, f"{url}/none", reason=reason, retained="The ears differ in the lobe.").status_code == 303
    assert examined.state == "negative"


@pytest.mark.clause("SRC-7")
def test_a_search_that_listed_nobody_ends_negative(make, sign_in, people):
    request = make.request(state="searching")
    with unit_of_work():
        identification.finish_search(
            request.current_search,
            [],
            algorithm="a",
            algorithm_digest="0" * 64,
            detector_digest="1" * 64,
            generation=1,
            people=0,
            photos=0,
            parameters={},
        )
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
