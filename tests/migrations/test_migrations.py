"""Every migration: up, down, the same as the models, and with data in the tables it touches."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade

from app.extensions import db, migrate
from app.factory import create_app
from tests.migrations import (
    rows_from_0008,
    rows_from_0022,
    rows_from_0024,
    rows_from_0026,
    rows_from_0028,
    rows_from_0030,
    rows_from_0031,
    rows_from_0032,
    rows_from_0034,
    rows_from_0036,
    rows_from_0038,
    rows_from_0044,
    rows_to_0007,
)
from tests.migrations.databases import REVISIONS, before, engine, schema, stand, tables

WITH_DATA = {
    "0001": rows_to_0007.data_0001,
    "0002": rows_to_0007.data_0002,
    "0003": rows_to_0007.data_0003,
    "0004": rows_to_0007.data_0004,
    "0005": rows_to_0007.data_0005,
    "0006": rows_to_0007.data_0006,
    "0007": rows_to_0007.data_0007,
    "0008": rows_from_0008.data_0008,
    "0009": rows_from_0008.data_0009,
    "0010": rows_from_0008.data_0010,
    "0011": rows_from_0008.data_0011,
    "0012": rows_from_0008.data_0012,
    "0013": rows_from_0008.data_0013,
    "0014": rows_from_0008.data_0014,
    "0015": rows_from_0008.data_0015,
    "0021": rows_from_0008.data_0021,
    "0022": rows_from_0022.data_0022,
    "0023": rows_from_0022.data_0023,
    "0024": rows_from_0024.data_0024,
    "0025": rows_from_0024.data_0025,
    "0026": rows_from_0026.data_0026,
    "0028": rows_from_0028.data_0028,
    "0029": rows_from_0028.data_0029,
    "0030": rows_from_0030.data_0030,
    "0031": rows_from_0031.data_0031,
    "0032": rows_from_0032.data_0032,
    "0033": rows_from_0032.data_0033,
    "0034": rows_from_0034.data_0034,
    "0039": rows_from_0038.data_0039,
    "0038": rows_from_0038.data_0038,
    "0044": rows_from_0044.data_0044,
    "0036": rows_from_0036.data_0036,
    "0035": rows_from_0034.data_0035,
}


@pytest.fixture(scope="module")
def portal(session_settings, tmp_path_factory) -> Flask:
    """The portal, made once; its database and the copies of it at each revision lie in its data folder."""
    data = tmp_path_factory.mktemp("migrated")
    return create_app(dataclasses.replace(session_settings, data_dir=data, database_url=f"sqlite:///{data}/db.sqlite"))


@pytest.fixture
def empty(portal) -> Iterator[Flask]:
    """The portal on a database without tables."""
    with portal.app_context():
        stand(portal, "base")
        yield portal


def test_the_head_is_what_the_models_say(empty):
    upgrade()
    with engine(empty).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "render_as_batch": True})
        assert compare_metadata(context, db.metadata) == []
    assert migrate is not None


def test_up_down_and_up_again(empty):
    for revision in REVISIONS:
        upgrade(revision=revision)
    full = tables(empty)
    assert full
    for revision in [*reversed(REVISIONS[:-1]), "base"]:
        downgrade(revision=revision)
    assert tables(empty) == set()
    upgrade()
    assert tables(empty) == full


@pytest.mark.parametrize("revision", REVISIONS)
def test_up_then_down_leaves_the_schema_as_it_was(empty, revision):
    stand(empty, before(revision))
    found = schema(empty)
    upgrade(revision=revision)
    assert schema(empty) != found, "a migration that changes nothing"
    downgrade(revision=before(revision))
    assert schema(empty) == found


def test_every_revision_has_a_test_with_data():
    assert set(WITH_DATA) == set(REVISIONS)


@pytest.mark.parametrize("revision", sorted(WITH_DATA))
def test_with_data(empty, revision):
    WITH_DATA[revision](empty)


def test_sqlite_keeps_to_foreign_keys_and_erases_what_is_deleted(app):
    """Deleted bytes are overwritten (design: "Erasure that is real"), and rows do not outlive what they belong to."""
    with db.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert connection.exec_driver_sql("PRAGMA secure_delete").scalar() == 1
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    assert sqlite3.sqlite_version_info >= (3, 35)
