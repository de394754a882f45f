"""One request before its peers, made once for the session and copied for each test: what comes later is quick then.

A module that imports `settings` from here starts every test with that request; `filed` is the request, `at` brings it
on.
"""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from app import create_app
from config.settings import Settings
from tests.factory import Factory

_PREPARED: dict[str, Path] = {}


def _at(settings: Settings, data: Path) -> Settings:
    return dataclasses.replace(
        settings, data_dir=data, database_url=f"sqlite:///{data / 'corroborate.sqlite'}",
        redis_url=f"unix://{data / 'no-redis.sock'}", key_store_dir=data / "keys", blob_dir=data / "blobs",
        case_files_dir=data / "case-files", anchor_dir=data / "anchors", log_dir=data / "log",
    )  # fmt: skip


def prepared(
    name: str, session_settings: Settings, migrated_database: Path, folders: pytest.TempPathFactory,
    work: Callable[[Factory], object],
) -> Path:  # fmt: skip
    """A data folder on which `work` was done by a factory; fixtures copy it for each test.

    A fixture of the session is still built anew for every module that imports it; what has this name is built once.
    """
    if name in _PREPARED:
        return _PREPARED[name]
    from app.extensions import db
    from tests.conftest import People, run_due_jobs

    data = folders.mktemp(name)
    shutil.copy(migrated_database, data / "corroborate.sqlite")
    app = create_app(_at(session_settings, data))
    with app.app_context():
        work(Factory(app, People(), run_due_jobs))
        db.session.remove()
        db.engine.dispose()
    _PREPARED[name] = data
    return data


def at_data(session_settings: Settings, folder: Path, data: Path) -> Settings:
    """Settings of one test, on a copy of a prepared folder."""
    shutil.copytree(folder, data)
    return _at(session_settings, data)


@pytest.fixture(scope="session")
def nominated_data(
    session_settings: Settings, migrated_database: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A data folder that holds one request in peer review."""
    return prepared(
        "nominated", session_settings, migrated_database, tmp_path_factory, lambda make: make.request(state="nominated")
    )


@pytest.fixture
def settings(session_settings: Settings, nominated_data: Path, tmp_path: Path) -> Settings:
    """Settings of one test, on a copy of the prepared data."""
    return at_data(session_settings, nominated_data, tmp_path / "data")


@pytest.fixture
def filed(app):
    """The prepared request: nominated, no peer has reviewed it."""
    from app.extensions import db
    from app.models import FRRequest

    return db.session.query(FRRequest).one()


@pytest.fixture
def at(make, filed):
    """at("approved") brings the prepared request to a later state; parts as the factory takes them."""
    return lambda state, **parts: make.advance_to(filed, state, **parts)


__all__ = ["at", "at_data", "filed", "nominated_data", "prepared", "settings"]
