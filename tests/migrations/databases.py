"""Databases at a revision, and rows put into them by hand, as the version of then would have."""

from __future__ import annotations

import shutil
from pathlib import Path

from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import create_engine, inspect
from sqlalchemy.pool import NullPool

from app.extensions import db

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
REQUEST = (
    "INSERT INTO fr_request (id, uid, created_at, number, state, state_since, version, key_id, policy_version, "
    "requester_id, command, case_number, priority, political, submission) VALUES "
    "(1, 'r', '2026-01-01', 'FR-1', 'draft', '2026-01-01', 1, 'k', 'p', 1, '', 'DB-2026-1', 'other', 0, 0)"
)
PROBE = (
    "INSERT INTO probe_image (id, uid, created_at, request_id, submission, state, media_type, width, height, size, "
    "sha256, blob_id) VALUES (1, 'i', '2026-01-01', 1, 1, 'checking', 'image/png', 9, 9, 9, 's', 'b')"
)
FACE = (
    "INSERT INTO detected_face (id, uid, created_at, image_id, position, box, points, detector_score, inter_eye, "
    "quality) VALUES (1, 'f', '2026-01-01', 1, 1, '[]', '[]', 1, 9, '{}')"
)
SEARCH = (
    "INSERT INTO search (id, uid, created_at, request_id, submission, image_id, face_id, examiner_id, suitability, "
    "state, probe_sha256, parameters) VALUES (1, 'q', '2026-01-01', 1, 1, 1, 1, 1, 'ok', 'prepared', 's', '{}')"
)


def stand(app: Flask, revision: str) -> None:
    """Put a database at this revision, without rows, under the portal: migrated from the one before, later copied."""
    db.session.remove()
    db.engine.dispose()
    data = app.extensions["settings"].data_dir
    for left in data.glob("db.sqlite*"):
        left.unlink()
    if revision == "base":
        return
    kept = data / f"{revision}.sqlite"
    if not kept.exists():
        stand(app, before(revision))
        upgrade(revision=revision)
        shutil.copy(data / "db.sqlite", kept)
        return
    shutil.copy(kept, data / "db.sqlite")


def engine(app: Flask):
    return create_engine(app.extensions["settings"].database_url, poolclass=NullPool)


def before(revision: str) -> str:
    """The revision that a migration builds on; of the first, "base"."""
    return ["base", *REVISIONS][REVISIONS.index(revision)]


def tables(app: Flask) -> set[str]:
    return set(inspect(engine(app)).get_table_names()) - {"alembic_version"}


def run(app: Flask, *statements: str) -> None:
    with engine(app).begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def count(app: Flask, table: str) -> int:
    with engine(app).connect() as connection:
        return connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar()


def schema(app: Flask) -> list[tuple[str, str, str]]:
    with engine(app).connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite%' AND name <> 'alembic_version'"
        )
        return sorted((kind, name, sql or "") for kind, name, sql in rows)
