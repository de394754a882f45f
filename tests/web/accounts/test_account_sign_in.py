"""Sign-in: what is said before it, who gets in, the lock, and that no password stays anywhere."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.access import sessions
from app.access.directory import DirectoryUnavailable
from app.policy import policy
from demo.accounts import load_accounts
from tests.web.page_reading import soup

PASSWORD = load_accounts().password


def enter(client, post, name: str, password: str = PASSWORD, **data):
    return post(client, "/sign-in", {"username": name, "password": password, **data})


@pytest.mark.clause("AUD-3", "LIM-9")
def test_both_notices_stand_before_the_form(app) -> None:
    html = app.test_client().get("/sign-in").get_data(as_text=True)
    form = html.index("<form")
    for notice in ("official-business", "misuse"):
        assert 0 < html.index(policy().notice(notice).text) < form


@pytest.mark.clause("ACC-3", "ACC-8")
def test_the_directory_lets_in(app, post) -> None:
    client = app.test_client()
    answer = enter(client, post, "d.lark")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert client.get("/").headers["Location"].startswith("/terms")


@pytest.mark.clause("ACC-3", "ACC-8")
@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("d.lark", "not-the-secret"),
        ("nobody", PASSWORD),
        ("z.dodo", PASSWORD),
        ("p.puffin", PASSWORD),
        ("d.lark)(uid=*", PASSWORD),
    ],
    ids=["wrong password", "unknown", "disabled", "no group", "injection"],
)
def test_others_stay_out_and_the_name_stays(app, post, name, password) -> None:
    client = app.test_client()
    answer = enter(client, post, name, password)
    assert answer.status_code == 401
    html = answer.get_data(as_text=True)
    assert f'value="{name}"' in html
    assert password not in html
    assert client.get("/").headers["Location"].startswith("/sign-in")


@pytest.mark.clause("ACC-3")
def test_empty_fields_are_faults(app, post) -> None:
    answer = enter(app.test_client(), post, "", "")
    assert answer.status_code == 422
    assert "Enter your password." in answer.get_data(as_text=True)


@pytest.mark.clause("ACC-3")
@pytest.mark.parametrize("spelling", ["k.rowan", " K.ROWAN ", "k.row\u00adan", "ｋ.rowan"])
def test_five_failures_lock_every_spelling_for_fifteen_minutes(app, post, monkeypatch, spelling) -> None:
    client = app.test_client()
    for _ in range(4):
        assert enter(client, post, "k.rowan", "wrong").status_code == 401
    fifth = enter(client, post, spelling, "wrong")
    assert fifth.status_code == 429
    locked = enter(client, post, spelling)
    assert locked.status_code == 429, "the right password does not open a lock"
    assert 0 < int(locked.headers["Retry-After"]) <= 15 * 60
    real = sessions.now
    monkeypatch.setattr(sessions, "now", lambda: real() + timedelta(minutes=14, seconds=50))
    assert enter(client, post, spelling).status_code == 429
    monkeypatch.setattr(sessions, "now", lambda: real() + timedelta(minutes=15, seconds=10))
    assert enter(client, post, spelling).status_code == 303


@pytest.mark.clause("ACC-3")
@pytest.mark.parametrize(
    ("asked", "reached"),
    [
        ("/notifications?page=2", "/notifications?page=2"),
        ("https://example.test/", "/"),
        ("//example.test/", "/"),
        ("/\\example.test/", "/"),
        ("/no-such-page", "/"),
        ("/sign-out", "/"),
        ("/notifications\r\nX: y", "/"),
    ],
)
def test_next_leads_only_into_this_portal(app, post, asked, reached) -> None:
    assert enter(app.test_client(), post, "d.lark", next=asked).headers["Location"] == reached


@pytest.mark.clause("ACC-3")
def test_no_directory_nobody_gets_in(app, post, monkeypatch) -> None:
    def down(*_args):
        raise DirectoryUnavailable("the directory did not answer")

    monkeypatch.setattr(sessions, "authenticate", down)
    client = app.test_client()
    answer = enter(client, post, "d.lark")
    assert answer.status_code == 503
    assert "directory does not answer" in answer.get_data(as_text=True)
    assert client.get("/").status_code == 302


@pytest.mark.clause("ACC-8")
def test_no_password_is_written_anywhere(app, post, settings) -> None:
    secret = "a-mistyped-passphrase-77"
    client = app.test_client()
    enter(client, post, "d.lark", secret)
    enter(client, post, secret, "x")
    enter(client, post, "d.lark")
    files = [path for path in Path(settings.data_dir).rglob("*") if path.is_file()]
    assert any(b"session.signed_in" in path.read_bytes() for path in files), "the search reads the right files"
    for path in files:
        assert secret.encode() not in path.read_bytes(), path
        assert PASSWORD.encode() not in path.read_bytes(), path


@pytest.mark.clause("ACC-3")
def test_signing_out_ends_the_session(app, sign_in, post) -> None:
    client = sign_in("d.lark")
    with client.session_transaction() as kept:
        token = kept[sessions.TOKEN]
    assert post(client, "/sign-out", page="/").headers["Location"] == "/sign-in"
    with client.session_transaction() as again:
        again[sessions.TOKEN] = token
    assert client.get("/").headers["Location"].startswith("/sign-in"), "the old cookie is worth nothing"


@pytest.mark.clause("ACC-3", "ACC-7")
def test_only_public_pages_open_before_sign_in(app) -> None:
    client = FlaskClient(app, app.response_class)  # pages are checked elsewhere; here only who may open them
    opened = set()
    for rule in app.url_map.iter_rules():
        if rule.arguments or rule.endpoint == "static":
            continue
        for method in rule.methods & {"GET", "POST"}:
            answer = client.open(rule.rule, method=method)
            if answer.status_code < 300:
                opened.add(rule.rule)
            elif method == "GET" and answer.status_code in (302, 303):
                assert answer.headers["Location"].startswith("/sign-in")
            else:
                assert answer.status_code in (400, 401), (rule.rule, method, answer.status)
    pages = ("uses", "disclosures", "workflow", "roles", "notices", "versions", "figures")
    policy_pages = {
        "/policy",
        *(f"/policy/{name}" for name in pages),
    }
    assert opened == {"/sign-in", "/verify", "/healthz"} | policy_pages


@pytest.mark.clause("ACC-3")
@pytest.mark.parametrize("password", ["\x07", "\u200e", "\ue000", "\u00ad"])
def test_a_password_that_no_directory_can_be_sent_is_an_ordinary_failure_and_counts(app, post, password) -> None:
    client = app.test_client()
    for _ in range(5):
        assert enter(client, post, "d.lark", password).status_code in {401, 429}
    assert sessions.locked_until("d.lark") is not None


@pytest.mark.clause("ACC-3")
def test_a_name_with_characters_that_nobody_types_counts_as_the_name_it_shows(app, post) -> None:
    client = app.test_client()
    for _ in range(5):
        assert enter(client, post, "d.lark\u200b", "wrong").status_code in {401, 429}
    assert sessions.locked_until("d.lark") is not None


def _told_before_the_password(answer) -> bool:
    """Whether the notice stands, unhidden and outside a fold, before the first field for a password."""
    page, said = soup(answer), policy().notice("official-business").text
    field = page.select_one("input[type=password]")
    notice = next(node for node in page.find_all(string=lambda words: said in words))
    around = [notice.parent, *notice.parents]
    shown = all(not tag.has_attr("hidden") and tag.name not in {"template", "details"} for tag in around if tag.attrs)
    return shown and notice in list(field.find_all_previous(string=True))


@pytest.mark.clause("AUD-3", "LIM-9")
def test_no_way_to_the_password_field_passes_the_notice_by_bypass(app, post, monkeypatch) -> None:
    """By address, by a link into the portal, by a form that is empty, wrong or locked, and after signing out."""
    client = app.test_client()
    followed = client.get("/requests?status=open", follow_redirects=True)
    doors = [client.get("/sign-in"), client.get("/sign-in?next=//elsewhere.example/"), followed]
    doors += [enter(client, post, "", ""), enter(client, post, "s.alder", "wrong")]
    doors += [enter(client, post, "k.rowan", "wrong") for _ in range(5)]
    assert [answer.status_code for answer in doors[3:5]] == [422, 401] and doors[-1].status_code == 429
    assert enter(client, post, "d.lark").status_code == 303
    doors.append(client.get("/requests", follow_redirects=True))
    assert doors[-1].request.path == "/terms", "signed in, nothing else is shown before the terms"
    assert policy().terms.version and client.get("/requests").headers["Location"].startswith("/terms")
    assert all(_told_before_the_password(answer) for answer in doors[:-1])
