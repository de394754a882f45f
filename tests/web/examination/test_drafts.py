"""Autosave: kept for its author alone, there again after the next sign-in, gone with what was recorded (ACC-10)."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup

from app import audit
from app.domain.examination import drafts
from app.domain.peers.conditions import line_ups_of
from app.domain.retention.erasure_rows import ERASERS
from app.extensions import db
from app.models import Draft, Round
from app.unit_of_work import unit_of_work
from tests.unit_stages import BACKGROUND, SAME, worksheet
from tests.web.line_up_pages import address, compare, work
from tests.web.page_reading import soup

HTMX = {"HX-Request": "true"}


def token(client, page: str) -> dict[str, str]:
    shown = soup(client.get(page))
    form = shown.select_one("form:has(.cor-draft)") or shown.select_one("form[method=post]")
    return {field["name"]: field.get("value", "") for field in form.select("input[type=hidden]")}


def value(page: BeautifulSoup, name: str) -> str:
    field = page.select_one(f"textarea[name={name}]")
    return field.get_text().strip() if field else page.select_one(f"input[name={name}]").get("value", "")


def chosen(page: BeautifulSoup, name: str) -> str | None:
    field = page.select_one(f"input[name={name}][checked]") or page.select_one(f"select[name={name}] option[selected]")
    return field["value"] if field else None


@pytest.fixture
def compared(make):
    """(request, address of the first candidate's page, candidate)."""
    request = make.request(state="under_examination")
    candidate = request.current_round.search.candidates[0]
    return request, f"/review/rounds/{request.current_round.uid}/candidates/{candidate.shown_order}", candidate


@pytest.mark.clause("ACC-10", "SRC-2")
def test_a_half_filled_worksheet_is_there_after_the_next_sign_in_and_gone_when_recorded(compared, sign_in, people):
    _request, url, _candidate = compared
    client = sign_in("k.rowan")
    typed = {"eyes": "similar", "ears_note": "Zanzibar lobe", "nose__tip": "different_explained", "remark": "Half-way."}
    answer = client.post(f"{url}/worksheet/draft", data={**token(client, url), **typed}, headers=HTMX)
    assert re.fullmatch(r"Saved \d\d:\d\d", answer.get_data(as_text=True).strip())
    assert answer.headers["X-Draft"] == "kept"
    row = db.session.query(Draft).one()
    assert b"Zanzibar" not in row.sealed

    client.post("/sign-out", data=token(client, "/review"))
    again = sign_in("k.rowan")
    page = soup(again.get(url))
    assert (chosen(page, "eyes"), chosen(page, "nose__tip")) == ("similar", "different_explained")
    assert (value(page, "ears_note"), value(page, "remark")) == ("Zanzibar lobe", "Half-way.")
    assert "not recorded" in page.select_one("[data-draft]").get_text()
    assert page.select_one("details.cor-fold--sheet").has_attr("open")

    full = {name: given["verdict"] for name, given in worksheet().items()}
    sent = {**token(again, url), **full, "decision": "retained"}
    assert again.post(f"{url}/worksheet", data=sent).status_code == 303
    assert db.session.query(Draft).count() == 0


@pytest.mark.clause("ACC-10")
def test_the_button_works_without_javascript_and_an_emptied_form_keeps_nothing(compared, sign_in):
    _request, url, _candidate = compared
    client = sign_in("k.rowan")
    page = soup(client.get(url))
    button = page.select_one(".cor-draft button")
    assert button["formaction"] == f"{url}/worksheet/draft"
    answer = client.post(button["formaction"], data={**token(client, url), "eyes_note": "Lashes"})
    assert (answer.status_code, answer.headers["Location"]) == (303, url)
    assert "The draft is saved" in soup(client.get(url)).get_text()
    client.post(button["formaction"], data=token(client, url))
    assert db.session.query(Draft).count() == 0
    long = {**token(client, url), "eyes_note": "x" * 501}
    assert client.post(button["formaction"], data=long, headers=HTMX).status_code == 422
    assert db.session.query(Draft).count() == 0


@pytest.mark.clause("ACC-10", "ACC-7", "SRC-4")
def test_a_draft_is_shown_to_nobody_but_its_author(make, sign_in, people):
    request = make.request(state="nominated")
    line = next(one for one in line_ups_of(request.current_round) if one.peer.name == "j.maple")
    place, url = line.places[0], address(line, line.places[0].letter)
    one, other = sign_in("j.maple"), sign_in("n.finch")
    typed = {"ears_note": "Quagmire", "reason": "Xylophone"}
    assert one.post(f"{url}/draft", data={**token(one, url), **typed}, headers=HTMX).status_code == 200
    assert value(soup(one.get(url)), "reason") == "Xylophone"
    supervisor, examiner = sign_in("c.hawthorn"), sign_in("k.rowan")
    for client, page in (
        (other, url),
        (other, address(line)),
        (supervisor, f"/final-review/{request.number}/peers"),
        (examiner, f"/review/{request.number}"),
        (examiner, f"/review/rounds/{request.current_round.uid}"),
    ):
        assert not re.search("Quagmire|Xylophone", client.get(page).get_data(as_text=True)), page
    assert drafts.kept(line, people.actor("n.finch"), drafts.place_page(place)) is None
    assert compare(one, line, place.letter, "m1").status_code == 303
    assert db.session.query(Draft).count() == 0, "recorded, the draft goes"
    last = line.places[-1]
    kept = {**token(one, address(line, last.letter)), **typed}
    assert one.post(f"{address(line, last.letter)}/draft", data=kept, headers=HTMX).status_code == 200
    work(one, line)
    assert db.session.query(Draft).count() == 0
    late = one.post(f"{url}/draft", data={**token(one, "/review"), **typed})
    assert late.status_code == 422, "a verdict is locked: nothing more is kept of it"
    assert re.search(r"You locked this verdict at \d\d:\d\d\.", soup(late).get_text())
    assert db.session.query(Draft).count() == 0


@pytest.mark.clause("ACC-10", "SRC-4")
def test_a_refused_autosave_is_one_sentence_and_no_page(make, sign_in):
    """What htmx puts into the status line: a refusal by a rule too, not the page that a refusal has elsewhere."""
    request = make.request(state="nominated")
    round_ = request.current_round
    line = next(one for one in line_ups_of(round_) if one.peer.name == "j.maple")
    peer, examiner = sign_in("j.maple"), sign_in("k.rowan")
    url, typed = address(line, "A"), {"ears_note": "Quagmire"}
    long = peer.post(f"{url}/draft", data={**token(peer, url), "ears_note": "x" * 501}, headers=HTMX)
    work(peer, line)
    late = peer.post(f"{url}/draft", data={**token(peer, "/review"), **typed}, headers=HTMX)
    over = examiner.post(
        f"/review/rounds/{round_.uid}/candidates/{round_.nominee.shown_order}/worksheet/draft",
        data={**token(examiner, "/review"), **typed},
        headers=HTMX,
    )
    for answer, status, words in (
        (long, 422, r"Not saved: 1 character too many: at most 500 fit\..*"),
        (late, 422, r"Not saved: You locked this verdict at \d\d:\d\d\."),
        (over, 409, "Not saved: No examination is open."),
    ):
        assert (answer.status_code, answer.headers["X-Draft"]) == (status, "refused")
        line_ = soup(answer)
        assert re.fullmatch(words, line_.get_text().strip())
        assert [tag.name for tag in line_.body.find_all(True)] == ["span"], "a sentence, and nothing of a page"
    assert db.session.query(Draft).count() == 0


@pytest.mark.clause("ACC-10")
def test_nothing_is_kept_of_a_round_that_is_over(make, sign_in, people):
    request = make.request(state="nominated")
    round_ = db.session.query(Round).one()
    url = f"/review/rounds/{round_.uid}/candidates/{round_.nominee.shown_order}"
    client = sign_in("k.rowan")
    answer = client.post(f"{url}/background/draft", data={**token(client, "/review"), "records_checked": "Late"})
    assert answer.status_code == 409
    assert db.session.query(Draft).count() == 0
    assert request.state == "nominated"


@pytest.mark.clause("ACC-10", "SRC-3")
def test_a_background_check_is_kept_until_it_is_recorded(make, compared, sign_in, people):
    request, url, candidate = compared
    make.dispose_all(request, retain=candidate)
    client, here = sign_in("k.rowan"), f"{url}/background"
    typed = {"records_checked": "Custody register", "inconsistency-height": "Boots"}
    client.post(f"{here}/draft", data={**token(client, here), **typed}, headers=HTMX)
    assert value(soup(client.get(here)), "records_checked") == "Custody register"
    assert client.post(here, data={**token(client, here), **BACKGROUND}).status_code == 303
    assert db.session.query(Draft).count() == 0


@pytest.mark.clause("RET-11", "ACC-10")
def test_a_draft_goes_with_the_case(make, people):
    request = make.request(state="nominated")
    with unit_of_work():
        page = drafts.background_page(request.current_round, request.current_round.nominee)
        drafts.keep(request, people.actor("k.rowan"), page, {"records_checked": SAME})
    eraser = next(one for one in ERASERS if "form_draft" in one.tables)
    with unit_of_work():
        audit.record("request.disposed", request, disposal="D-1")
        assert eraser.delete([request])["form_draft"] == 1
    assert db.session.query(Draft).count() == 0
