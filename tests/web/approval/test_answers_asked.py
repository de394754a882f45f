"""An answer that waits for a supervisor reaches whoever may judge it, by a way that ends at the page (SRC-3, SRC-5)."""

from __future__ import annotations

import pytest

from app import audit
from app.domain.accounts.people import who_may
from app.domain.examination import verbs as examination
from app.domain.peers import nomination, selection
from app.unit_of_work import unit_of_work
from tests.events_and_notices import notified
from tests.unit_stages import BACKGROUND, SAME, all_answered
from tests.web.page_reading import soup, words

pytestmark = pytest.mark.clause("SRC-3", "SRC-5")
CONFINED = {"custody_intervals": "2026-11-01 to 2026-11-28"}
#: a supervisor of the unit who discussed the use, and one who holds no part
BARRED, FREE = "v.osprey", "c.hawthorn"


@pytest.fixture
def asked(make, people):
    """A request whose answer to a confinement waits for a supervisor of the unit; one of them discussed it."""
    for name in (BARRED, FREE, "j.maple", "n.finch"):
        people.account(name)
    request = make.request(state="under_examination")
    with unit_of_work():  # as it was before an investigator could name only a supervisor of their own command
        request.discussing_supervisor_id = people.account(BARRED).id
        audit.record("audit.anchored", sequence=0)
    nominee = min(request.current_round.search.candidates, key=lambda one: one.rank)
    make.dispose_all(request, retain=nominee)
    with unit_of_work():
        items, actor = {**BACKGROUND, **CONFINED}, people.actor("k.rowan")
        examination.check_background(request, actor, nominee, items, all_answered())
    return request


def test_only_who_may_judge_is_told_and_every_link_leads_to_the_page(asked, sign_in):
    here = f"/final-review/{asked.number}/contradictions"
    assert notified("answer_waits") == [FREE]
    client = sign_in(FREE)
    for page, where in (("/", "#waiting"), ("/notifications", "main"), ("/final-review", "#answers")):
        found = soup(client.get(page)).select_one(where)
        assert here in {link["href"] for link in found.select("a")}, page
    assert "Judge an answer" in words(soup(client.get("/")).select_one("#waiting"))
    assert client.get(here).status_code == 200


def test_whoever_is_barred_gets_the_reason_and_no_link_into_a_refusal(asked, sign_in):
    client = sign_in(BARRED)
    found = soup(client.get("/final-review")).select_one("#answers")
    assert asked.number in words(found)
    assert "another part in this request" in words(found)
    assert not [link for link in found.select("a") if "contradictions" in link["href"]]
    assert asked.number not in words(soup(client.get("/")).select_one("#waiting"))


def test_a_judged_answer_asks_nobody_any_more(asked, make, sign_in):
    make.agree(asked)
    assert asked.number not in words(soup(sign_in(FREE).get("/")).select_one("#waiting"))


@pytest.mark.clause("SRC-4")
def test_a_missing_peer_is_told_to_who_may_end_the_review_and_leads_there(asked, make, people, sign_in):
    make.agree(asked)
    actor = people.actor("k.rowan")
    nominee = min(asked.current_round.search.candidates, key=lambda one: one.rank)
    with unit_of_work():
        nomination.nominate(asked, actor, nominee, "p2", SAME)
    with unit_of_work():
        selection.tell_short(asked.current_round, 1)
    assert notified("peers_short") == [FREE]
    links = {link["href"] for link in soup(sign_in(FREE).get("/notifications")).select("main a")}
    assert f"/final-review/{asked.number}/peers" in links


def test_a_step_is_asked_of_whoever_holds_no_other_part(asked, people):
    may = {people.account(FREE).id}
    assert set(who_may(asked, "approve")) == may
