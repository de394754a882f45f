"""Disclosures over HTTP from the request to the receipt, handed out once (EXT-1, EXT-7, ACC-12)."""

# ruff: noqa: F811  (a fixture that a test names is not a redefinition)

import hashlib
import io
import zipfile
from datetime import timedelta

import pytest

from app.calendar import today
from app.domain.disclosures import verbs as domain
from app.domain.disclosures.items import available
from app.extensions import db
from app.models import Disclosure
from app.models.base import now
from app.policy import policy
from app.unit_of_work import unit_of_work
from app.web import downloads
from app.web.downloads import Withheld
from tests.disclosure_factory import CASE, disclose, reported_data, set_back, settings  # noqa: F401  (fixtures)
from tests.events_and_notices import events
from tests.web.disclosure_pages import ASKER, OFFICER, RECORDS, decision_of, draft_fields, url
from tests.web.page_reading import hidden, soup, text

#: a records officer who decided on nothing here, and so may hand out
OTHER_RECORDS = "p.aspen"


@pytest.mark.clause("EXT-1", "EXT-2", "EXT-7", "ACC-12")
def test_a_prosecutor_disclosure_through_the_pages_alone(reported_data, sign_in, run_jobs, people, app):
    asker, officer = sign_in(ASKER), sign_in(OFFICER)
    assert "Disclose" in text(asker.get("/requests/" + available(CASE)[0].request.number))
    begun = asker.post("/disclosures/new", data={**hidden(asker, "/disclosures/new", "main form"), "case_number": CASE})
    disclosure = db.session.query(Disclosure).one()
    assert begun.headers["Location"] == url(disclosure, "/edit")
    form = {**hidden(asker, url(disclosure, "/edit"), "main form"), **draft_fields()}
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
    fetched = take(asker, disclosure)
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
    place = client.post(url(disclosure, "/package"), data=token).headers["Location"]
    assert len(client.get(place).data) == disclosure.current_package.size
    assert client.get(place).status_code == 422
    again = client.post(url(disclosure, "/package"), data=token)
    assert again.status_code == 422
    page = text(again)
    assert policy().rule("package_single_use").text in page
    assert "Downloaded" in page
    assert "by Detective" in page
    assert "Have another package released" in page
    db.session.rollback()
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
    assert take(client, disclosure).status_code == 200
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
    whole = package.sha256
    set_back(package, sha256="0" * 64)
    assert take(client, disclosure).status_code == 500
    db.session.rollback()
    assert package.fetched_at is None
    set_back(package, sha256=whole)
    assert take(client, disclosure).status_code == 200
    db.session.rollback()
    assert package.fetched_at is not None


def take(client, disclosure, **headers):
    """What the button of the page leads to, taken whole."""
    answer = client.get(begin(client, disclosure), headers=headers)
    assert answer.data
    return answer


def begin(client, disclosure) -> str:
    """The address to which the button of the page leads."""
    return client.post(url(disclosure, "/package"), data=hidden(client, url(disclosure), "#next form")).location


@pytest.mark.clause("EXT-7", "ACC-12")
def test_a_transfer_that_broke_off_uses_nothing_up_and_goes_on_in_the_same_session(disclose, sign_in, monkeypatch):
    monkeypatch.setattr(downloads, "PIECE_BYTES", 1000)
    disclosure, client, records = disclose(state="released"), sign_in(ASKER), sign_in(OTHER_RECORDS)
    package = disclosure.current_package
    path = begin(client, disclosure)
    begun = client.get(path)
    sent = next(begun.iter_encoded())
    begun.close()
    assert (begun.status_code, len(sent)) == (200, 1000)
    page = text(client.get(url(disclosure)))
    assert "has not arrived whole" in page and "Being fetched" in page
    other = sign_in(ASKER)  # the same person at another computer
    for stranger, words in ((other, "in another session"), (records, "Somebody else has begun")):
        assert words in text(stranger.get(url(disclosure)))
        token = hidden(stranger, "/disclosures/new", "main form")
        refused = stranger.post(url(disclosure, "/package"), data=token)
        assert refused.status_code == 422 and words in text(refused)
        assert stranger.get(path).status_code == 422
    rest = client.get(path, headers={"Range": "bytes=1000-", "If-Range": begun.headers["ETag"]})
    assert rest.status_code == 206
    whole = sent + rest.data
    assert hashlib.sha256(whole).hexdigest() == package.sha256
    db.session.rollback()
    assert package.fetched_by.name == ASKER
    assert [event["first"] for event in events("disclosure.package_sent")] == [0, 1000]
    assert len(events("disclosure.fetch_begun")) == len(events("disclosure.fetched")) == 1
    assert "Record the receipt" in text(client.get(url(disclosure)))


@pytest.mark.clause("EXT-7")
def test_what_may_no_longer_leave_does_not_arrive_whole(disclose, sign_in):
    """The package lapses, or another takes its place, while it is being sent."""
    lapsing, replaced, client = disclose(state="released"), disclose(state="released"), sign_in(ASKER)
    package, size = lapsing.current_package, 0
    sending = client.get(begin(client, lapsing)).iter_encoded()
    set_back(package, built_at=now() - timedelta(days=9), expires_at=now() - timedelta(days=6))
    with pytest.raises(Withheld, match="time to fetch"):
        for piece in sending:
            size += len(piece)
    assert size < package.size
    sending, records = client.get(begin(client, replaced)).iter_encoded(), disclose.people.actor(OTHER_RECORDS)
    with unit_of_work():
        domain.reissue(replaced, records, "The officer took over.")
    with pytest.raises(Withheld):
        list(sending)
    db.session.rollback()
    assert (package.fetched_at, replaced.current_package.fetched_at) == (None, None)
    assert events("workflow.refused")[-1] == {"verb": "fetch", "rule": "WF-disclosure-fetch"}


@pytest.mark.clause("EXT-7")
def test_an_old_address_of_a_package_leads_nowhere(disclose, sign_in):
    disclosure, client = disclose(state="released"), sign_in(ASKER)
    assert client.get(url(disclosure, "/packages/1")).status_code == 422, "its download was not begun"
    assert client.get(url(disclosure, "/packages/2")).status_code == 404
    assert client.head(begin(client, disclosure)).content_length == disclosure.current_package.size
    db.session.rollback()
    assert disclosure.current_package.fetched_at is None and events("disclosure.package_sent") == []


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
    assert "1 disclosure waiting for you" in page
    assert "not decided or recorded in this version" not in page
