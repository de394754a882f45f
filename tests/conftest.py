"""The fixtures of all tests: an application on a fresh database, the loopback directory, signed-in clients, people.

The directory is real (one process for the session) and its answers are remembered; the database is a migrated SQLite
file, copied for each test; the application is made once and put back for each; there is no Redis: jobs stay rows until
`run_jobs()` runs them in this process, as a worker would.
"""

from __future__ import annotations

import dataclasses
import gc
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

import demo.proficiency  # noqa: F401  (draws the comparisons of `flask review proficiency add --drawn`)
from app.calendar import today
from app.factory import create_app, open_stores
from config.settings import Settings
from demo.accounts import change_account, load_accounts
from demo.services import directory_state, start_directory
from tests.data_cache import SECRETS, DataCache, close, fill, settings_at
from tests.eligibility_check import check_kept
from tests.remembered_directory import remember
from tests.remembered_faces import remember_faces
from tests.remembered_keys import remember_keys
from tests.remembered_rules import remember_rules
from tests.web.markup import tree_of
from tests.web.page_checker import CheckedClient

ROOT = Path(__file__).resolve().parents[1]


remember_rules()


def pytest_collection_finish() -> None:
    """Spare the garbage collector what lives as long as the run: the modules, the tests, the parsed sources.

    A process of tests holds a gigabyte, and every full collection walked all of it, for an eighth of the run's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def models_directory() -> Path:
    """Where the face models of this checkout are installed."""
    return Path(os.environ.get("CORROBORATE_MODELS_DIR", ROOT / "var" / "models"))


@pytest.fixture(scope="session")
def session_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Demonstration settings whose directory runs for the whole session."""
    base = tmp_path_factory.mktemp("session")
    environ = {"CORROBORATE_MODE": "demonstration", "CORROBORATE_DATA_DIR": str(base), **SECRETS}
    made = dataclasses.replace(Settings.from_env(environ), models_dir=models_directory())
    with start_directory(made):
        remember(made)
        remember_faces()
        remember_keys()
        yield made


@pytest.fixture(scope="session")
def data_cache(tmp_path_factory: pytest.TempPathFactory) -> DataCache:
    """Return the cache of data folders made once in this run, to be copied."""
    return DataCache.of_this_run(tmp_path_factory)


@pytest.fixture(scope="session")
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the portal of every test keeps its data: the same place, emptied and filled for each."""
    return tmp_path_factory.mktemp("portal") / "data"


@pytest.fixture(scope="session")
def empty_data(session_settings: Settings, data_cache: DataCache, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a database at the head of all migrations, empty."""
    from flask_migrate import upgrade
    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session

    from app.audit.policy_texts import keep_present

    if found := data_cache.find("empty"):
        return found
    own = settings_at(session_settings, tmp_path_factory.mktemp("empty"))
    made = create_app(own)
    with made.app_context():
        upgrade()
        close(made)
        # the texts of the rules, which the first event of each test would keep and sign
        with Session(create_engine(own.database_url)) as unguarded:
            keep_present(unguarded)
            unguarded.commit()
    return data_cache.keep("empty", own.data_dir)


@pytest.fixture
def settings(session_settings: Settings, empty_data: Path, data_folder: Path) -> Settings:
    """Settings of one test: own database, keys, blobs and case files; the session's directory."""
    return fresh_settings(session_settings, empty_data, data_folder)


def fresh_settings(shared: Settings, source: Path, data: Path) -> Settings:
    """The shared settings at the folder `data`, which now holds what `source` keeps and nothing else."""
    shutil.rmtree(data, ignore_errors=True)
    fill(data, source)
    return settings_at(shared, data)


@cache
def portal(settings: Settings) -> tuple[Flask, dict[str, Any], dict[str, Any]]:
    """The portal of this process for these settings, and its configuration and extensions as they were made."""
    made = create_app(settings)
    made.testing = True
    return made, dict(made.config), dict(made.extensions)


@pytest.fixture
def app(settings: Settings, request: pytest.FixtureRequest) -> Iterator[Flask]:
    """The portal, as if just made, inside an application context.

    Whatever the test did, the standings kept for the lists of retention are those that the rules give.
    """
    from app.extensions import db

    made, config, extensions = portal(settings)
    for now, then in ((made.config, config), (made.extensions, extensions)):
        now.clear()
        now.update(then)
    made.extensions["stores"] = open_stores(settings)
    made.test_client_class = CheckedClient
    with made.app_context():
        yield made
        try:
            if request.node.get_closest_marker("past_the_program") is None:
                check_kept()
        finally:
            db.session.remove()
            close(made)


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


demonstration_accounts = cache(load_accounts)


class People:
    """The demonstration's people as accounts and actors, on first use: the policy acknowledged, trained as they are."""

    def __init__(self) -> None:
        from app.access.directory import lookup

        self.accounts, self.lookup = demonstration_accounts(), lookup

    def account(self, name: str):
        """The account row of a person, synced from the directory."""
        from app.access.acknowledgement import last_acknowledged
        from app.access.sessions import sync_account
        from app.domain.accounts.acknowledgement import acknowledge
        from app.domain.accounts.training import needs_training, record_training
        from app.extensions import db
        from app.models import Account
        from app.policy import policy
        from app.unit_of_work import in_unit, unit_of_work

        known = db.session.query(Account).filter_by(name=name).one_or_none()
        if known is not None:
            # the program itself made the account of somebody who was named: they come to the portal now
            if last_acknowledged(known.id) is None:
                with nullcontext() if in_unit() else unit_of_work():
                    acknowledge(known)
            return known
        entry = self.lookup(name)
        assert entry is not None, f"{name} is not in the directory"
        assert not in_unit(), "ask for people before opening a unit of work"
        with unit_of_work():
            account = sync_account(entry)
            acknowledge(account)
            if self.accounts.people[name].trained and needs_training(entry.roles):
                topics = [topic.value for topic in policy().training["fr"].topics]
                record_training(account, "fr", topics, today(), None, "", today=today())
        return account

    def actor(self, name: str):
        """The actor of a person as a request would have it now."""
        from app.access.actor import actor_of

        account, entry = self.account(name), self.lookup(name)
        return actor_of(account, entry.roles, today())


@pytest.fixture
def people(app: Flask) -> People:
    return People()


def session_token(account: Any, hours: int = 1) -> str:
    """Open a session row for an account, in the open application context; returns its cookie's value."""
    from datetime import timedelta

    from app.access.sessions import digest
    from app.extensions import db
    from app.models import LoginSession
    from app.models.base import now
    from app.unit_of_work import unit_of_work

    token = secrets.token_urlsafe(16)
    with unit_of_work():
        opened = LoginSession(
            token_digest=digest(token),
            account_id=account.id,
            last_seen_at=now(),
            expires_at=now() + timedelta(hours=hours),
        )
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
def copies(
    app: Flask,
    data_cache: DataCache,
    session_settings: Settings,
    data_folder: Path,
    request: pytest.FixtureRequest,
):
    """Prepared subjects of this run, unless the test has changed the program or its settings."""
    from tests.stage_copies import StageCopies

    usual = app.extensions["settings"] == settings_at(session_settings, data_folder)
    changes = request.getfixturevalue("monkeypatch") if "monkeypatch" in request.fixturenames else None

    def patched() -> bool:
        return changes is not None and bool(changes._setattr or changes._setitem)

    return StageCopies(app, data_cache if usual else None, patched)


@pytest.fixture
def make(app: Flask, people: People, run_jobs: Callable[[], int], copies):
    """A factory that brings requests to any state through the real domain verbs (tests/request_factory.py)."""
    from tests.request_factory import RequestFactory

    return RequestFactory(app, people, run_jobs, copies)


@pytest.fixture
def enrol(make):
    """enrol([person(1), …]) puts drawn people into the repository with their templates."""
    return make.enrol


def token_of(client: FlaskClient, url: str) -> str:
    """The CSRF token of the page at `url`, as a browser would send it back."""
    return hidden_of(client, url)["csrf_token"]


def hidden_of(client: FlaskClient, url: str, action: str = "") -> dict[str, str]:
    """Return the hidden fields of the form for `action` on the page at `url`: its token, its version.

    The token alone where the page has no such form.
    """
    page = tree_of(client.get(url).get_data(as_text=True))
    token = page.xpath("//input[@name='csrf_token']")
    assert token, f"no form on {url}"
    form = page.xpath("//form[@action=$action]", action=action)
    fields = form[0].xpath(".//input[@type='hidden'][@name]") if form else token[:1]
    return {field.get("name"): field.get("value", "") for field in fields}


@pytest.fixture
def post(app: Flask):
    """post(client, url, data, page=…): post a form with the hidden fields of its page, as a browser would."""

    def send(client: FlaskClient, url: str, data: dict | None = None, *, page: str | None = None, **kwargs):
        return client.post(url, data={**hidden_of(client, page or url, url), **(data or {})}, **kwargs)

    return send
