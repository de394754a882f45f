"""People are looked up from the root of a directory that names other servers in each answer, as AD does."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import ldap3
import pytest

from app.access.directory import authenticate, lookup, members
from app.extensions import db, ldap
from app.models import Account, AuditEvent, LoginSession
from config.embedded import Embedded
from demo.accounts import ACCOUNTS_FILE, load_accounts
from tests.conftest import People
from tests.directory_with_referrals import start_forest

PASSWORD = load_accounts().password


@pytest.fixture(scope="module")
def forest(session_settings, tmp_path_factory) -> Iterator[tuple[str, Path]]:
    """Where the directory answers, and the file of its people."""
    data = tmp_path_factory.mktemp("forest")
    accounts = data / "accounts.toml"
    accounts.write_text(ACCOUNTS_FILE.read_text("utf-8"), "utf-8")
    url = f"ldap://127.0.0.1:{Embedded(data).directory_port()}"
    own = dataclasses.replace(session_settings, data_dir=data, log_dir=data / "logs", ldap_url=url)
    with start_forest(own, accounts):
        yield url, accounts


@pytest.fixture
def settings(settings, forest):
    """Everybody and every group is looked for below the root itself."""
    base = settings.ldap_base_dn
    return dataclasses.replace(settings, ldap_url=forest[0], ldap_people_dn=base, ldap_groups_dn=base)


@pytest.fixture
def people(app) -> People:
    return People()


@pytest.fixture
def without(forest):
    """without("d.lark") takes a person out of the directory until the end of the test."""
    _, accounts = forest
    kept = accounts.read_text("utf-8")

    def remove(name: str) -> None:
        before = accounts.read_text("utf-8")
        after = before.replace(f'[people."{name}"]', f'[people."{name}.gone"]')
        assert after != before, name
        accounts.write_text(after, "utf-8")

    yield remove
    accounts.write_text(kept, "utf-8")


def test_the_directory_does_name_other_servers(app, settings) -> None:
    """Else nothing below would be tested."""
    server = ldap3.Server(settings.ldap_url, get_info=ldap3.NONE)
    plain = ldap3.Connection(server, settings.ldap_bind_dn, settings.ldap_bind_password, auto_bind=True)
    plain.search(settings.ldap_base_dn, "(uid=d.lark)", attributes=["cn"])
    assert [item["type"] for item in plain.response] == ["searchResRef", "searchResEntry", "searchResRef"]
    plain.unbind()
    ldap.connection.search(settings.ldap_base_dn, "(uid=nobody)")
    assert ldap.connection.response == []


@pytest.mark.clause("ACC-3", "ACC-8")
def test_a_person_signs_in_from_the_root(app, post) -> None:
    client = app.test_client()
    answer = post(client, "/sign-in", {"username": "d.lark", "password": PASSWORD})
    assert answer.status_code in {302, 303}, answer.get_data(as_text=True)
    assert authenticate("d.lark", "wrong") is None
    assert authenticate("nobody", PASSWORD) is None


@pytest.mark.clause("ACC-8")
def test_who_is_there_and_who_is_not(app) -> None:
    assert lookup("d.lark").roles == {"investigator"}
    assert lookup("nobody") is None
    assert "k.rowan" in members("examiner")


@pytest.mark.clause("ACC-2", "ACC-8")
def test_the_session_of_a_person_who_was_removed_ends(app, sign_in, without) -> None:
    client = sign_in("d.lark")
    assert client.get("/").status_code == 200
    without("d.lark")
    answer = client.get("/")
    assert answer.status_code in {302, 303}
    assert answer.headers["Location"].startswith("/sign-in")
    db.session.rollback()
    assert db.session.query(LoginSession).one().ended_because == "left the directory group or disabled"
    assert db.session.query(AuditEvent).filter_by(event="account.left").count() == 1


@pytest.mark.clause("ACC-2", "ACC-8")
def test_synchronising_ends_the_access_of_who_was_removed(app, people, without) -> None:
    people.account("d.lark")
    without("d.lark")
    result = app.test_cli_runner().invoke(args=["users", "sync"])
    assert result.exit_code == 0, result.output
    db.session.rollback()
    assert not db.session.query(Account).filter_by(name="d.lark").one().enabled
    assert db.session.query(Account).filter_by(name="k.rowan").one().enabled
