"""The portal on real servers: how the tests of this folder start it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from flask_migrate import upgrade

from app.extensions import db
from app.factory import create_app
from config.settings import Settings
from tests.web.page_checker import CheckedClient


def on_servers(shared: Settings, data: Path, **changes: Any) -> Settings:
    """Settings with stores of their own in the new folder `data`; `changes` name the servers."""
    data.mkdir(exist_ok=True)
    return dataclasses.replace(
        shared,
        data_dir=data,
        redis_url=changes.pop("redis_url", f"unix://{data / 'no-redis.sock'}"),
        key_store_dir=data / "keys",
        blob_dir=data / "blobs",
        case_files_dir=data / "case-files",
        anchor_dir=data / "anchors",
        log_dir=data / "log",
        **changes,
    )


@contextmanager
def portal(settings: Settings) -> Iterator[Flask]:
    """The migrated portal inside an application context."""
    app = create_app(settings)
    app.testing = True
    app.test_client_class = CheckedClient
    with app.app_context():
        upgrade()
        try:
            yield app
        finally:
            db.session.remove()
            db.engine.dispose()
