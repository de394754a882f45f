"""Disclosures over HTTP from the request to the receipt, handed out once (EXT-1, EXT-7, ACC-12)."""

# ruff: noqa: F811  (a fixture that a test names is not a redefinition)

import io
import zipfile
from datetime import timedelta

import pytest

from app.days import today
from app.domain.disclosure_items import available
from app.extensions import db
from app.models import Disclosure
from app.models.base import now
from app.policy import policy
from tests.disclosing import CASE, disclose, reported_data, set_back, settings  # noqa: F401  (fixtures)
from tests.web.disclosure_pages import ASKER, OFFICER, RECORDS, decision_of, events, stated, url
from tests.web.reading import hidden, soup, text


@pytest.mark.clause("EXT-1", "EXT-2", "EXT-7", "ACC-12")
def test_a_prosecutor_disclosure_through_the_pages_alone(reported_data, sign_in, run_jobs, people, app):
    asker, officer = sign_in(ASKER), sign_in(OFFICER)
    assert "Disclose" in text(asker.get("/requests/" + available(CASE)[0].request.number))
    begun = asker.post("/disclosures/new", data={**hidden(asker, "/disclosures/new", "main form"), "case_number": CASE})
    disclosure = db.session.query(Disclosure).one()
    assert begun.headers["Location"] == url(disclosure, "/edit")
    form = {**hidden(asker, url(disclosure, "/edit"), "main form"), **stated()}
    saved = asker.post(url(disclosure, "/edit"), data=form)
    assert saved.headers["Location"] == url(disclosure)
    page = text(asker.get(url(disclosure)))
    assert "Attach: Subpoena, court order or written demand." in page
    upload = hidden(asker, url(disclosure), "#documents form[enctype]")
    upload |= {"kind": "legal_demand", "document": (io.BytesIO(b"%PDF-1.7 a subpoena"), "subpoena.pdf")}
    assert asker.post(url(disclosure, "/documents"), data=upload).status_code == 303
    submit = hidden(asker, url(disclosure), "#next form")
    assert asker.post(url(disclosure, "/submit"), data=submit).status_code == 303
    assert disclosure.state == "submitted"
    assert f"{disclosure.number} waits for your decision." in text(officer.get("/notifications"))
    assert "Decide on it" in text(officer.get("/disclosures"))
    taken = officer.post(url(disclosure, "/decide"), data=decision_of(officer, disclosure, "approve"))
    assert taken.status_code == 303, text(taken)
    assert "not yet rendered" in text(asker.get(url(disclosure)))
    run_jobs()
    assert disclosure.current_decision.document_blob_id
    release = hidden(asker, url(disclosure), "#next form")
    assert asker.post(url(disclosure, "/release"), data=release).status_code == 303
    run_jobs()
    fetched = asker.post(url(disclosure, "/package"), data=hidden(asker, url(disclosure), "#next form"))
    assert fetched.mimetype == "application/zip"
    assert fetched.headers["Content-Disposition"].startswith("attachment")
    archive = zipfile.ZipFile(io.BytesIO(fetched.data))
    assert archive.testzip() is None
    assert sum("/" in name for name in archive.namelist()) == len(disclosure.items)
    receipt = hidden(asker, url(disclosure, "/receipt"), "main form")
    receipt |= {"received_by": "Noel Egret", "how": "In person, against signature", "on": today().isoformat()}
    assert asker.post(url(disclosure, "/receipt"), data=receipt).status_code == 303
    assert disclosure.state == "acknowledged"
    final = text(asker.get(url(disclosure)))
    assert "Receipt recorded" in final
    assert "In person, against signature" in final
    assert [event["package"] for event in events("disclosure.fetched")] == [1]


def test_the_page_follows_the_package_until_it_is_built(disclose, sign_in, run_jobs):
    disclosure = disclose(state="releasing")
    client, htmx = sign_in(ASKER), {"HX-Request": "true", "X-Poll": "1"}
    waiting = client.get(url(disclosure))
    polled = soup(waiting).select_one("#package-progress")
    assert "being built" in text(waiting) and waiting.text.count('http-equiv="refresh"') == 1
    assert soup(client.get(polled["hx-get"], headers=htmx)).select_one("#package-progress") == polled
    run_jobs()
    done = client.get(polled["hx-get"], headers=htmx)
    assert (done.headers["HX-Redirect"], done.data) == (url(disclosure), b"")
    assert soup(client.get(url(disclosure))).select_one("#package-progress") is None
    assert client.get(polled["hx-get"]).location == url(disclosure), "without htmx"


@pytest.mark.clause("EXT-7", "ACC-12")
def test_the_package_is_fetched_once_and_the_page_says_by_whom(disclose, sign_in):
    disclosure = disclose(state="released")
    client, records = sign_in(ASKER), sign_in(RECORDS)
    token = hidden(client, url(disclosure), "#next form")
    assert client.post(url(disclosure, "/package"), data=token).status_code == 200
    again = client.post(url(disclosure, "/package"), data=token)
    assert again.status_code == 422
    page = text(again)
    assert policy().rule("package_single_use").text in page
    assert "Fetched" in page
    assert "by Detective" in page
    assert "Have another package released" in page
    assert disclosure.current_package.fetched_by.name == ASKER
    other = records.post(url(disclosure, "/package"), data=hidden(records, "/disclosures/new", "main form"))
    assert other.status_code in (403, 422)


@pytest.mark.clause("EXT-7")
def test_another_package_needs_a_reason_and_is_another_package(disclose, sign_in, run_jobs):
    disclosure = disclose(state="fetched")
    client = sign_in(ASKER)
    form = hidden(client, url(disclosure, "/reissue"), "main form")
    assert client.post(url(disclosure, "/reissue"), data={**form, "reason": " "}).status_code == 422
    assert client.post(url(disclosure, "/reissue"), data={**form, "reason": "The disc broke."}).status_code == 303
    run_jobs()
    assert [package.number for package in disclosure.packages] == [1, 2]
    token = hidden(client, url(disclosure), "#next form")
    assert client.post(url(disclosure, "/package"), data=token).status_code == 200
    assert client.post(url(disclosure, "/package"), data=token).status_code == 422


@pytest.mark.clause("EXT-7")
def test_a_package_whose_time_has_passed_is_not_handed_out(disclose, sign_in):
    disclosure = disclose(state="released")
    client = sign_in(ASKER)
    token = hidden(client, url(disclosure), "#next form")
    package = disclosure.current_package
    set_back(package, built_at=now() - timedelta(days=9), expires_at=now() - timedelta(days=6))
    answer = client.post(url(disclosure, "/package"), data=token)
    assert answer.status_code == 422
    assert policy().rule("package_fresh").text in text(answer)
    assert package.fetched_at is None


def test_a_damaged_package_does_not_use_up_its_only_fetch(disclose, sign_in):
    disclosure = disclose(state="released")
    client, package = sign_in(ASKER), disclosure.current_package
    token, whole = hidden(client, url(disclosure), "#next form"), package.sha256
    set_back(package, sha256="0" * 64)
    assert client.post(url(disclosure, "/package"), data=token).status_code == 500
    assert package.fetched_at is None
    set_back(package, sha256=whole)
    assert client.post(url(disclosure, "/package"), data=token).status_code == 200


@pytest.mark.clause("ACC-7", "ACC-11")
def test_drafts_and_foreign_disclosures_do_not_exist_for_others(disclose, sign_in):
    draft, sent = disclose(state="draft"), disclose(state="submitted")
    for name in (OFFICER, RECORDS, "m.heron"):
        assert sign_in(name).get(url(draft)).status_code == 404
    assert sign_in("m.heron").get(url(sent)).status_code == 404
    assert sign_in(OFFICER).get(url(sent)).status_code == 200


@pytest.mark.clause("EXT-7")
def test_the_home_page_leads_to_what_waits(disclose, sign_in):
    disclose(state="submitted", basis="D2")
    page = text(sign_in(OFFICER).get("/"))
    assert "1 disclosures waiting for you" in page
    assert "not decided or recorded in this version" not in page
