"""Sessions: who is out at the next request, what ends a session, what keeps it, and the terms."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.access import sessions
from app.calendar import today
from app.extensions import db
from app.models import AuditEvent, LoginSession, TermsAcceptance
from app.policy import policy
from tests.conftest import token_of


def is_in(client) -> bool:
    answer = client.get("/")
    assert answer.status_code in (200, 302)
    if answer.status_code == 302:
        assert answer.headers["Location"].startswith("/sign-in")
    return answer.status_code == 200


@pytest.fixture
def later(monkeypatch):
    """later(minutes=31): the sessions module reads a clock that far ahead."""
    real = sessions.now

    def move(**ahead) -> None:
        monkeypatch.setattr(sessions, "now", lambda: real() + timedelta(**ahead))

    return move


def event_count(name: str) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(AuditEvent).where(AuditEvent.event == name))


@pytest.mark.clause("ACC-2", "ACC-8")
@pytest.mark.parametrize("change", [{"disabled": True}, {"groups": []}], ids=["disabled", "left the group"])
def test_who_left_is_out_at_the_next_request(sign_in, change_person, change) -> None:
    client = sign_in("k.rowan")
    assert is_in(client)
    change_person("k.rowan", **change)
    assert not is_in(client)
    assert event_count("account.left") == 1
    change_person("k.rowan", disabled=False, groups=["fr-examiners"])
    assert not is_in(client), "the ended session stays ended"


@pytest.mark.clause("ACC-2", "ACC-7", "ACC-8")
def test_a_role_taken_away_closes_its_pages_at_the_next_request(sign_in, change_person) -> None:
    client = sign_in("h.larch")
    assert client.get("/misuse").status_code == 200
    change_person("h.larch", groups=["auditors"])
    assert client.get("/misuse").status_code == 403
    assert client.get("/audit").status_code == 200
    assert event_count("account.changed") == 1


@pytest.mark.clause("ACC-2")
def test_a_session_ended_elsewhere_is_over_at_once(sign_in, post) -> None:
    one, other = sign_in("d.lark"), sign_in("d.lark")
    stranger = sign_in("m.heron")
    assert post(one, "/sessions/end", page="/sessions").status_code == 303
    assert is_in(one)
    assert not is_in(other)
    assert is_in(stranger), "other people's sessions are not touched"


@pytest.mark.clause("ACC-7")
def test_nobody_ends_another_persons_session(sign_in, post, people) -> None:
    theirs, mine = sign_in("m.heron"), sign_in("d.lark")
    account = people.account("m.heron")
    found = db.session.scalars(select(LoginSession).where(LoginSession.account_id == account.id)).one()
    assert post(mine, "/sessions/end", {"uid": found.uid}, page="/sessions").status_code == 404
    assert is_in(theirs)


@pytest.mark.clause("ACC-3")
def test_an_idle_session_expires(sign_in, later, settings) -> None:
    client = sign_in("d.lark")
    later(minutes=settings.session_idle_minutes - 1)
    assert is_in(client)
    later(minutes=2 * settings.session_idle_minutes - 3)
    assert is_in(client), "use renews it"
    later(minutes=3 * settings.session_idle_minutes)
    assert not is_in(client)
    assert event_count("session.ended") == 1


@pytest.mark.clause("ACC-3")
def test_polling_does_not_keep_a_session_alive(sign_in, later, settings) -> None:
    client = sign_in("d.lark")
    later(minutes=settings.session_idle_minutes - 1)
    assert client.get("/notifications", headers={"X-Poll": "1"}).status_code == 200
    later(minutes=settings.session_idle_minutes + 1)
    assert not is_in(client)


@pytest.mark.clause("ACC-3")
def test_a_used_session_still_ends_for_good(sign_in, later) -> None:
    client = sign_in("d.lark")  # the fixture opens it for one hour
    for minutes in (20, 40, 59):
        later(minutes=minutes)
        assert is_in(client)
    later(minutes=61)
    assert not is_in(client)


@pytest.mark.clause("ACC-3")
def test_the_cookie_alone_is_stored_nowhere(sign_in, settings) -> None:
    client = sign_in("d.lark")
    with client.session_transaction() as kept:
        token = kept[sessions.TOKEN].encode()
    files = [path for path in settings.data_dir.rglob("*") if path.is_file()]
    assert all(token not in path.read_bytes() for path in files)
    assert any(sessions.digest(token.decode()).encode() in path.read_bytes() for path in files)


# Terms -----------------------------------------------------------------------------------------------------


@pytest.mark.clause("ACC-11")
def test_nothing_opens_before_the_terms_are_accepted(app, sign_in) -> None:
    client = sign_in("d.lark", terms=False)
    answer = client.get("/notifications?page=2")
    assert answer.headers["Location"].startswith("/terms?next=")
    token = {"csrf_token": token_of(client, "/terms")}
    assert client.post("/notifications/read", data=token).headers["Location"] == "/terms"
    html = client.get("/terms").get_data(as_text=True)
    assert "Training" not in html
    assert all(paragraph in html for paragraph in policy().terms.paragraphs)


@pytest.mark.clause("ACC-11")
def test_terms_are_accepted_once_and_lead_on(sign_in, post) -> None:
    client = sign_in("d.lark", terms=False)
    refused = post(client, "/terms", {"next": "/notifications"})
    assert refused.status_code == 422, "the box must be ticked"
    assert not is_terms_free(client)
    for _ in range(2):
        answer = post(
            client,
            "/terms",
            {"accept": "y", "next": "/notifications"},
            page="/sessions" if is_terms_free(client) else None,
        )
        assert answer.headers["Location"] == "/notifications"
    assert is_terms_free(client)
    assert db.session.scalar(select(func.count(TermsAcceptance.id))) == 1
    assert event_count("terms.accepted") == 1


@pytest.mark.clause("ACC-11")
def test_a_new_version_asks_again(sign_in, monkeypatch) -> None:
    import msgspec

    client = sign_in("d.lark")
    assert is_terms_free(client)
    import dataclasses

    changed = dataclasses.replace(policy(), terms=msgspec.structs.replace(policy().terms, version="next"))
    monkeypatch.setattr(sessions, "policy", lambda: changed)
    assert not is_terms_free(client)


def is_terms_free(client) -> bool:
    return client.get("/notifications").status_code == 200


# Training --------------------------------------------------------------------------------------------------


@pytest.mark.clause("ACC-4", "ACC-1")
def test_an_untrained_examiner_is_told_the_rule_and_whom_to_ask(sign_in, people) -> None:
    people.account("c.hawthorn")
    client = sign_in("o.teal")
    html = client.get("/").get_data(as_text=True)
    assert policy().training["fr"].text in html
    assert "Cleo Hawthorn" in html
    assert "Review queue" not in html
    refused = client.get("/review")
    assert refused.status_code == 403
    text = refused.get_data(as_text=True)
    assert "training is not recorded" in text
    assert "ACC-4" in text
    assert event_count("training.absent") == 1


@pytest.mark.clause("ACC-4")
def test_training_that_ends_closes_the_pages(sign_in, people, monkeypatch) -> None:
    client = sign_in("k.rowan")
    assert client.get("/review").status_code == 200
    record = people.account("k.rowan").training[0]
    days = (record.expires_on - today()).days
    db.session.rollback()
    monkeypatch.setattr(sessions, "actor_of", on_day(sessions.actor_of, timedelta(days=days)))
    assert client.get("/review").status_code == 403
    monkeypatch.undo()
    assert client.get("/review").status_code == 200


def on_day(actor_of, ahead: timedelta):
    """actor_of as it would answer that much later."""
    return lambda account, roles, today, *more: actor_of(account, roles, today + ahead, *more)
