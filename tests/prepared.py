"""One request before its peers, made once for the session and copied for each test: what comes later is quick then.

A module that imports `settings` from here starts every test with that request; `filed` is the request, `at` brings it
on.
"""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest

from app import create_app
from config.settings import Settings


def _at(settings: Settings, data: Path) -> Settings:
    return dataclasses.replace(
        settings, data_dir=data, database_url=f"sqlite:///{data / 'corroborate.sqlite'}",
        redis_url=f"unix://{data / 'no-redis.sock'}", key_store_dir=data / "keys", blob_dir=data / "blobs",
        case_files_dir=data / "case-files", anchor_dir=data / "anchors", log_dir=data / "log",
    )  # fmt: skip


@pytest.fixture(scope="session")
def nominated_data(
    session_settings: Settings, migrated_database: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A data folder that holds one request in peer review."""
    from app.extensions import db
    from app.jobs import handlers, runner
    from app.models import Job
    from tests.conftest import People
    from tests.factory import Factory

    data = tmp_path_factory.mktemp("nominated")
    shutil.copy(migrated_database, data / "corroborate.sqlite")
    app = create_app(_at(session_settings, data))
    with app.app_context():
        handlers.load()

        def run_jobs() -> None:
            while (row := db.session.query(Job).filter_by(state="queued").order_by(Job.id).first()) is not None:
                runner.perform(row.uid)

        Factory(app, People(), run_jobs).request(state="nominated")
        db.session.remove()
        db.engine.dispose()
    return data


@pytest.fixture
def settings(session_settings: Settings, nominated_data: Path, tmp_path: Path) -> Settings:
    """Settings of one test, on a copy of the prepared data."""
    data = tmp_path / "data"
    shutil.copytree(nominated_data, data)
    return _at(session_settings, data)


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


__all__ = ["at", "filed", "nominated_data", "settings"]
