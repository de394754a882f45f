# ruff: noqa: F811  (a fixture that a test names is not a redefinition)
"""Preparing, delivering, reading, recalling and replacing a report over HTTP (SRC-7, SRC-8, SRC-9, USE-7)."""

from __future__ import annotations

import json
import re

import pytest
from flask import current_app

from app import audit
from app.calendar import today
from app.documents.checks import page_texts, require_notice, require_picture
from app.extensions import db, stores
from app.models import Report
from app.models.base import now
from app.models.engine import AuditEvent, Job
from app.unit_of_work import unit_of_work
from tests.events_and_notices import notified
from tests.nominated_request import at, filed, nominated_data, settings  # noqa: F401  (fixtures)
from tests.web.approval.test_approval import decide
from tests.web.page_reading import soup, text

#: SRC-9, word for word, written out here and not read from the policy files
NOTICE = (
    "the determination of a possible match candidate alone does not constitute probable cause to effect an arrest or "
    "obtain an arrest or search warrant, and that further investigation is needed to establish probable cause"
)


def page_of(request) -> str:
    return f"/reports/prepare/{request.number}"


def pdf_of(client, report: Report) -> bytes:
    answer = client.get(f"/reports/{report.number}")
    assert answer.status_code == 200
    assert answer.mimetype == "application/pdf"
    return answer.data


# Preparing and delivery ------------------------------------------------------------------------------------


@pytest.mark.clause("CAP-3", "SRC-5")
def test_a_report_that_cannot_come_is_not_offered_and_refused_by_the_form_of_before(at, sign_in, post):
    request = at("approved")
    examiner = sign_in("k.rowan")
    version = soup(examiner.get(page_of(request))).select_one("#delivery input[name=version]")["value"]
    photo = request.current_round.nominee.photo
    with unit_of_work():
        photo.removed_at, photo.removed_because = now(), "sealed"
        audit.record("gallery.enrolled", batch="tests", photos=0, generation=0)
    said = "The photograph of the nominated candidate left the repository since its nomination."
    page = examiner.get(page_of(request))
    assert said in text(page)
    assert not soup(page).select("#delivery form")
    answer = post(examiner, page_of(request), {"version": version}, page="/report-misuse")
    assert answer.status_code == 422
    assert said in text(answer)
    assert db.session.query(Job).filter_by(kind="match_report").count() == 0


@pytest.mark.clause("SRC-8", "SRC-9", "USE-7")
def test_examiner_prepares_and_the_investigator_holds_the_pdf(at, sign_in, post, run_jobs):
    request = at("approved")
    examiner = sign_in("k.rowan")
    page = soup(examiner.get(page_of(request)))
    version = page.select_one("#delivery input[name=version]")["value"]
    answer = post(examiner, page_of(request), {"version": version})
    assert answer.status_code == 303
    waiting = examiner.get(page_of(request))
    assert "being rendered" in text(waiting)
    assert "in the case file" not in text(waiting)
    assert 'http-equiv="refresh"' in waiting.get_data(as_text=True)
    run_jobs()
    assert "The report is in the case file" in text(examiner.get(page_of(request)))
    assert set(notified("report_delivered")) == {"d.lark", "k.rowan"}
    report = request.current_report
    pdf = pdf_of(sign_in("d.lark"), report)
    assert pdf == (current_app.extensions["settings"].case_files_dir / report.receipt["path"]).read_bytes()
    image = request.current_search.image
    require_picture(pdf, stores().blobs.get(image.shown_blob_id, image.key_id, image.shown_sha256))
    assert require_notice(pdf, NOTICE) == report.pages
    printed = " ".join(page_texts(pdf))
    nominee = request.current_round.nominee
    for wanted in (
        request.case_number,
        request.number,
        "USE-1",
        "Robbery in the second degree",
        nominee.photo.record_number,
        nominee.person.private["name"],
        "Dana Lark",
        "Kit Rowan",
        "Jo Maple",
        "Noor Finch",
        "Cleo Hawthorn",
        "Sam Alder",
        request.current_search.algorithm,
        "has no NIST evaluation record",
        report.code,
        "It is a lead.",
        "Demonstration, not for casework",
    ):
        assert wanted in printed, wanted
    for digest in (request.current_search.algorithm_digest, report.manifest_digest):
        assert digest in printed.replace(" ", "")
    assert "generation generation" not in printed


@pytest.mark.clause("CAP-6", "ACC-1")
def test_report_has_no_score_rank_or_percentage(at, sign_in):
    request = at("reported")
    printed = " ".join(page_texts(pdf_of(sign_in("d.lark"), request.current_report))).lower()
    assert not re.search(r"\bscore|\brank\b|%|percent|\bconfidence|similarity|threshold", printed)
    for candidate in request.current_search.candidates:
        assert f"{candidate.score:.2f}" not in printed
    others = [c for c in request.current_search.candidates if c is not request.current_round.nominee]
    assert others
    for candidate in others:
        assert candidate.photo.record_number.lower() not in printed
        assert candidate.person.private["name"].lower() not in printed


def test_polling_answers_the_part_alone(at, sign_in):
    request = at("approved")
    answer = sign_in("k.rowan").get(page_of(request), headers={"HX-Request": "true", "X-Poll": "1"})
    html = answer.get_data(as_text=True)
    assert "<html" not in html
    assert 'id="delivery"' in html


@pytest.mark.clause("SRC-8")
def test_another_examiner_cannot_prepare(at, sign_in, post):
    request = at("approved")
    other = sign_in("a.plover")
    # the page names the examiner, so for a possible peer it does not exist
    assert other.get(page_of(request)).status_code == 404
    answer = other.post(page_of(request), data={"csrf_token": csrf(other), "version": request.version})
    assert answer.status_code in {404, 422}
    assert db.session.query(Job).filter_by(kind="match_report").count() == 0


@pytest.mark.clause("SRC-5", "SRC-8")
def test_report_before_approval_is_refused(at, sign_in):
    request = at("peer_reviewed")
    examiner = sign_in("k.rowan")
    answer = examiner.post(page_of(request), data={"csrf_token": csrf(examiner), "version": request.version})
    assert answer.status_code == 409
    assert "Peer reviewed" in text(answer)
    assert db.session.query(Report).count() == 0


def test_page_from_before_a_change_conflicts(at, sign_in):
    request = at("approved")
    examiner = sign_in("k.rowan")
    data = {"csrf_token": csrf(examiner), "version": request.version}
    assert examiner.post(page_of(request), data=data).status_code == 303
    assert examiner.post(page_of(request), data=data).status_code == 409
    assert db.session.query(Job).filter_by(kind="match_report").count() == 1


@pytest.mark.clause("SRC-8")
def test_failed_delivery_shows_its_cause_and_is_tried_again(at, sign_in, people, run_jobs):
    from app.domain.approval import verbs as approvals

    request = at("approved")
    with unit_of_work():
        job = approvals.prepare_report(request, people.actor("k.rowan"))
    with unit_of_work():
        job.state, job.error, job.finished_at, job.attempts = "failed", "The case files cannot be written.", now(), 12
    supervisor = sign_in("c.hawthorn")
    queue = soup(supervisor.get("/final-review"))
    assert "The case files cannot be written." in queue.select_one("#undelivered").get_text()
    page = text(supervisor.get(page_of(request)))
    assert "The delivery failed" in page
    assert "12 times" in page
    asked = {"csrf_token": csrf(supervisor), "version": request.version}
    answer = supervisor.post(f"{page_of(request)}/retry", data=asked)
    assert answer.status_code == 303
    run_jobs()
    assert request.state == "reported"
    again = supervisor.post(f"{page_of(request)}/retry", data={**asked, "version": request.version})
    assert again.status_code == 409


# Reading ---------------------------------------------------------------------------------------------------


@pytest.mark.clause("SRC-8", "ACC-11")
def test_download_is_recorded_and_closed_to_others(at, sign_in):
    request = at("reported")
    number = request.current_report.number
    for name in ("m.heron", "s.alder", "t.birch", "h.larch", "f.spruce"):
        assert sign_in(name).get(f"/reports/{number}").status_code in {403, 404}, name
    assert sign_in("m.heron").get(f"/reports/{number}").status_code == 404
    pdf_of(sign_in("d.lark"), request.current_report)
    db.session.rollback()
    [event] = db.session.query(AuditEvent).filter_by(event="report.downloaded")
    assert json.loads(event.keys) == {"report": number}
    assert event.actor_id == request.requester_id


# Recall ----------------------------------------------------------------------------------------------------


@pytest.mark.clause("SRC-5", "SRC-8")
def test_recalled_report_is_told_replaced_and_stays_readable(at, make, sign_in, run_jobs):
    request = at("reported")
    old = request.current_report
    pdf_of(sign_in("v.osprey"), old)  # a supervisor who holds a copy
    supervisor = sign_in("c.hawthorn")
    assert decide(supervisor, request, "recall", password="wrong").status_code == 422
    assert request.state == "reported"
    assert decide(supervisor, request, "recall", reason="The wrong case number.").status_code == 303
    assert request.state == "superseded"
    assert set(notified("report_recalled")) == {"d.lark", "k.rowan", "v.osprey"}
    investigator = sign_in("d.lark")
    assert "recalled" in text(investigator.get(f"/requests/{request.number}")).lower()
    assert pdf_of(investigator, old)
    assert decide(supervisor, request, "reissue", reason="With the right number.").status_code == 303
    assert request.state == "approved"
    assert set(notified("report_due")) == {"k.rowan"}
    make.report(request)
    new = request.current_report
    assert (new.replaces, new.number) == (old, f"R-{today():%Y}-000002")
    printed = " ".join(page_texts(pdf_of(investigator, new)))
    assert f"This report replaces {old.number}" in printed
    assert "The wrong case number." in printed
    assert set(notified("report_replaced")) == {"d.lark", "k.rowan", "v.osprey"}
    page = text(supervisor.get(f"/final-review/{request.number}"))
    assert f"Replaces {old.number}" in page
    assert "Recalled" in page
    assert f"/reports/{old.number}" in supervisor.get(f"/final-review/{request.number}").get_data(as_text=True)


@pytest.mark.clause("SRC-6", "SRC-8")
def test_recall_may_be_followed_by_a_continuation(at, sign_in):
    request = at("superseded")
    page = text(sign_in("c.hawthorn").get(f"/final-review/{request.number}"))
    assert "Have a corrected report issued" in page
    assert decide(sign_in("c.hawthorn"), request, "continue").status_code == 303
    assert request.state == "continued"


@pytest.mark.clause("SRC-8")
def test_closed_request_can_still_be_recalled(at, sign_in):
    request = at("closed")
    assert decide(sign_in("c.hawthorn"), request, "recall").status_code == 303
    assert request.state == "superseded"


def csrf(client) -> str:
    page = soup(client.get("/report-misuse"))
    return page.select_one("input[name=csrf_token]")["value"]


# Who reads it ----------------------------------------------------------------------------------------------


@pytest.mark.clause("ACC-1", "ACC-11", "SRC-4")
def test_no_examiner_without_a_part_in_the_case_fetches_a_report_bypass(at, sign_in):
    """By its address: whoever may be drawn as a peer on the same photograph would review the next one not blind."""
    request = at("reported")
    here = f"/reports/{request.current_report.number}"
    for name in ("d.lark", "k.rowan", "c.hawthorn"):
        assert sign_in(name).get(here).status_code == 200, name
    for name in ("a.plover", "j.maple", "m.heron"):
        assert sign_in(name).get(here).status_code == 404, name
        page = sign_in(name).get(f"/requests/{request.number}")
        assert here not in text(page) and not soup(page).select(f"a[href='{here}']")


@pytest.mark.clause("ACC-1", "ACC-2")
def test_whoever_examined_a_round_reads_the_report_though_another_has_the_work_now(at, sign_in, people):
    request = at("reported")
    here = f"/reports/{request.current_report.number}"
    other = people.account("a.plover").id
    with unit_of_work():
        request.examiner_id = other
        audit.record("gallery.enrolled", batch="tests", photos=0, generation=0)
    for name in ("a.plover", "k.rowan"):
        assert sign_in(name).get(here).status_code == 200, name
