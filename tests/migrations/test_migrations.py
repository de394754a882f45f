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


def data_0003(app: Flask) -> None:
    """A notification keeps what it is about, up and down; one about nothing stays about nothing."""
    upgrade(revision="0002")
    run(
        app, ACCOUNT,
        "INSERT INTO fr_request (id, uid, created_at, number, state, state_since, version, key_id, policy_version, "
        "requester_id, command, case_number, priority, political, submission) VALUES "
        "(1, 'r', '2026-01-01', 'FR-1', 'draft', '2026-01-01', 1, 'k', 'p', 1, '', 'DB-2026-1', 'other', 0, 0)",
        "INSERT INTO notification (id, uid, created_at, account_id, kind, request_id) VALUES "
        "(1, 'n1', '2026-01-01', 1, 'approved', 1), (2, 'n2', '2026-01-01', 1, 'misuse_reported', NULL)",
    )  # fmt: skip
    upgrade(revision="0003")
    subjects = "SELECT subject_type, subject_key FROM notification ORDER BY id"
    with engine(app).connect() as connection:
        assert connection.exec_driver_sql(subjects).fetchall() == [("request", "FR-1"), (None, None)]
    downgrade(revision="0002")
    with engine(app).connect() as connection:
        kept = connection.exec_driver_sql("SELECT request_id FROM notification ORDER BY id").fetchall()
    assert kept == [(1,), (None,)]


def data_0004(app: Flask) -> None:
    """What was there stays; the new tables refuse what the rules refuse, whoever writes to them."""
    upgrade(revision="0003")
    run(app, ACCOUNT)
    upgrade(revision="0004")
    assert count(app, "account") == 1
    columns = (
        "id, uid, created_at, number, state, state_since, version, key_id, policy_version, asked_by_id, case_number, "
        "submission, recipient_kind, basis, purpose, immigration, submitted_at"
    )
    asked = (
        f"INSERT INTO disclosure ({columns}) VALUES (1, 'd', '2026-01-01', 'D-1', 'submitted', '2026-01-01', 1, 'k', "
        "'p', 1, 'DB-2026-1', 1, 'prosecutor', 'D6', 'criminal_prosecution', 0, '2026-01-01')"
    )
    for sound, broken, said in (
        ("0, '2026", "1, '2026", "never_for_immigration"),
        ("0, '2026", "NULL, '2026", "never_for_immigration"),
        ("'D6'", "NULL", "submitted_has_basis"),
        ("'D6'", "'D8'", "known_basis"),
        ("'D6'", "'D5'", "routine_is_designated"),
        ("'submitted'", "'approved'", "granted_until_a_day"),
        ("'submitted'", "'sent'", "known_state"),
    ):
        assert sound in asked
        with pytest.raises(Exception, match=said):
            run(app, asked.replace(sound, broken))
    run(app, asked)
    decision = (
        "INSERT INTO disclosure_decision (id, uid, created_at, disclosure_id, submission, asked_by_id, decided_by_id, "
        "kind, policy_version, release_by) VALUES (1, 'x', '2026-01-01', 1, 1, 1, 1, 'approved', 'p', '2026-02-01')"
    )
    with pytest.raises(Exception, match="decided_by_another"):
        run(app, decision)
    incident = (
        "INSERT INTO incident (id, uid, created_at, number, state, state_since, version, key_id, policy_version, "
        "aware_at, recorded_by_id, reported_at, harm, notice, required_by_law, consulted) VALUES "
        "(1, 'i', '2026-01-01', 'I-1', 'assessed', '2026-01-01', 1, 'k', 'p', '2026-01-01', 1, '2026-01-02', "
        "'none', 'not_give', 0, 1)"
    )
    for sound, broken, said in (
        ("'none', 'not_give'", "'potential', 'not_give'", "notice_not_declined_against_law"),
        ("0, 1)", "1, 1)", "notice_not_declined_against_law"),
        ("0, 1)", "0, 0)", "notice_not_declined_against_law"),
        ("0, 1)", "0, NULL)", "notice_not_declined_against_law"),
        ("'2026-01-02'", "'2025-01-02'", "reported_after_awareness"),
    ):
        assert sound in incident
        with pytest.raises(Exception, match=said):
            run(app, incident.replace(sound, broken))
    run(app, incident)
    downgrade(revision="0003")
    assert "disclosure" not in tables(app)
    assert count(app, "account") == 1


WITH_DATA = {"0001": data_0001, "0002": data_0002, "0003": data_0003, "0004": data_0004}


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
