"""Sign-in through the portal's own page against a real OpenLDAP over TLS, on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import ldap3
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import db
from app.models import AuditEvent, LoginSession
from config.settings import Settings
from demo.accounts import load_accounts
from tests.conftest import hidden_of, models_directory, token_of
from tests.services.conftest import ADMIN_DN, ADMIN_PASSWORD, BASE, Directory
from tests.services.portal import on_servers, portal

pytestmark = pytest.mark.timeout(120)
PASSWORD = load_accounts().password


@pytest.fixture
def app(tmp_path: Path, postgresql_url: str, ldap_environment: dict[str, str]) -> Iterator[Flask]:
    environment = {"CORROBORATE_MODE": "demonstration", "CORROBORATE_DATA_DIR": str(tmp_path), **ldap_environment}
    shared = Settings.from_env(environment)
    changed = on_servers(shared, tmp_path / "data", database_url=postgresql_url, models_dir=models_directory())
    with portal(changed) as made:
        yield made


@pytest.fixture
def change(slapd: Directory) -> Iterator[Callable[[str, dict], None]]:
    """change(dn, {attribute: (operation, values)}) as an administrator of the directory; undone afterwards."""
    connection = ldap3.Connection(ldap3.Server(slapd.url), ADMIN_DN, ADMIN_PASSWORD, auto_bind=True, receive_timeout=10)
    undo: list[tuple[str, dict]] = []

    def modify(dn: str, changes: dict) -> None:
        opposite = {ldap3.MODIFY_ADD: ldap3.MODIFY_DELETE, ldap3.MODIFY_DELETE: ldap3.MODIFY_ADD}
        for attribute, (operation, values) in changes.items():
            if operation == ldap3.MODIFY_REPLACE:
                assert connection.search(dn, "(objectClass=*)", ldap3.BASE, attributes=[attribute])
                before = connection.entries[0][attribute].values
                undo.append((dn, {attribute: [(ldap3.MODIFY_REPLACE, before)]}))
            else:
                undo.append((dn, {attribute: [(opposite[operation], values)]}))
            assert connection.modify(dn, {attribute: [(operation, values)]}), connection.result
            assert connection.result["result"] == 0, connection.result

    yield modify
    for dn, changes in reversed(undo):
        connection.modify(dn, changes)
    connection.unbind()


def person(name: str) -> str:
    return f"uid={name},ou=people,{BASE}"


def sign_in(client: FlaskClient, name: str, password: str = PASSWORD):
    data = {"csrf_token": token_of(client, "/sign-in"), "username": name, "password": password}
    return client.post("/sign-in", data=data)


def accept_terms(client: FlaskClient) -> None:
    data = {"csrf_token": token_of(client, "/terms"), "accept": "y"}
    assert client.post("/terms", data=data).status_code in {302, 303}


def acknowledge(client: FlaskClient) -> None:
    data = {**hidden_of(client, "/policy-changes", "/policy-changes"), "accept": "y"}
    assert client.post("/policy-changes", data=data).status_code in {302, 303}


@pytest.fixture
def signed_in(app: Flask) -> Callable[[str], FlaskClient]:
    def open_(name: str) -> FlaskClient:
        client = app.test_client()
        assert sign_in(client, name).status_code in {302, 303}
        accept_terms(client)
        acknowledge(client)
        assert client.get("/").status_code == 200
        return client

    return open_


@pytest.mark.clause("ACC-3", "ACC-8")
@pytest.mark.parametrize(
    ("name", "shown", "place"),
    [
        ("d.lark", "Dana Lark", "/requests"),
        ("c.hawthorn", "Cleo Hawthorn", "/workload/figures"),
        ("h.larch", "Hana Larch", "/misuse"),
    ],
)
def test_a_person_signs_in_and_has_the_pages_of_their_groups(app, signed_in, name, shown, place):
    client = signed_in(name)
    assert shown in client.get("/").get_data(as_text=True)
    assert client.get(place).status_code == 200
    assert client.get("/algorithms").status_code == 403


@pytest.mark.clause("ACC-3")
@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("d.lark", "wrong"),
        ("d.lark", " "),
        ("nobody", PASSWORD),
        ("*", PASSWORD),
        ("d.lark)(uid=*", PASSWORD),
        ("z.dodo", PASSWORD),
        ("p.puffin", PASSWORD),
        (person("d.lark"), PASSWORD),
    ],
    ids=["wrong", "blank", "unknown", "star", "injection", "disabled", "no group", "a whole name"],
)
def test_sign_in_is_refused_with_one_sentence(app, name, password):
    client = app.test_client()
    answer = sign_in(client, name, password)
    assert answer.status_code in {401, 422}
    assert client.get("/").headers["Location"].startswith("/sign-in")
    assert db.session.query(LoginSession).count() == 0
    if answer.status_code == 401:
        assert "The name or the password is wrong" in answer.get_data(as_text=True)


@pytest.mark.clause("ACC-3")
def test_five_failures_lock_the_name_even_for_the_right_password(app):
    client = app.test_client()
    for _ in range(5):
        sign_in(client, "m.heron", "wrong")
    answer = sign_in(client, "m.heron")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 600
    assert db.session.query(LoginSession).count() == 0


@pytest.mark.clause("ACC-2", "ACC-8")
def test_whoever_leaves_the_group_is_out_at_the_next_request(app, signed_in, change):
    client = signed_in("d.lark")
    change(f"cn=investigators,ou=groups,{BASE}", {"member": (ldap3.MODIFY_DELETE, [person("d.lark")])})
    answer = client.get("/requests")
    assert answer.headers["Location"].startswith("/sign-in")
    db.session.rollback()
    assert db.session.query(LoginSession).filter(LoginSession.ended_at.is_(None)).count() == 0
    assert db.session.query(AuditEvent).filter_by(event="account.left").count() == 1
    assert sign_in(client, "d.lark").status_code == 401


@pytest.mark.clause("ACC-2", "ACC-8")
def test_whoever_is_disabled_is_out_at_the_next_request(app, signed_in, change):
    client = signed_in("k.rowan")
    change(person("k.rowan"), {"userAccountControl": (ldap3.MODIFY_REPLACE, ["514"])})
    assert client.get("/").headers["Location"].startswith("/sign-in")
    assert sign_in(client, "k.rowan").status_code == 401


@pytest.mark.clause("ACC-8")
def test_a_new_group_opens_its_pages_at_the_next_request(app, signed_in, change):
    client = signed_in("w.sparrow")
    assert client.get("/misuse").status_code == 403
    change(f"cn=integrity-officers,ou=groups,{BASE}", {"member": (ldap3.MODIFY_ADD, [person("w.sparrow")])})
    assert client.get("/misuse").status_code == 200


@pytest.mark.clause("ACC-2")
def test_when_the_directory_does_not_answer_nobody_is_let_in(app, signed_in, monkeypatch):
    from app.access import directory, sessions

    def silent(*_: object) -> None:
        raise directory.DirectoryUnavailable("no answer")

    client = signed_in("d.lark")
    monkeypatch.setattr(sessions, "lookup", silent)
    assert client.get("/requests").status_code == 503
