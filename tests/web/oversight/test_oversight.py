"""The audit trail: who reads it, how it is filtered, exported and checked; reading it is recorded."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
from contextlib import closing

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import func, select, text

from app import audit
from app.blueprints.oversight.trail import entry
from app.csv_lines import safe_cell
from app.domain.oversight import trail_check
from app.domain.oversight.audit_trail import COLUMNS
from app.extensions import db
from app.models import AuditEvent
from app.policy import policy
from app.unit_of_work import unit_of_work
from tests.conftest import token_of
from tests.web.oversight.export_pages import file_of
from tests.web.page_reading import send, soup, words


def rows(client, address: str = "/audit") -> list[list[str]]:
    page = soup(client.get(address))
    return [[cell.get_text(" ", strip=True) for cell in row.select("td")] for row in page.select("tbody tr")]


def chain_panel(html: str) -> str:
    """The words of the panel about the chain."""
    return " ".join(BeautifulSoup(html, "lxml").select_one("section[aria-label='The chain of events']").text.split())


def read_events() -> list[dict]:
    db.session.rollback()
    found = db.session.scalars(
        select(AuditEvent.keys).where(AuditEvent.event == "audit.read").order_by(AuditEvent.sequence)
    )
    return [json.loads(keys)["filter"] for keys in found]


@pytest.mark.clause("AUD-5", "AUD-6", "ACC-7")
@pytest.mark.parametrize(
    ("name", "status"),
    [("h.larch", 200), ("w.sparrow", 200), ("d.lark", 403), ("k.rowan", 403), ("c.hawthorn", 403), ("f.spruce", 403)],
)
def test_only_those_who_watch_read_it(sign_in, name, status) -> None:
    client = sign_in(name)
    assert client.get("/audit").status_code == status
    answer = client.post("/audit/exports", data={"csrf_token": token_of(client, "/report-misuse")})
    assert answer.status_code == (303 if status == 200 else status)


@pytest.mark.clause("AUD-6")
def test_events_are_sentences_of_the_catalogue_newest_first(sign_in, make) -> None:
    request = make.request(state="submitted")
    shown = rows(sign_in("w.sparrow"), f"/audit?subject={request.number}")
    assert policy().event("request.submitted").text in shown[0][2]
    assert "use: USE-1" in shown[0][2]
    assert shown[0][3] == "d.lark"
    numbers = [int(row[0]) for row in shown]
    assert numbers == sorted(numbers, reverse=True)
    assert all(request.number in row[4] for row in shown)


@pytest.mark.clause("AUD-6")
def test_filters_narrow(sign_in, make) -> None:
    make.request(state="submitted")
    client = sign_in("w.sparrow")
    sign_in("f.spruce").get("/audit")
    assert {row[3] for row in rows(client, "/audit?actor=D.Lark")} == {"d.lark"}
    assert rows(client, "/audit?actor=nobody") == []
    assert all("request.submitted" in row[2] for row in rows(client, "/audit?event=request.submitted"))
    assert all(" image." in row[2] for row in rows(client, "/audit?event=image.*"))
    assert [row[3] for row in rows(client, "/audit?event=refusals")] == ["f.spruce"]
    assert rows(client, "/audit?until=2020-01-01") == []
    assert rows(client, "/audit?since=2999-01-01") == []
    assert len(rows(client, "/audit?since=2020-01-01&until=2999-01-01")) > 3
    number = rows(client, "/audit?event=request.submitted")[0][4].split()[0]
    assert rows(client, f"/audit?subject={number.lower()}"), "a number is found however it is typed"


@pytest.mark.clause("AUD-6")
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("since=yesterday&actor=d.lark", "Write a date as year-month-day, for example 2026-03-09."),
        ("event=no-such&actor=d.lark", "Choose an event of the list."),
        ("since=2026-03-09&until=2026-03-08&actor=d.lark", "The last day lies before the first."),
    ],
)
def test_a_filter_with_a_fault_says_so_keeps_what_was_typed_and_lists_nothing(sign_in, make, query, said) -> None:
    make.request(state="submitted")
    client = sign_in("w.sparrow")
    answer = client.get(f"/audit?{query}")
    page = soup(answer)
    assert answer.status_code == 422
    assert said in words(page)
    assert "Correct the filter: until then nothing is listed and no file is made." in words(page)
    assert not page.select("table")
    assert page.select_one("input[name=actor]")["value"] == "d.lark"
    sent = dict(pair.split("=") for pair in query.split("&"))
    refused = client.post("/audit/exports", data={"csrf_token": token_of(client, "/report-misuse"), **sent})
    assert refused.status_code == 422
    assert said in words(soup(refused))
    assert soup(refused).select_one("input[name=actor]")["value"] == "d.lark", "the filter is not lost"


@pytest.mark.clause("AUD-6")
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("actor=n.obody", "Nobody with the user name \u201cn.obody\u201d ever signed in."),
        ("until=2020-01-01&subject=FR-1", "No event fits: subject FR-1, to 2020-01-01."),
        ("actor=d.lark&page=99", "There is no page 99: the filter finds"),
    ],
)
def test_a_filter_that_finds_nothing_says_what_was_asked(sign_in, make, query, said) -> None:
    make.request(state="submitted")
    answer = sign_in("w.sparrow").get(f"/audit?{query}")
    assert answer.status_code == 200
    assert said in words(soup(answer))


@pytest.mark.clause("AUD-5", "AUD-6")
def test_a_check_of_the_chain_keeps_the_filter(sign_in, make) -> None:
    make.request(state="submitted")
    client = sign_in("w.sparrow")
    answer = send(client, "/audit?actor=d.lark&since=2020-01-01", "/audit/check")
    assert answer.headers["Location"] == "/audit?actor=d.lark&since=2020-01-01"


@pytest.mark.clause("AUD-6")
def test_paging_shows_every_event_once(sign_in, people) -> None:
    account = people.account("f.spruce")
    with unit_of_work():
        for _ in range(120):
            audit.record("terms.accepted", account, actor=account, terms="test")
    client = sign_in("w.sparrow")
    address = "/audit?event=terms.accepted&actor=f.spruce"
    numbers = [row[0] for page in (1, 2, 3, 4) for row in rows(client, f"{address}&page={page}")]
    assert len(numbers) == len(set(numbers)) == 120


@pytest.mark.clause("AUD-6", "ACC-11")
def test_reading_is_recorded_with_ids_only(sign_in, people, post) -> None:
    lark = people.account("d.lark").id
    client = sign_in("h.larch")
    client.get("/audit?actor=d.lark&subject=FR-2026-000001")
    client.get("/audit?actor=Dana+Lark&subject=Dana Lark")
    post(client, "/audit/exports", {"event": "refusals"}, page="/report-misuse")
    assert read_events() == [
        {"actor": lark, "subject": "FR-2026-000001", "page": 1},
        {"actor": "unknown", "subject": "other", "page": 1},
        {"event": "refusals", "export": "csv"},
    ]


@pytest.mark.clause("AUD-6")
def test_the_export_holds_what_the_filter_names(sign_in, make, run_jobs) -> None:
    request = make.request(state="submitted")
    client = sign_in("w.sparrow")
    answer = file_of(client, f"/audit?subject={request.number}", run_jobs)
    lines = list(csv.reader(io.StringIO(answer.get_data(as_text=True))))
    assert tuple(lines[0]) == COLUMNS
    wanted = db.session.scalar(
        select(func.count()).select_from(AuditEvent).where(AuditEvent.subject_id == request.number)
    )
    assert len(lines) - 1 == wanted > 2
    assert "attachment" in answer.headers["Content-Disposition"]


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_no_cell_is_a_formula(cell) -> None:
    assert safe_cell(cell) == f"'{cell}"
    assert safe_cell("2026") == "2026"
    assert safe_cell(None) == ""


def test_an_event_the_catalogue_no_longer_has_is_still_shown(app) -> None:
    link = AuditEvent(
        sequence=1, at="2026-11-23T10:00:00.000000+00:00", event="old.event", actor_id=7, keys='{"a":[],"b":true}'
    )
    told = entry(link, {})
    assert (told.text, told.actor, told.details) == ("old.event", "", (("a", "none"), ("b", "yes")))


@pytest.mark.clause("AUD-6")
def test_the_chain_is_checked_on_demand_and_the_check_remembered(sign_in, post) -> None:
    client = sign_in("w.sparrow")
    assert "has not been checked from this page yet" in client.get("/audit").get_data(as_text=True)
    post(client, "/audit/check", page="/audit")
    html = client.get("/audit").get_data(as_text=True)
    assert "The chain holds" in html
    assert "Last found whole" in html
    shown = rows(client, "/audit?event=audit.checked")
    assert len(shown) == 1
    assert shown[0][2].startswith("The chain of events was checked")
    assert "faults: 0" in shown[0][2]


@pytest.mark.clause("AUD-6")
def test_a_check_that_an_earlier_version_recorded_counts_and_is_told_as_one(sign_in) -> None:
    client = sign_in("w.sparrow")
    audit.viewed("audit.read", filter={"check": "chain", "through": 3, "faults": 0})
    assert "Last found whole just now" in chain_panel(client.get("/audit").get_data(as_text=True))
    assert any(row[2].startswith("The chain of events was checked") for row in rows(client, "/audit?event=audit.read"))


@pytest.mark.clause("AUD-6")
def test_a_broken_chain_is_told_and_never_counts_as_whole(sign_in, post) -> None:
    client = sign_in("w.sparrow")
    with db.engine.connect() as raw:
        for (name,) in raw.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            raw.exec_driver_sql(f"DROP TRIGGER {name}")
        raw.exec_driver_sql("UPDATE audit_event SET keys = '{}' WHERE sequence = 1")
        raw.commit()
    post(client, "/audit/check", page="/audit")
    html = client.get("/audit").get_data(as_text=True)
    assert "Event 1 was changed after it was recorded." in html
    told = chain_panel(html)
    assert "has not been checked from this page yet" not in told, "it was, a moment ago"
    assert re.search(r"Last checked just now by w\.sparrow, through event \d+: 1 fault found\.", told), told
    assert "No check from this page has found it whole yet." in told
    assert "Last found whole" not in told


@pytest.mark.clause("AUD-6")
def test_the_last_check_stands_beside_the_last_that_found_nothing(sign_in, post, make) -> None:
    request = make.request(state="submitted")
    watcher, auditor = sign_in("w.sparrow"), sign_in("h.larch")
    post(auditor, "/audit/check", page="/audit")
    number = request.number
    db.session.rollback()
    with closing(sqlite3.connect(db.engine.url.database)) as raw, raw:
        raw.execute("DROP TRIGGER transition_no_delete")
        raw.execute("DELETE FROM transition")
    post(watcher, "/audit/check", page="/audit")
    html = watcher.get("/audit").get_data(as_text=True)
    assert f"Request {number} has lost the step that event" in html
    told = chain_panel(html)
    assert re.search(r"Last checked just now by w\.sparrow, through event \d+: \d faults? found\.", told), told
    assert re.search(r"Last found whole just now by h\.larch, through event \d+\.", told), told


@pytest.mark.clause("AUD-6")
def test_more_faults_than_a_page_holds_are_counted(sign_in, post, people, monkeypatch) -> None:
    monkeypatch.setattr(trail_check, "SHOWN", 2)
    account = people.account("d.lark")
    with unit_of_work():
        for _ in range(5):
            audit.record("disclosure.acknowledged", account, package="1")
    client = sign_in("w.sparrow")
    post(client, "/audit/check", page="/audit")
    html = client.get("/audit").get_data(as_text=True)
    assert html.count("but of nothing that has a workflow") == 2
    assert "5 faults in all" in html


@pytest.mark.clause("ACC-7")
def test_nothing_in_the_trail_can_be_changed_from_here(app) -> None:
    writing = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("oversight.") and "POST" in rule.methods
    ]
    assert sorted(writing) == ["/audit/check", "/audit/exports"]
