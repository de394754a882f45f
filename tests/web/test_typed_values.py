"""Addresses, page numbers, days and numbers that no browser sends by itself: each is answered, none breaks a page."""

from __future__ import annotations

import pytest
from werkzeug.exceptions import NotFound
from werkzeug.routing import IntegerConverter

from app.extensions import db
from app.models import Job
from demo.people import person
from tests.retention_factory import RetentionFactory
from tests.web.examination.test_review_pages import round_url
from tests.web.oversight.export_pages import file_of
from tests.web.page_reading import send_unoffered, soup, text

BROKEN = "http://[bad"
HUGE = "9" * 25
#: between them they are shown the lists of requests, reviews, records, disclosures and of the trail
READERS = ("d.lark", "k.rowan", "s.alder", "b.juniper", "w.sparrow")


@pytest.fixture
def unchecked(app, monkeypatch) -> None:
    """Clients that judge no page: these requests come from no page, and only how they are answered counts."""
    monkeypatch.setattr(app, "test_client_class", None)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("name", [None, "d.lark"])
def test_an_address_that_is_none_breaks_neither_the_guard_nor_an_error_page(app, sign_in, name):
    client = sign_in(name) if name else app.test_client()
    for headers in (
        {"HX-Request": "true", "HX-Current-URL": BROKEN},
        {"HX-Request": "true", "Referer": BROKEN},
        {"Referer": BROKEN},
    ):
        for path in ("/requests", "/nowhere", "/report-misuse", f"/sign-in?next={BROKEN}", "/sign-in?next=/\u2100[//["):
            assert client.get(path, headers=headers).status_code < 500, (path, headers)
            assert client.post(path, headers=headers).status_code in {400, 401, 404, 405, 422}, (path, headers)


def lists(app) -> list[str]:
    """Every page whose address names nothing."""
    return sorted(
        rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and not rule.arguments
    )


@pytest.mark.usefixtures("unchecked")
def test_a_page_number_that_no_list_has_breaks_none(app, sign_in):
    shown = set()
    for name in READERS:
        client = sign_in(name)
        for path in lists(app):
            answer = client.get(f"{path}?page={HUGE}")
            assert answer.status_code < 500, (name, path)
            shown |= {path} if answer.status_code == 200 else set()
    assert {"/requests", "/audit", "/disclosures/register", "/notifications"} <= shown


@pytest.mark.parametrize("page", [HUGE, "9" * 5000, "²", "-1", "0", "1e3"])
def test_what_is_no_page_is_the_first_one(sign_in, make, page):
    number = make.request("draft").number
    assert number in text(sign_in("d.lark").get(f"/requests?page={page}"))


@pytest.mark.parametrize("day", ["9999-12-31", "9999-12-30", "0001-01-01"])
@pytest.mark.parametrize(("name", "page"), [("w.sparrow", "/audit"), ("b.juniper", "/disclosures/register")])
def test_the_ends_of_the_calendar_bound_a_list_and_its_file(sign_in, run_jobs, name, page, day):
    client = sign_in(name)
    for filtered in (f"{page}?since={day}", f"{page}?until={day}"):
        assert client.get(filtered).status_code == 200
        assert file_of(client, filtered, run_jobs).status_code == 200
    assert not db.session.query(Job).filter(Job.state == "failed").all()


def test_no_address_takes_a_number_that_the_database_cannot_hold(app):
    rules = [
        rule
        for rule in app.url_map.iter_rules()
        if any(isinstance(one, IntegerConverter) for one in rule._converters.values())
    ]
    assert rules
    for rule in rules:
        for length, fits in ((9, True), (10, False), (25, False)):
            path = rule.rule.replace("<uid>", "u").replace("<number>", "n")
            for name in rule.arguments:
                path = path.replace(f"<int:{name}>", "9" * length)
            method = next(iter(set(rule.methods or ()) - {"HEAD", "OPTIONS"}))
            try:
                app.url_map.bind("localhost").match(path, method=method)
            except NotFound:
                assert not fits, path
            else:
                assert fits, path


def test_a_nominee_that_is_no_number_is_none(make, sign_in):
    make.enrol([person(seed) for seed in (21, 22)])
    request = make.request(state="under_examination", gallery=[person(7)])
    make.dispose_all(request, retain=request.current_round.search.candidates[0])
    client, url = sign_in("k.rowan"), round_url(request)
    for typed in ("²", "9" * 5000, HUGE, "-1"):
        answer = send_unoffered(client, url, f"{url}/none", f"{url}/nomination", **{"nominate-candidate": typed})
        assert answer.status_code == 422
        assert "Choose the candidate you nominate." in text(answer)
    assert client.post(f"{url}/candidates/1/marks/{HUGE}/removal").status_code in {400, 404}


@pytest.mark.parametrize("typed", ["²", "9" * 5000, HUGE])
def test_a_history_that_is_no_number_is_not_the_one_on_record(make, people, sign_in, typed):
    record = RetentionFactory(make, people).record("closed")
    client, page = sign_in("b.juniper"), f"/retention/cases/{record.case_number}"
    form = next(form for form in soup(client.get(page)).select("form") if form["action"].endswith("/classification"))
    sent = {field["name"]: field.get("value", "") for field in form.select("input[type=hidden]")}
    assert "class-history_seen" in sent
    sent |= {"class-history_seen": typed, "class-classes": "violation", "class-reason": "As the court said."}
    answer = client.post(form["action"], data=sent)
    assert answer.status_code in {409, 422}
