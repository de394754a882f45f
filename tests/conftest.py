"""What every test may use: an application on a fresh database, the loopback directory, signed-in clients, people.

The directory is real (one process for the session); the database is a migrated SQLite file, copied for each test; there
is no Redis: jobs stay rows until `run_jobs()` runs them in this process, as a worker would.
"""

from __future__ import annotations

import dataclasses
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.demo.accounts import change_account, load_accounts
from app.demo.services import directory_state, start_directory
from config.settings import Settings
from tests.web.page_checker import CheckedClient

ROOT = Path(__file__).resolve().parents[1]


def models_directory() -> Path:
    """Where the face models of this checkout are installed."""
    return Path(os.environ.get("CORROBORATE_MODELS_DIR", ROOT / "var" / "models"))


@pytest.fixture(scope="session")
def session_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Demonstration settings whose directory runs for the whole session."""
    base = tmp_path_factory.mktemp("session")
    environ = {"CORROBORATE_MODE": "demonstration", "CORROBORATE_DATA_DIR": str(base)}
    made = dataclasses.replace(Settings.from_env(environ), models_dir=models_directory())
    with start_directory(made):
        yield made


@pytest.fixture(scope="session")
def migrated_database(session_settings: Settings) -> Path:
    """A database at the head of all migrations, empty."""
    from flask_migrate import upgrade

    app = create_app(session_settings)
    with app.app_context():
        upgrade()
    return session_settings.data_dir / "corroborate.sqlite"


@pytest.fixture
def settings(session_settings: Settings, migrated_database: Path, tmp_path: Path) -> Settings:
    """Settings of one test: own database, keys, blobs and case files; the session's directory."""
    return own_settings(session_settings, migrated_database, tmp_path / "data")


def own_settings(shared: Settings, migrated_database: Path, data: Path) -> Settings:
    """The shared settings with a copy of the empty database and stores of their own in the new folder `data`."""
    data.mkdir()
    shutil.copy(migrated_database, data / "corroborate.sqlite")
    return dataclasses.replace(
        shared,
        data_dir=data,
        database_url=f"sqlite:///{data / 'corroborate.sqlite'}",
        redis_url=f"unix://{data / 'no-redis.sock'}",
        key_store_dir=data / "keys",
        blob_dir=data / "blobs",
        case_files_dir=data / "case-files",
        anchor_dir=data / "anchors",
        log_dir=data / "log",
    )


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The portal, inside an application context."""
    made = create_app(settings)
    made.testing = True
    made.test_client_class = CheckedClient
    with made.app_context():
        yield made
        from app.extensions import db

        db.session.remove()
        db.engine.dispose()


@pytest.fixture(autouse=True)
def _directory_restored(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a test changed in the directory is undone after it."""
    yield
    if "session_settings" in request.fixturenames:
        directory_state(request.getfixturevalue("session_settings")).unlink(missing_ok=True)


@pytest.fixture
def change_person(session_settings: Settings) -> Callable[..., None]:
    """change_person("k.rowan", disabled=True) or groups=[…]: the running directory follows at once."""
    return lambda uid, **change: change_account(directory_state(session_settings), uid, **change)


class People:
    """The demonstration's people as accounts and actors; trained as their file says, on first use."""

    def __init__(self) -> None:
        self.accounts = load_accounts()

    def account(self, name: str):
        """The account row of a person, synced from the directory."""
        from app.access.directory import lookup
        from app.access.sessions import sync_account
        from app.domain.training import record_training
        from app.extensions import db
        from app.models import Account
        from app.policy import policy
        from app.unit import in_unit, unit_of_work

        known = db.session.query(Account).filter_by(name=name).one_or_none()
        if known is not None:
            return known
        entry = lookup(name)
        assert entry is not None, f"{name} is not in the directory"
        assert not in_unit(), "ask for people before opening a unit of work"
        with unit_of_work():
            account = sync_account(entry)
            if self.accounts.people[name].trained and "examiner" in entry.roles:
                topics = [topic.value for topic in policy().training["fr"].topics]
                record_training(account, "fr", topics, date.today(), None, "", today=date.today())
        return account

    def actor(self, name: str):
        """The actor of a person as a request would have it now."""
        from app.access.actor import actor_of
        from app.access.directory import lookup
        from app.models.base import now

        account, entry = self.account(name), lookup(name)
        return actor_of(account, entry.roles, now().date())


@pytest.fixture
def people(app: Flask) -> People:
    return People()


def session_token(account: Any, hours: int = 1) -> str:
    """Open a session row for an account, in the open application context; answers what its cookie must hold."""
    from datetime import timedelta

    from app.access.sessions import digest
    from app.extensions import db
    from app.models import LoginSession
    from app.models.base import now
    from app.unit import unit_of_work

    token = secrets.token_urlsafe(16)
    with unit_of_work():
        opened = LoginSession(
            token_digest=digest(token), account_id=account.id, last_seen_at=now(),
            expires_at=now() + timedelta(hours=hours),
        )  # fmt: skip
        db.session.add(opened)
    return token


@pytest.fixture
def sign_in(app: Flask, people: People) -> Callable[[str], FlaskClient]:
    """sign_in("d.lark") -> a client with a real session row and accepted terms; every page it gets is checked."""

    def open_session(name: str, *, terms: bool = True) -> FlaskClient:
        from app.access.sessions import TOKEN, accept_terms

        account = people.account(name)
        token = session_token(account)
        if terms:
            accept_terms(account)
        client = app.test_client()
        with client.session_transaction() as session:
            session[TOKEN] = token
        return client

    return open_session


def run_due_jobs() -> int:
    """Run every due job in this process and application context, as a worker would; returns how many ran."""
    from sqlalchemy import select

    from app.extensions import db
    from app.jobs import handlers, runner
    from app.models import Job
    from app.models.base import now

    handlers.load()
    ran = 0
    while ran < 500:
        due = select(Job.uid).where(Job.state == "queued", Job.not_before <= now()).order_by(Job.id)
        uid = db.session.scalars(due).first()
        if uid is None:
            return ran
        runner.perform(uid)
        ran += 1
    raise AssertionError("jobs keep asking for jobs")


@pytest.fixture
def run_jobs(app: Flask) -> Callable[[], int]:
    """run_jobs() runs every due job in this process, as a worker would, until none is left; returns how many ran."""
    return run_due_jobs


@pytest.fixture
def make(app: Flask, people: People, run_jobs: Callable[[], int]):
    """A factory that brings requests to any state through the real domain verbs (tests/factory.py)."""
    from tests.factory import Factory

    return Factory(app, people, run_jobs)


@pytest.fixture
def enrol(make):
    """enrol([person(1), …]) puts drawn people into the repository with their templates."""
    return make.enrol


def token_of(client: FlaskClient, url: str) -> str:
    """The CSRF token of the page at `url`, as a browser would send it back."""
    from bs4 import BeautifulSoup

    page = BeautifulSoup(client.get(url).get_data(as_text=True), "html5lib")
    field = page.select_one("input[name=csrf_token]")
    assert field is not None, f"no form on {url}"
    return str(field["value"])


@pytest.fixture
def post(app: Flask):
    """post(client, url, data, page=…): post a form with the token of its page, as a browser would."""

    def send(client: FlaskClient, url: str, data: dict | None = None, *, page: str | None = None, **kwargs):
        return client.post(url, data={"csrf_token": token_of(client, page or url), **(data or {})}, **kwargs)

    return send
