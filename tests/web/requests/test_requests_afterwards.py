"""After the unit's answers: more images, documentation, the report, corroboration and outcome, what stays unseen."""

from __future__ import annotations

import re

import pytest

from app.blueprints.requests.status import STEP_TITLES, since, timeline
from app.domain.requests import outcomes
from app.extensions import db
from app.models import AuditEvent, FRRequest
from app.models.base import now
from app.policy import policy
from app.unit_of_work import unit_of_work
from tests.request_factory import picture
from tests.web.page_reading import soup, words
from tests.web.requests.ledger_forms import ITEM, arrested
from tests.web.requests.test_requests_flow import blocked_rules, origin_fields, upload


@pytest.mark.clause("REQ-7", "REQ-4")
def test_returned_images_show_why_and_take_more(sign_in, post, make, run_jobs):
    request = make.request("awaiting_images")
    client, page = sign_in("d.lark"), f"/requests/{request.number}"
    shown = client.get(page).text
    given = request.basis_decisions[-1].reasons
    sentences = [reason.sentence for reason in policy().review.unsuitable.reasons if reason.value in given]
    assert sentences
    assert all(sentence in shown for sentence in sentences)
    assert "new_image_ready" in blocked_rules(client, request.number)
    # what was judged stays; only what is new can be taken out
    judged = request.images[0].uid
    assert post(client, f"{page}/images/{judged}/remove", page=page).status_code == 422
    where = upload(client, post, request.number, picture(7, 5)).headers["Location"]
    run_jobs()
    assert post(client, where, origin_fields()).status_code == 303
    assert post(client, f"{page}/submit", page=page).status_code == 303
    assert (request.state, request.submission) == ("submitted", 2)
    assert request.images[-1].submission == 2


@pytest.mark.clause("REQ-4")
def test_a_refusal_is_shown_with_the_rule_it_cites(sign_in, make):
    request = make.request("refused")
    shown = sign_in("d.lark").get(f"/requests/{request.number}").text
    rule = policy().review.basis_refusals[request.basis_decisions[-1].rule]
    assert rule.text in shown
    assert rule.authority[0] in shown


@pytest.mark.clause("REQ-5")
def test_documenting_needs_the_entrys_reference(sign_in, post, make):
    request = make.request("accepted")
    client, page = sign_in("d.lark"), f"/requests/{request.number}/document"
    empty = post(client, page, {"reference": " ", "note": "typed"})
    assert empty.status_code == 422
    assert "typed" in empty.text
    assert request.state == "accepted"
    assert post(client, page, {"reference": "CMS-2026-0815", "note": "typed"}).status_code == 303
    assert request.state == "documented"
    decision = request.basis_decisions[-1]
    assert (decision.entry_reference, decision.documented_by_id) == ("CMS-2026-0815", request.requester_id)
    assert post(client, page, {"reference": "CMS-2026-0815"}).status_code == 409


@pytest.mark.clause("ACC-1")
def test_nothing_of_the_units_work_reaches_the_investigator(sign_in, make):
    """ACC-1: neither candidates nor scores, nor the name of a state that would tell of them, nor a photograph."""
    request = make.request("nominated")
    search = request.current_search
    client = sign_in("d.lark")
    own = f"/requests/{request.number}"
    assert "With the FR unit" in client.get(own).text
    for address in ("/requests", own, f"{own}/images/{request.images[0].uid}"):
        shown = client.get(address).text
        for candidate in search.candidates:
            assert candidate.uid not in shown
            assert candidate.person.person_number not in shown
            assert candidate.photo.record_number not in shown
            assert f"{candidate.score:.3f}" not in shown
        names = [state.title for state in policy().workflow("request").states if state.told_as]
        # the filter offers the groups of the list; none carries the name of a state inside the unit
        assert not [name for name in names if re.search(rf">\s*{re.escape(name)}\s*<", shown)]
    assert client.get(f"/requests/{request.number}/withdraw").status_code == 200
    assert since(request) == request.basis_decisions[-1].documented_at
    assert {entry.title for entry in timeline(request)} <= {"Draft begun", *STEP_TITLES.values()}
    for address in ("/review", "/gallery", "/final-review"):
        assert client.get(address).status_code in {403, 404}


@pytest.mark.clause("SRC-7")
def test_a_request_that_was_searched_is_not_withdrawn(sign_in, post, make):
    request = make.request("nominated")
    client, page = sign_in("d.lark"), f"/requests/{request.number}/withdraw"
    shown = soup(client.get(page))
    assert shown.find(id="barred") and not shown.select("textarea"), "no form is offered that will be refused"
    assert post(client, page, {"reason": "No longer wanted."}).status_code == 409
    assert request.state == "nominated"


def asked_for(client) -> str:
    """What the list and the home page ask of the investigator, in the tables alone."""
    pages = [soup(client.get(address)) for address in ("/requests", "/")]
    return " ".join(words(table) for page in pages for table in page.select("main table"))


@pytest.mark.clause("SRC-7", "USE-7")
def test_after_a_negative_report_nobody_is_asked_to_corroborate_a_lead(sign_in, make):
    request = make.request("negative")
    make.run_jobs()
    assert request.state == "reported"
    asked = asked_for(sign_in("d.lark"))
    assert "Record how the case ended" in asked
    assert "lead" not in asked and "corroborat" not in asked


@pytest.mark.clause("ACC-11")
def test_only_a_report_that_leaves_is_recorded_as_downloaded(sign_in, make):
    """HEAD sends nothing. A range sends all of it: bytes that are not there are no reason to send none."""
    report = make.request("reported").current_report
    client, page = sign_in("d.lark"), f"/reports/{report.number}"
    downloads = db.session.query(AuditEvent).filter_by(event="report.downloaded")
    asked = client.head(page)
    assert (asked.status_code, asked.data, downloads.count()) == (200, b"", 0)
    whole = client.get(page)
    assert asked.content_length == len(whole.data)
    for number, wanted in enumerate(("bytes=99999999-", "bytes=0-1", "bytes=5-2", "nonsense"), start=2):
        answer = client.get(page, headers={"Range": wanted})
        assert (answer.status_code, answer.data) == (200, whole.data)
        db.session.rollback()
        assert downloads.count() == number


@pytest.mark.clause("SRC-8", "ACC-11", "USE-7", "USE-8")
def test_the_report_is_read_corroborated_and_the_case_closed(sign_in, post, make, people):
    request = make.request("reported")
    client, page = sign_in("d.lark"), f"/requests/{request.number}"
    shown = client.get(page).text
    assert policy().notice("lead-only").text in shown
    assert "Record what corroborates the lead, and the outcome" in asked_for(client)
    report = request.current_report
    answer = client.get(f"/reports/{report.number}")
    assert answer.status_code == 200
    assert answer.data.startswith(b"%PDF")
    assert answer.headers["Cache-Control"] == "no-store"
    events = db.session.query(AuditEvent).filter_by(event="report.downloaded").all()
    assert [report.number in event.keys for event in events] == [True]
    for other, status in (("m.heron", 404), ("s.alder", 403), ("h.larch", 403)):
        assert sign_in(other).get(f"/reports/{report.number}").status_code == status

    assert post(client, f"{page}/corroboration", {}).status_code == 422
    assert post(client, f"{page}/corroboration", ITEM).status_code == 303
    assert ITEM["fact_what"] in client.get(page).text

    outcome = f"{page}/outcome"
    supervisor, (item,) = people.actor("s.alder"), request.evidence
    with unit_of_work():
        words = "I saw the bag and the invoice of the property office myself."
        outcomes.judge_evidence(request, supervisor, item.uid, agreed=True, words=words)
    arrest = arrested(now()) | {"outcome": "arrest", "shown_outcome": "arrest"}
    bare = post(client, outcome, arrest | {"fact_arrest_number": "M1"})
    assert bare.status_code == 422
    assert "USE-8" in bare.text
    assert "M1" in bare.text
    assert request.state == "reported"
    assert post(client, outcome, arrest).status_code == 303
    assert request.state == "closed"
    assert request.outcomes[-1].has_evidence
    assert post(client, outcome, arrest).status_code == 409
    assert db.session.query(FRRequest).one().outcomes[-1].kind == "arrest"


@pytest.mark.clause("USE-8")
def test_choosing_an_outcome_shows_its_questions(sign_in, post, make):
    request = make.request("reported")
    client, outcome = sign_in("d.lark"), f"/requests/{request.number}/outcome"
    page = post(client, outcome, {"outcome": "arrest", "choose": "1"})
    assert 'name="fact_arrested_time"' in page.text
    part = post(client, f"{outcome}/questions", {"outcome": "no_arrest"}, page=outcome, headers={"HX-Request": "true"})
    assert 'name="fact_why"' in part.text
    unseen = post(client, outcome, {"outcome": "no_arrest", "shown_outcome": ""})
    assert unseen.status_code == 422
    assert request.state == "reported"
