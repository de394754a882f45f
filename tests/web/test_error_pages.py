"""Error pages of the whole portal: what htmx is given, and what is said of what was sent."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.extensions import db
from app.models import LoginSession
from app.models.base import now
from app.unit_of_work import unit_of_work
from tests.request_factory import NARRATIVE
from tests.web.page_reading import soup, text
from tests.web.requests.test_requests_flow import draft_fields

HTMX = {"HX-Request": "true"}


def seen(ago: timedelta) -> None:
    """Every session was last used so long ago."""
    with unit_of_work():
        for row in db.session.query(LoginSession):
            row.last_seen_at = now() - ago


@pytest.fixture
def failing(app, monkeypatch):
    """failing("app.steps.flash"): that name raises, and the error page is answered as in use."""
    app.config["PROPAGATE_EXCEPTIONS"] = False

    def broken(*_args, **_kwargs):
        raise RuntimeError("broken")

    return lambda name: monkeypatch.setattr(name, broken)


def test_a_fault_after_the_commit_does_not_say_that_nothing_was_saved(sign_in, post, make, failing):
    request = make.request("draft")
    client, page = sign_in("d.lark"), f"/requests/{request.number}"
    failing("app.steps.flash")
    answer = post(client, f"{page}/submit", page=page)
    assert answer.status_code == 500
    assert "was saved before this happened" in text(answer)
    assert "Nothing was saved" not in text(answer)
    assert soup(answer).select_one("main a")["href"] in (page, f"{page}/submit"), "both show how it stands"
    db.session.rollback()
    assert request.state == "submitted"


def test_a_fault_before_the_commit_says_that_nothing_was_saved(sign_in, post, make, failing):
    """The session's own time is written before: that is no step of the person's."""
    request = make.request("draft")
    client, page = sign_in("d.lark"), f"/requests/{request.number}"
    failing("app.domain.requests.verbs.submit")
    seen(timedelta(minutes=5))
    answer = post(client, f"{page}/submit", page=page)
    assert answer.status_code == 500
    assert "Nothing was saved by this step." in text(answer)
    db.session.rollback()
    assert request.state == "draft"


@pytest.mark.clause("ACC-3")
def test_a_part_asked_for_after_the_session_ended_gives_the_whole_page_and_the_text(sign_in, make, app):
    number = make.empty().number
    client, edit = sign_in("d.lark"), f"/requests/{number}/edit"
    shown = soup(client.get(edit)).select_one("main input[name=csrf_token]")["value"]
    headers = {**HTMX, "HX-Current-URL": f"http://localhost{edit}"}
    seen(timedelta(days=1))
    typed = draft_fields(csrf_token=shown)
    answer = client.post(f"{edit}/use", data=typed, headers=headers)
    assert answer.status_code in {400, 401}
    assert answer.headers["HX-Retarget"] == "body"
    assert NARRATIVE[:60] in text(answer)
    assert "Nothing was saved by this step." in text(answer)


@pytest.mark.clause("ACC-3", "ACC-11")
def test_whoever_must_sign_in_first_is_led_there_and_back_to_the_page_not_to_its_part(sign_in, make, app):
    request = make.request("draft")
    page = f"/requests/{request.number}"
    part = f"{page}/images/{request.images[0].uid}/state"
    headers = {**HTMX, "X-Poll": "1", "HX-Current-URL": f"http://localhost{page}"}
    answer = app.test_client().get(part, headers=headers)
    assert answer.headers["HX-Redirect"] == f"/sign-in?next={page}"
    new = sign_in("d.lark", terms=False)
    assert new.get(part, headers=headers).headers["HX-Redirect"] == f"/terms?next={page}"
    elsewhere = {**headers, "HX-Current-URL": "http://elsewhere.test/requests"}
    assert new.get(part, headers=elsewhere).headers["HX-Redirect"] == "/terms"


def test_what_a_rule_refuses_in_a_part_is_a_whole_page(sign_in):
    answer = sign_in("d.lark").get("/review", headers=HTMX)
    assert answer.status_code == 403
    assert answer.headers["HX-Retarget"] == "body"
    assert soup(answer).select_one("nav") is not None, "whoever is signed in keeps the navigation"
