"""The notice of misuse and the way to report it, on every way in and on every page that is not as hoped for (LIM-9)."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.access import sessions
from app.extensions import db
from app.models import MisuseReport
from app.policy import policy
from demo.accounts import load_accounts
from tests.conftest import token_of
from tests.web.oversight.test_account_misuse import TEXT, write
from tests.web.page_reading import soup, text

PASSWORD = load_accounts().password


def warned(answer) -> bool:
    """Whether the penalties of misuse stand on the page, before the fields for name and password."""
    page, notice = text(answer), policy().notice("misuse").text
    return notice in page and page.index(notice) < page.index("Password")


@pytest.mark.clause("LIM-9")
def test_nobody_comes_to_the_password_past_the_penalties_bypass(app, post, monkeypatch):
    """By every other way to the form: a link that leads on, a fault, a lock, a page that sends there."""
    assert "penalties" in policy().notice("misuse").text
    client = app.test_client()
    for ask in ("/sign-in?next=/review", "/sign-in?next=https://example.test/", "/sign-in?username=k.rowan"):
        assert warned(client.get(ask)), ask
    assert warned(client.get("/review", follow_redirects=True))
    for password, status in [("", 422), *[("wrong", 401)] * (sessions.FAILURES - 1), ("wrong", 429), (PASSWORD, 429)]:
        answer = post(client, "/sign-in", {"username": "k.rowan", "password": password})
        assert (answer.status_code, warned(answer)) == (status, True)


@pytest.mark.clause("LIM-9")
def test_the_sign_in_by_a_script_still_ends_at_the_terms_bypass(app, post):
    """By never looking at the page: before the terms, which name the penalties, no page and no form answers."""
    client = app.test_client()
    assert post(client, "/sign-in", {"username": "k.rowan", "password": PASSWORD}).status_code == 303
    for page in ("/", "/review", "/gallery?number=P-0001", "/report-misuse", "/notifications"):
        assert client.get(page).headers["Location"].startswith("/terms"), page
    said = text(client.get("/terms"))
    assert all(" ".join(paragraph.split()) in said for paragraph in policy().terms.paragraphs)
    assert any("penalt" in paragraph for paragraph in policy().terms.paragraphs)
    assert post(client, "/gallery", {"number": "P-0001"}, page="/terms").headers.get("Location") != "/gallery"


@pytest.mark.clause("LIM-9")
def test_a_page_that_refuses_leads_to_the_report_as_well_bypass(make, sign_in, post):
    """By keeping whoever saw something on pages that fail: each of them has the way, and it works from there."""
    request = make.request("submitted")
    client, here = sign_in("d.lark"), f"/requests/{request.number}"
    stale = {"reason": "Identified by the victim.", "version": "0"}
    answers = {
        404: client.get("/requests/FR-1999-00001"),
        403: client.get("/review"),
        405: client.delete(here, data={"csrf_token": token_of(client, "/report-misuse")}),
        400: client.post(f"{here}/withdraw", data={"reason": "No token."}),
        409: post(client, f"{here}/withdraw", stale, page=f"{here}/withdraw"),
        422: post(client, f"{here}/withdraw", {"reason": ""}, page=f"{here}/withdraw"),
    }
    for status, answer in answers.items():
        assert answer.status_code == status
        assert soup(answer).select_one('a[href="/report-misuse"]'), status
    assert write(client, post, page=here).status_code == 303
    db.session.rollback()
    assert db.session.scalars(select(MisuseReport)).one().private["what"] == TEXT


@pytest.mark.clause("LIM-9")
def test_whom_a_report_concerns_neither_reads_nor_removes_it_bypass(app, sign_in, post, people, change_person):
    """By a group that was asked for afterwards, and by whatever address could take a report away."""
    people.account("h.larch")
    write(sign_in("d.lark"), post)
    db.session.rollback()
    uid = db.session.scalars(select(MisuseReport.uid)).one()
    concerned = sign_in("c.hawthorn")
    for address in ("/misuse", f"/misuse/{uid}", f"/misuse/{uid[:8]}", "/misuse?page=1"):
        answer = concerned.get(address)
        assert answer.status_code in (403, 404)
        assert "neighbor" not in text(answer)
    change_person("c.hawthorn", groups=["auditors", "administrators", "privacy-officers", "records-officers"])
    assert concerned.get(f"/misuse/{uid}").status_code == 403
    changing = [rule for rule in app.url_map.iter_rules() if "misuse" in rule.rule and "POST" in rule.methods]
    assert [rule.rule for rule in changing] == ["/report-misuse"]
    assert sign_in("h.larch").get(f"/misuse/{uid}").status_code == 200
