"""The home page: what waits for whom, what is overdue, and plain words for every role."""

from __future__ import annotations

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup

from app import audit
from app.domain.workload import overview
from app.policy import policy
from app.unit_of_work import unit_of_work
from tests.sql_statements import recorded
from tests.web.page_reading import soup


def home(client) -> BeautifulSoup:
    answer = client.get("/")
    assert answer.status_code == 200
    return soup(answer)


def panel(page: BeautifulSoup, name: str) -> str:
    found = page.find(id=name)
    return found.get_text(" ", strip=True) if found else ""


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("r.falcon", ("LIM-5", "LIM-6", "nothing for you to approve here")),
        ("x.magpie", ("EXT-8", "no case is open to you")),
        ("f.spruce", ("ACC-7", "gallery is imported on the command line")),
    ],
)
def test_roles_whose_work_is_elsewhere_are_told_so(sign_in, name, said) -> None:
    page = home(sign_in(name))
    assert all(words in panel(page, "elsewhere") for words in said)
    offered = {link["href"] for link in page.select("#everybody a")}
    assert {"/policy", "/notifications", "/verify", "/report-misuse"} <= offered
    assert page.find(id="waiting") is None, "no empty list of requests for whom has none"


@pytest.mark.parametrize(
    "name", ["d.lark", "s.alder", "k.rowan", "c.hawthorn", "h.larch", "w.sparrow", "y.hazel", "b.juniper"]
)
def test_roles_at_work_here_are_not_sent_elsewhere(sign_in, name) -> None:
    assert home(sign_in(name)).find(id="elsewhere") is None


@pytest.mark.parametrize(
    ("name", "offered"), [("h.larch", {"/misuse", "/audit#chain"}), ("w.sparrow", {"/audit#chain"}), ("d.lark", set())]
)
def test_those_who_watch_are_told_what_to_do_next(sign_in, name, offered) -> None:
    assert {link["href"] for link in home(sign_in(name)).select("#duties a")} == offered


@pytest.mark.clause("ACC-7")
def test_a_request_waits_for_one_after_the_other(sign_in, make) -> None:
    request = make.request(state="submitted")
    assert request.number in panel(home(sign_in("d.lark")), "waited")
    assert "discussed with you" in panel(home(sign_in("s.alder")), "waiting")
    assert request.number not in panel(home(sign_in("t.birch")), "waiting"), "another supervisor is named"
    assert request.number not in panel(home(sign_in("m.heron")), "waited"), "another investigator's request"
    assert request.number not in panel(home(sign_in("k.rowan")), "waiting"), "the discussion is not confirmed"
    make.discuss(request)
    assert "Confirm or refuse the basis" in panel(home(sign_in("k.rowan")), "waiting")
    assert request.number not in panel(home(sign_in("s.alder")), "waiting")
    assert request.number not in panel(home(sign_in("o.teal")), "waiting"), "untrained (ACC-4)"


def test_a_draft_waits_for_its_author_alone(sign_in, make) -> None:
    request = make.request(state="draft")
    assert "Complete and submit it" in panel(home(sign_in("d.lark")), "waiting")
    for name in ("s.alder", "k.rowan", "c.hawthorn"):
        assert request.number not in home(sign_in(name)).get_text()


@pytest.mark.parametrize("priority", list(policy().request.priorities))
def test_overdue_is_what_the_priority_says(app, make, monkeypatch, people, priority) -> None:
    request = make.request(state="submitted")
    hours = policy().request.priorities[priority].due_hours
    actor = people.actor("d.lark")
    with unit_of_work():
        request.priority = priority
        audit.record("request.saved", request, fields=["priority"])
    filed = request.submitted_at
    assert overview.due_at(request) == filed + timedelta(hours=hours)
    for late, overdue in ((-1, 0), (1, 1)):
        monkeypatch.setattr(overview, "now", lambda late=late: filed + timedelta(hours=hours, seconds=late))
        assert overview.board(actor, lambda account: True).overdue == overdue


@pytest.mark.clause("ACC-2")
@pytest.mark.parametrize(
    "change", [{"disabled": True}, {"groups": ["investigators"]}], ids=["disabled", "left the unit"]
)
def test_work_of_an_examiner_who_is_gone_is_unassigned(sign_in, make, change_person, change) -> None:
    request = make.request(state="documented", examiner="k.rowan")
    for name in ("j.maple", "c.hawthorn"):
        assert request.number not in panel(home(sign_in(name)), "unassigned")
    change_person("k.rowan", **change)
    for name in ("j.maple", "c.hawthorn"):
        assert request.number in panel(home(sign_in(name)), "unassigned")
    assert home(sign_in("d.lark")).find(id="unassigned") is None, "the requester is not told who left"


@pytest.mark.clause("AUD-2")
def test_the_count_of_unassigned_requests_is_the_one_of_the_page_it_leads_to(sign_in, make, change_person) -> None:
    make.request(state="documented", examiner="k.rowan")
    make.discuss(make.request(state="submitted"))
    change_person("k.rowan", disabled=True)
    supervisor = sign_in("c.hawthorn")
    tile = home(supervisor).find("a", href="/workload?show=unassigned").get_text(" ", strip=True)
    assert tile == "2 unassigned requests"
    assert "2 unassigned" in soup(supervisor.get("/workload")).get_text(" ", strip=True)


@pytest.mark.clause("ACC-1")
def test_the_requester_is_not_told_of_the_units_inner_states(sign_in, make) -> None:
    request = make.request(state="documented", examiner="k.rowan")
    row = panel(home(sign_in("d.lark")), "waited")
    assert request.number in row
    assert "With the FR unit" in row
    assert "You are told when a report is in the case file." in row
    assert policy().workflow("request").state("documented").title not in row


@pytest.mark.parametrize(("name", "offered"), [("d.lark", True), ("k.rowan", False), ("s.alder", False)])
def test_the_day_of_an_investigator_begins_with_a_new_request(sign_in, name, offered) -> None:
    page = home(sign_in(name))
    button = page.select_one(".cor-heading__actions a.usa-button")
    assert (button is not None and button["href"] == "/requests/new") is offered
    assert "usa-button--outline" not in (button["class"] if button else ())


@pytest.mark.clause("SRC-7", "USE-7")
@pytest.mark.parametrize(
    ("state", "task"),
    [("reported", "Record what corroborates the lead, and the outcome"), ("negative", "Record how the case ended")],
)
def test_what_comes_after_a_report_is_told_by_its_result(sign_in, make, run_jobs, state, task) -> None:
    request = make.request(state=state)
    run_jobs()
    client = sign_in("d.lark")
    assert request.state == "reported"
    assert task in panel(home(client), "waiting")
    assert task in soup(client.get("/requests")).main.get_text(" ")


def test_few_statements_however_many_requests(sign_in, make) -> None:
    client = sign_in("k.rowan")
    make.request(state="discussed")

    def statements() -> int:
        with recorded() as asked:
            client.get("/")
        return len(asked)

    statements()
    one = statements()
    for _ in range(3):
        make.request(state="discussed")
    statements()
    assert statements() == one
    assert one < 30


def test_a_long_navigation_has_its_unit_in_a_menu_and_a_short_one_none(sign_in) -> None:
    page = home(sign_in("c.hawthorn"))
    top = page.select(".cor-nav__list > li")
    menu = next(item for item in top if item.summary)
    assert menu.summary.get_text(strip=True) == "Unit"
    assert {"Workload", "Figures", "Training"} <= {link.get_text(strip=True) for link in menu.select("a")}
    assert len(top) <= 7
    workload = soup(sign_in("c.hawthorn").get("/workload"))
    assert workload.select_one(".cor-nav summary.is-active") is not None
    assert workload.select_one(".cor-nav details a[aria-current=page]")["href"] == "/workload"
    assert home(sign_in("w.sparrow")).select_one(".cor-nav details") is None
