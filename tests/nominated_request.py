"""One request in peer review, made once in a run and copied for each test, so that later stages are quick.

A module that imports `settings` from here starts every test with that request; `filed` is the request, `at` brings it
on.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from app.factory import create_app
from config.settings import Settings
from tests.conftest import fresh_settings
from tests.data_cache import DataCache, close, fill, settings_at
from tests.request_factory import RequestFactory


def prepared(
    name: str,
    data_cache: DataCache,
    shared: Settings,
    empty_data: Path,
    data: Path,
    work: Callable[[RequestFactory], object],
) -> Path:
    """A data folder on which `work` was done by a factory in the new folder `data`; fixtures copy it for each test."""
    from tests.conftest import People, run_due_jobs

    if found := data_cache.find(name):
        return found
    fill(data, empty_data)
    app = create_app(settings_at(shared, data))
    with app.app_context():
        work(RequestFactory(app, People(), run_due_jobs))
        close(app)
    return data_cache.keep(name, data)


@pytest.fixture(scope="session")
def nominated_data(
    data_cache: DataCache, session_settings: Settings, empty_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A data folder that holds one request in peer review."""
    data = tmp_path_factory.mktemp("nominated")
    return prepared(
        "nominated", data_cache, session_settings, empty_data, data, lambda make: make.request(state="nominated")
    )


@pytest.fixture
def settings(session_settings: Settings, nominated_data: Path, data_folder: Path) -> Settings:
    """Settings of one test, on a copy of the prepared data."""
    return fresh_settings(session_settings, nominated_data, data_folder)


@pytest.fixture
def filed(app):
    """The prepared request: nominated, no peer has reviewed it."""
    from app.extensions import db
    from app.models import FRRequest

    return db.session.query(FRRequest).one()


@pytest.fixture
def at(make, filed):
    """at("approved") brings the prepared request to a later state; parts as the factory takes them."""
    make.copies.starting_at("nominated")
    return lambda state, **parts: make.advance_to(filed, state, **parts)


__all__ = ["at", "filed", "nominated_data", "prepared", "settings"]
