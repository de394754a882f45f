"""A cache of data folders: each is made once in a run of the tests, which takes seconds, and then copied.

A portal's data folder stands at one place for all tests of a process, so that the application too is made once;
`refill` empties and fills it. The processes of one run share the cache, and therefore the keys of `SECRETS`.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import os
import shutil
import uuid
from pathlib import Path

import pytest
from flask import Flask

from config.settings import Settings

#: what a portal keeps; whatever else lies in its folder (sockets, logs) belongs to what is running
KEPT = (
    "corroborate.sqlite",
    "corroborate.sqlite-wal",
    "corroborate.sqlite-shm",
    "signing-key.pem",
    "keys",
    "blobs",
    "case-files",
    "anchors",
)
SECRETS = {
    "SECRET_KEY": hashlib.sha256(b"the session key of these tests").hexdigest(),
    "CORROBORATE_MASTER_KEY": base64.b64encode(hashlib.sha256(b"the master key of these tests").digest()).decode(),
}


class DataCache:
    """Folders by name; whoever comes second to make one throws its own away."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(exist_ok=True)

    @classmethod
    def of_this_run(cls, folders: pytest.TempPathFactory) -> DataCache:
        """Return the cache that all processes of this run share; earlier runs' folders are deleted."""
        own = folders.getbasetemp()
        return cls((own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "data_cache")

    def find(self, name: str) -> Path | None:
        """The folder of this name, complete, or None."""
        folder = self._place(name)
        return folder if folder.is_dir() else None

    def keep(self, name: str, data: Path) -> Path:
        """Copy what a portal keeps in `data`, which nobody has open, under this name."""
        folder, copy = self._place(name), self.root / f"making-{uuid.uuid4().hex}"
        fill(copy, data)
        try:
            copy.rename(folder)
        except OSError:  # another process was quicker
            shutil.rmtree(copy)
        return folder

    def _place(self, name: str) -> Path:
        return self.root / hashlib.sha256(name.encode()).hexdigest()[:32]


def fill(data: Path, source: Path) -> None:
    """Copy what a portal keeps in `source` into `data`."""
    data.mkdir(exist_ok=True)
    for name in KEPT:
        if (source / name).is_dir():
            shutil.copytree(source / name, data / name)
        elif (source / name).exists():
            shutil.copy(source / name, data / name)


def refill(data: Path, source: Path) -> None:
    """Have `data` keep what `source` keeps, and nothing else of a portal's."""
    for name in KEPT:
        if (data / name).is_dir():
            shutil.rmtree(data / name)
        else:
            (data / name).unlink(missing_ok=True)
    fill(data, source)


def settings_at(shared: Settings, data: Path) -> Settings:
    """The shared settings with the database and the stores in the folder `data`, and no Redis."""
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


def close(app: Flask) -> None:
    """Leave the portal's database with nobody in it; rows that were loaded are read again when they are asked.

    Needs its application context.
    """
    from app.extensions import db

    db.session.rollback()
    db.engine.dispose()


def replace_data(app: Flask, source: Path) -> None:
    """Put what `source` keeps under a running portal; needs its application context."""
    from app.factory import open_stores

    close(app)
    own = app.extensions["settings"]
    refill(own.data_dir, source)
    app.extensions["stores"] = open_stores(own)
