"""Pages whose lists grow with the years: as many statements and rows for a thousand as for a hundred."""

from __future__ import annotations

import re

import pytest

from tests.bulk_rows import Crowd, asked, plans
from tests.web.page_reading import soup, text

pytestmark = pytest.mark.past_the_program
#: tables of which no page reads all rows
GROWN = (
    "job",
    "fr_request",
    "search",
    "transition",
    "case_record",
    "case_history",
    "disclosure",
    "stored_standing",
    "probe_image",
    "examination_round",
    "person_file",
)
#: the last of a subject's jobs is looked for among its own, not among all of a kind
READ_WHOLE = re.compile(rf"SCAN ({'|'.join(GROWN)})$|SEARCH job USING INDEX ix_job_kind")


@pytest.fixture
def crowd(app, people) -> Crowd:
    return Crowd(people.account("d.lark").id, people.account("k.rowan").id, people.account("s.alder").id)


def look(client, address: str):
    """The page, and what it asked of the database; asked for twice, so that what is kept in memory is."""
    client.get(address)
    with asked() as found:
        answer = client.get(address)
    assert answer.status_code == 200, f"{address}: {answer.status_code}"
    return answer, found


#: who looks at which page, and what grows meanwhile
PAGES = {
    "due": ("b.juniper", "/retention", "records"),
    "completed": ("b.juniper", "/retention?list=unclassified", "records"),
    "all": ("y.hazel", "/retention?list=all&page=2", "records"),
    "recalculated": ("y.hazel", "/retention/recalculations", "records"),
    "home_records": ("b.juniper", "/", "records"),
    "home_privacy": ("y.hazel", "/", "records"),
    "final_review": ("c.hawthorn", "/final-review", "requests"),
    "final_review_part": ("c.hawthorn", "/final-review?show=waiting", "requests"),
    "workload": ("c.hawthorn", "/workload", "requests"),
    "overdue": ("c.hawthorn", "/workload?show=overdue", "requests"),
    "figures": ("c.hawthorn", "/workload/figures", "requests"),
    "searches": ("c.hawthorn", "/searches", "requests"),
    "discussions": ("s.alder", "/discussions", "requests"),
    "disclosures": ("y.hazel", "/disclosures", "disclosures"),
    "disclosures_asker": ("d.lark", "/disclosures", "disclosures"),
    "home_decides": ("y.hazel", "/", "disclosures"),
}


def grow(crowd: Crowd, what: str, count: int) -> None:
    if what == "records":
        crowd.records(count)
    elif what == "requests":
        for state in ("peer_reviewed", "nominated", "approved", "negative", "reported", "documented"):
            crowd.requests(state, count // 10)
        crowd.requests("submitted", count // 10, examiner_id=None)
    else:
        for state in ("submitted", "approved", "released"):
            crowd.disclosures(state, count // 3)


def reads_whole(statement: str, plan: list[str]) -> bool:
    """Whether all rows of a table are read that grows.

    Not one that is read in its own order and left after some rows, nor where nobody's rows are asked for. How many
    there are may be counted.
    """
    if "WHERE 0 = 1" in statement or statement.startswith("SELECT count("):
        return False
    left_early = "LIMIT" in statement and not any("TEMP B-TREE" in line for line in plan)
    return not left_early and any(READ_WHOLE.search(line) for line in plan)


@pytest.mark.parametrize("what", ["records", "requests", "disclosures"])
def test_a_page_asks_no_more_of_a_thousand_than_of_a_hundred(crowd, sign_in, what):
    people = {person: sign_in(person) for person, _, grown in PAGES.values() if grown == what}
    pages = {name: (people[person], address) for name, (person, address, grown) in PAGES.items() if grown == what}
    # more than one page of every list, so that what follows grows what lies behind
    grow(crowd, what, 700)
    few = {name: look(*page) for name, page in pages.items()}
    grow(crowd, what, 3000)
    for name, page in pages.items():
        answer, found = look(*page)
        before, less = few[name]
        assert len(found.statements) == len(less.statements), f"{name}: statements grow"
        assert found.rows == less.rows, f"{name}: rows grow"
        assert len(answer.data) < 1.2 * len(before.data), f"{name}: the page grows"
        whole = [one for one in plans(found.statements) if reads_whole(*one)]
        assert whole == [], f"{name}: a table is read whole"


def test_retention_loads_with_thousands_of_case_records(crowd, sign_in):
    crowd.records(5000)
    for person, address, most in (
        ("b.juniper", "/", 45),
        ("y.hazel", "/", 45),
        ("b.juniper", "/retention", 40),
        ("y.hazel", "/retention?list=all", 40),
    ):
        answer, found = look(sign_in(person), address)
        assert len(found.statements) <= most, (person, address, len(found.statements))
        assert found.rows < 1000, (person, address, found.rows)
    tabs = {tab.get_text(" ", strip=True) for tab in soup(answer).select(".cor-tabs a")}
    assert {"Due 1834", "Upcoming 1833", "To be completed 1833", "All 5500"} <= tabs
    assert "5,500 records, page 1 of 110" in text(answer)


def test_every_request_of_the_queue_is_found_on_the_pages_of_its_part(crowd, sign_in):
    crowd.requests("peer_reviewed", 60)
    client = sign_in("c.hawthorn")
    first = soup(client.get("/final-review"))
    assert len(first.select("#waiting tbody tr")) == 25
    assert "25 of 60 are shown" in first.select_one("#waiting").get_text(" ", strip=True)
    numbers = set()
    for page in (1, 2, 3):
        answer = soup(client.get(f"/final-review?show=waiting&page={page}"))
        assert answer.select_one("#undelivered") is None
        numbers |= {row.get_text(strip=True) for row in answer.select("#waiting tbody th")}
    assert len(numbers) == 60
    assert client.get("/final-review?show=nonsense").status_code == 200
