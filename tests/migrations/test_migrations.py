"""Every migration: up, down, the same as the models, and with data in the tables it touches."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import create_engine, inspect

from app import create_app
from app.extensions import db, migrate

REVISIONS = [
    script.revision
    for script in reversed(
        list(ScriptDirectory(str(Path(__file__).resolve().parents[2] / "migrations")).walk_revisions())
    )
]
ACCOUNT = (
    "INSERT INTO account (id, uid, created_at, name, display_name, title, command, roles, enabled, seen_at) "
    "VALUES (1, 'a1', '2026-01-01 00:00:00', 'd.lark', 'Dana Lark', '', '', '[]', 1, '2026-01-01 00:00:00')"
)
EVENT = (
    "INSERT INTO audit_event (sequence, at, event, keys, policy_version, previous, digest) "
    "VALUES (1, '2026-01-01T00:00:00.000000+00:00', 'policy.loaded', '{}', 'p', '0', 'd')"
)


@pytest.fixture
def empty(session_settings, tmp_path) -> Iterator[Flask]:
    """The portal on a database without tables."""
    path = tmp_path / "empty.sqlite"
    app = create_app(dataclasses.replace(session_settings, data_dir=tmp_path, database_url=f"sqlite:///{path}"))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def engine(app: Flask):
    return create_engine(app.extensions["settings"].database_url)


def tables(app: Flask) -> set[str]:
    return set(inspect(engine(app)).get_table_names()) - {"alembic_version"}


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
    before = REVISIONS[REVISIONS.index(revision) - 1] if revision != REVISIONS[0] else "base"
    if before != "base":
        upgrade(revision=before)
    schema = _schema(empty)
    upgrade(revision=revision)
    assert _schema(empty) != schema, "a migration that changes nothing"
    downgrade(revision=before)
    assert _schema(empty) == schema


def _schema(app: Flask) -> list[tuple[str, str, str]]:
    with engine(app).connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite%' AND name <> 'alembic_version'"
        )
        return sorted((kind, name, sql or "") for kind, name, sql in rows)


def run(app: Flask, *statements: str) -> None:
    with engine(app).begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def count(app: Flask, table: str) -> int:
    with engine(app).connect() as connection:
        return connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar()


def data_0001(app: Flask) -> None:
    """The first tables hold rows, and keep their CHECK constraints."""
    upgrade(revision="0001")
    run(app, ACCOUNT, EVENT)
    assert count(app, "account") == 1
    request = (
        "INSERT INTO fr_request (id, uid, created_at, number, state, state_since, version, key_id, policy_version, "
        "requester_id, command, case_number, priority, political, submission) VALUES "
        "(1, 'r', '2026-01-01', 'FR-1', '{state}', '2026-01-01', 1, 'k', 'p', 1, '', 'DB-2026-1', 'other', 0, 0)"
    )
    run(app, request.format(state="draft"))
    with pytest.raises(Exception, match="CHECK constraint failed"):
        run(app, request.format(state="guessed").replace("(1, 'r'", "(2, 'r2'").replace("'FR-1'", "'FR-2'"))
    downgrade(revision="base")
    assert tables(app) == set()


def data_0002(app: Flask) -> None:
    """Rows recorded before the triggers stay; afterwards nothing changes or removes them; downgrade lifts that."""
    upgrade(revision="0001")
    run(app, ACCOUNT, EVENT)
    run(app, "UPDATE audit_event SET keys = '{}'")
    upgrade(revision="0002")
    assert count(app, "audit_event") == 1
    for statement in ("UPDATE audit_event SET keys = '[]'", "DELETE FROM audit_event"):
        with pytest.raises(Exception, match="append-only"):
            run(app, statement)
    downgrade(revision="0001")
    run(app, "DELETE FROM audit_event")
    assert count(app, "audit_event") == 0
    assert count(app, "account") == 1


def data_0005(app: Flask) -> None:
    """A prepared image is never changed; searches of before stand without one; downgrade takes only the new away."""
    upgrade(revision="0002")
    run(app, ACCOUNT)
    run(
        app,
        "INSERT INTO fr_request (id, uid, created_at, number, state, state_since, version, key_id, policy_version, "
        "requester_id, command, case_number, priority, political, submission) VALUES "
        "(1, 'r', '2026-01-01', 'FR-1', 'draft', '2026-01-01', 1, 'k', 'p', 1, '', 'DB-2026-1', 'other', 0, 0)",
        "INSERT INTO probe_image (id, uid, created_at, request_id, submission, state, media_type, width, height, size, "
        "sha256, blob_id) VALUES (1, 'i', '2026-01-01', 1, 1, 'checking', 'image/png', 9, 9, 9, 's', 'b')",
        "INSERT INTO detected_face (id, uid, created_at, image_id, position, box, points, detector_score, inter_eye, "
        "quality) VALUES (1, 'f', '2026-01-01', 1, 1, '[]', '[]', 1, 9, '{}')",
        "INSERT INTO search (id, uid, created_at, request_id, submission, image_id, face_id, examiner_id, suitability, "
        "state, probe_sha256, parameters) VALUES (1, 'q', '2026-01-01', 1, 1, 1, 1, 1, 'ok', 'prepared', 's', '{}')",
    )
    upgrade(revision="0005")
    derived = (
        "INSERT INTO derived_image (id, uid, created_at, request_id, image_id, face_id, number, made_by_id, "
        "policy_version, recipe, recipe_digest, environment, original_sha256, blob_id, sha256, width, height) VALUES "
        "(1, 'd', '2026-01-01', 1, 1, 1, 1, 1, 'p', '{}', 'x', '{}', 's', 'b2', 's2', 9, 9)"
    )
    run(app, derived, "UPDATE search SET derived_id = 1")
    with pytest.raises(Exception, match="append-only"):
        run(app, "UPDATE derived_image SET recipe = '[]'")
    with pytest.raises(Exception, match="UNIQUE constraint failed"):
        run(app, derived.replace("(1, 'd'", "(2, 'd2'"))
    run(app, "DELETE FROM derived_image WHERE id = 9")
    downgrade(revision="0002")
    assert (count(app, "search"), "derived_image" in tables(app)) == (1, False)


WITH_DATA = {"0001": data_0001, "0002": data_0002, "0005": data_0005}


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
