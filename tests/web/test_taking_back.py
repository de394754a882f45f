"""An exclusion taken back: within the rule's seconds, by its examiner, recorded; what stood before stands again."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from app.domain.examination import replaced
from app.extensions import db
from app.models import Disposition, Draft
from app.models.base import now
from app.models.engine import AuditEvent
from app.policy import policy
from tests.web.examination.test_review_pages import round_url
from tests.web.page_reading import form_at, send, soup, text

NOSE = {"quick-feature": "nose", "quick-verdict": "different_unexplained"}
HTMX = {"HX-Request": "true"}


@pytest.fixture
def round_(make):
    return make.request(state="under_examination").current_round


@pytest.fixture
def at(round_):
    """at(place) -> the address of a candidate."""
    return lambda place: f"{round_url(round_.request)}/candidates/{place}"


def exclude(client, url: str, **given: str) -> str:
    """Exclude by one feature; the address of the next page."""
    answer = send(client, url, f"{url}/exclusion", **{**NOSE, **given})
    assert answer.status_code == 303, text(answer)
    return answer.headers["Location"]


def undo(client, page: str, url: str):
    answer = send(client, page, f"{url}/exclusion/taking-back")
    assert answer.status_code == 303, text(answer)
    return answer


def disposition(round_, place: int):
    db.session.expire_all()
    return next((one for one in round_.dispositions if one.candidate.shown_order == place), None)


@pytest.fixture(autouse=True)
def later(monkeypatch):
    """later(seconds): the clock stands so many seconds after the last step, however slow the machine is; 0 at first."""

    def move(seconds: float) -> None:
        def clock() -> datetime:
            recorded = [row.created_at for row in db.session.query(Disposition)]
            recorded += [row.saved_at for row in db.session.query(Draft)]
            return max(recorded, default=now()) + timedelta(seconds=seconds)

        monkeypatch.setattr(replaced, "now", clock)

    move(0)
    return move


def taken_back() -> list[dict]:
    rows = db.session.query(AuditEvent).filter_by(event="disposition.taken_back").order_by(AuditEvent.sequence)
    return [json.loads(row.keys) for row in rows]


@pytest.mark.clause("SRC-2")
def test_the_next_page_says_what_was_excluded_and_takes_it_back(round_, at, sign_in):
    client = sign_in("k.rowan")
    following = exclude(client, at(1))
    shown = soup(client.get(following)).select_one(".cor-undo")
    assert " ".join(shown.get_text().split()).startswith("Candidate 1 excluded: nose.")
    assert int(shown["data-undo"]) == policy().review.taking_back.count
    assert shown.find_parent(attrs={"data-keys": True}) is not None, "its key works where the exclusion's keys work"
    uid = disposition(round_, 1).candidate.uid
    answer = undo(client, following, at(1))
    assert (answer.status_code, answer.headers["Location"]) == (303, at(1))
    page = client.get(at(1))
    assert "The exclusion of candidate 1 is taken back. It is open again." in text(page)
    assert disposition(round_, 1) is None
    assert taken_back() == [{"candidate": uid, "disposition": "excluded", "standing": "open"}]
    exclude(client, at(1))
    assert disposition(round_, 1).verdict == "excluded", "compared anew"


@pytest.mark.clause("SRC-2")
def test_later_than_the_rule_allows_it_is_refused_in_the_rules_words(round_, at, sign_in, later):
    client, rule = sign_in("k.rowan"), policy().review.taking_back
    assert rule.count == 10
    assert "within 10 seconds" in rule.text
    following = exclude(client, at(1))
    later(rule.count - 0.5)
    late = form_at(client, following, f"{at(1)}/exclusion/taking-back")
    assert soup(client.get(following)).select_one(".cor-undo")["data-undo"] == "1"
    later(rule.count + 0.5)
    assert soup(client.get(following)).select_one(".cor-undo") is None, "nothing is offered that would be refused"
    answer = client.post(f"{at(1)}/exclusion/taking-back", data=late)
    assert answer.status_code == 422
    assert rule.text in text(answer)
    assert "more than 10 seconds ago" in text(answer)
    assert disposition(round_, 1).verdict == "excluded"
    assert taken_back() == []
    refused = db.session.query(AuditEvent).filter_by(event="workflow.refused").one()
    assert json.loads(refused.keys)["rule"] == rule.id


@pytest.mark.clause("SRC-2")
def test_a_whole_worksheet_that_two_keys_replaced_stands_again(round_, at, sign_in):
    client = sign_in("k.rowan")
    sheet = {f.value: "similar" for f in policy().review.worksheet.features}
    given = {"decision": "retained", "remark": "The chin agrees.", **sheet}
    assert send(client, at(1), f"{at(1)}/worksheet", **given).status_code == 303
    before = dict(disposition(round_, 1).private)
    following = exclude(client, at(1))
    assert disposition(round_, 1).verdict == "excluded"
    undo(client, following, at(1))
    row = disposition(round_, 1)
    assert (row.verdict, dict(row.private)) == ("retained", before)
    assert taken_back()[0]["standing"] == "retained"
    assert "It is retained, as before." in text(client.get(at(1)))


@pytest.mark.clause("SRC-2", "ACC-10")
def test_a_worksheet_typed_and_not_recorded_is_a_draft_again(round_, at, sign_in):
    client = sign_in("k.rowan")
    typed = {**form_at(client, at(1), f"{at(1)}/worksheet"), "ears": "similar", "ears_note": "Zanzibar lobe"}
    assert client.post(f"{at(1)}/worksheet/draft", data=typed, headers=HTMX).status_code == 200
    following = exclude(client, at(1))
    for row in db.session.query(Draft):
        assert b"Zanzibar" not in row.sealed
    undo(client, following, at(1))
    page = soup(client.get(at(1)))
    assert page.select_one("[name=ears_note]")["value"] == "Zanzibar lobe"
    assert page.select_one("[name=ears][value=similar]").has_attr("checked")


@pytest.mark.clause("SRC-2")
def test_what_was_changed_since_in_another_window_is_not_taken_back(round_, at, sign_in):
    client = sign_in("k.rowan")
    following = exclude(client, at(1))
    stale = form_at(client, following, f"{at(1)}/exclusion/taking-back")
    exclude(client, at(1), **{"quick-feature": "ears"})
    answer = client.post(f"{at(1)}/exclusion/taking-back", data=stale)
    assert answer.status_code == 409
    assert "You changed this in another window" in text(answer)
    assert list(disposition(round_, 1).private["features"]) == ["ears"]
    retained = {f.value: "similar" for f in policy().review.worksheet.features}
    assert send(client, at(1), f"{at(1)}/worksheet", decision="retained", **retained).status_code == 303
    assert soup(client.get(following)).select_one(".cor-undo") is None, "what is retained was not excluded"


@pytest.mark.clause("SRC-2", "SRC-4")
def test_the_last_exclusion_is_taken_back_from_the_list_and_none_after_the_end(make, round_, at, sign_in, people):
    client, last = sign_in("k.rowan"), round_.search.candidates[-1].shown_order
    for candidate in round_.search.candidates:
        if candidate.shown_order != last:
            make.exclude(round_.request, candidate)
    following = exclude(client, at(last))
    assert following == f"{round_url(round_.request)}?after={last}"
    page = soup(client.get(following))
    assert page.select_one("[data-keys][data-focus] .cor-undo [data-key=z]") is not None
    undo(client, following, at(last))
    assert disposition(round_, last) is None
    following = exclude(client, at(last))
    late = form_at(client, following, f"{at(last)}/exclusion/taking-back")
    url = round_url(round_.request)
    assert send(client, url, f"{url}/none", reason="All differ in the nose.").status_code == 303
    assert db.session.query(Draft).filter(Draft.page.startswith(replaced.PAGE)).count() == 0
    answer = client.post(f"{at(last)}/exclusion/taking-back", data=late)
    assert answer.status_code == 409
    assert "No examination is open." in text(answer)


@pytest.mark.clause("SRC-2", "SRC-4")
def test_nobody_else_takes_it_back(round_, at, sign_in, people):
    following = exclude(sign_in("k.rowan"), at(1))
    for name, status in (("j.maple", 404), ("c.hawthorn", 403)):
        client = sign_in(name)
        data = {"csrf_token": soup(client.get("/")).select_one("[name=csrf_token]")["value"], "version": "1"}
        assert client.post(f"{at(1)}/exclusion/taking-back", data=data).status_code == status
        if status == 403:
            assert soup(client.get(following)).select_one(".cor-undo") is None
    assert disposition(round_, 1).verdict == "excluded"


def test_what_can_no_longer_be_taken_back_is_not_kept(round_, at, sign_in, later):
    client = sign_in("k.rowan")
    kept = db.session.query(Draft).filter(Draft.page.startswith(replaced.PAGE))
    exclude(client, at(1))
    assert kept.count() == 0, "nothing was replaced"
    exclude(client, at(1), **{"quick-feature": "ears"})
    assert kept.count() == 1
    later(policy().review.taking_back.count + 1)
    exclude(client, at(2))
    assert kept.count() == 0


@pytest.mark.clause("SRC-2")
def test_undone_twice_it_is_as_it_was_before_both(round_, at, sign_in, later):
    client = sign_in("k.rowan")
    later(-3600)
    exclude(client, at(1))
    following = exclude(client, at(1), **{"quick-feature": "ears"})
    undo(client, following, at(1))
    assert list(disposition(round_, 1).private["features"]) == ["nose"]
    undo(client, following, at(1))
    assert disposition(round_, 1) is None
    assert [keys["standing"] for keys in taken_back()] == ["excluded", "open"]
