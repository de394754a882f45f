"""Every migration: up, down, the same as the models, and with data in the tables it touches."""

from __future__ import annotations

import dataclasses
import shutil
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
from sqlalchemy.pool import NullPool

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
    schema = _schema(empty)
    upgrade(revision=revision)
    assert _schema(empty) != schema, "a migration that changes nothing"
    downgrade(revision=before(revision))
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
    stand(app, "0001")
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
    stand(app, "0001")
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
    stand(app, "0002")
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
    """Whoever asks to search again cannot be the one who agrees, and an image does not resemble itself."""
    stand(app, "0004")
    for statement in (
        "INSERT INTO repeat_search (id, uid, created_at, search_id, asked_by_id, decision, decided_by_id, decided_at) "
        "VALUES (1, 's', '2026-01-01', 1, 1, 'agreed', 1, '2026-01-02')",
        "INSERT INTO probe_resemblance (id, uid, created_at, image_id, earlier_id) VALUES (1, 'p', '2026-01-01', 1, 1)",
    ):
        with pytest.raises(Exception, match="CHECK constraint failed"):
            run(app, statement)
    downgrade(revision="0003")
    assert "repeat_search" not in tables(app)


def data_0005(app: Flask) -> None:
    """What was there stays; the new tables refuse what the rules refuse, whoever writes to them."""
    stand(app, "0004")
    run(app, ACCOUNT)
    upgrade(revision="0005")
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
    downgrade(revision="0004")
    assert "disclosure" not in tables(app)
    assert count(app, "account") == 1


def data_0006(app: Flask) -> None:
    """Requests, images and held photographs stay as they were; a request can be disposed of; nothing else opens."""
    stand(app, "0005")
    request = (
        "INSERT INTO fr_request (id, uid, created_at, number, state, state_since, version, key_id, policy_version, "
        "requester_id, command, case_number, priority, political, submission) VALUES "
        "({id}, 'r{id}', '2026-01-01', 'FR-{id}', '{state}', '2026-01-01', 1, 'k', 'p', 1, '', 'DB-2026-1', 'other', "
        "0, 0)"
    )
    run(
        app, ACCOUNT, request.format(id=1, state="withdrawn"),
        "INSERT INTO probe_image (id, uid, created_at, request_id, submission, state, media_type, width, height, size, "
        "sha256, blob_id) VALUES (1, 'i', '2026-01-01', 1, 1, 'no_face', 'image/jpeg', 1, 1, 1, 's', 'b')",
        "INSERT INTO gallery_hold (id, uid, created_at, key_id, batch, record_number, sha256, blob_id, probe_image_id) "
        "VALUES (1, 'h', '2026-01-01', 'k', 'b', 'R-1', 's', 'b', 1)",
    )  # fmt: skip
    upgrade(revision="0006")
    assert (count(app, "fr_request"), count(app, "probe_image"), count(app, "gallery_hold")) == (1, 1, 1)
    run(
        app, "PRAGMA foreign_keys = ON", request.format(id=2, state="disposed"),
        "UPDATE gallery_hold SET probe_image_id = NULL", "DELETE FROM probe_image",
    )  # fmt: skip
    with pytest.raises(Exception, match="CHECK constraint failed"):
        run(app, request.format(id=3, state="guessed"))
    record = (
        "INSERT INTO case_record (id, uid, created_at, case_number, key_id, policy_version, classes, proposed, state, "
        "state_since, version, history_seen) VALUES (1, 'c', '2026-01-01', 'DB-2026-1', 'k', 'p', '[]', '[]', '{}', "
        "'2026-01-01', 1, 0)"
    )
    for state in ("guessed", "disposed", "classified"):
        with pytest.raises(Exception, match="CHECK constraint failed"):
            run(app, record.format(state))
    run(
        app, record.format("open"),
        "INSERT INTO case_history (id, uid, created_at, case_record_id, kind, happened_on, value, recorded_by_id) "
        "VALUES (1, 'l', '2026-01-01', 1, 'closed', '2026-01-01', 'settled', 1)",
    )  # fmt: skip
    with pytest.raises(Exception, match="append-only"):
        run(app, "UPDATE case_history SET happened_on = '2020-01-01'")
    run(app, "DELETE FROM case_history")
    with pytest.raises(SystemExit):  # a disposed request has no place in the schema before
        downgrade(revision="0005")
    run(app, "DELETE FROM fr_request WHERE state = 'disposed'", "DELETE FROM gallery_hold")
    downgrade(revision="0005")
    with pytest.raises(Exception, match="CHECK constraint failed"):
        run(app, request.format(id=4, state="disposed"))
    assert count(app, "fr_request") == 1


def data_0007(app: Flask) -> None:
    """A prepared image is never changed; searches of before stand without one; downgrade takes only the new away."""
    stand(app, "0006")
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
    upgrade(revision="0007")
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
    downgrade(revision="0006")
    assert (count(app, "search"), "derived_image" in tables(app)) == (1, False)


def data_0008(app: Flask) -> None:
    """Opinions of before are read on the scale and back; they stay append-only, and a nominee has an opinion."""
    stand(app, "0007")
    peer = "INSERT INTO peer_review (id, uid, created_at, round_id, peer_id, opinion) VALUES "
    nominated = (
        "INSERT INTO examination_round (id, uid, created_at, request_id, search_id, number, examiner_id, nominee_id, "
        "nominated_at) VALUES (1, 'e', '2026-01-01', 1, 1, 1, 1, 1, '2026-01-02')"
    )
    words = ("supported", "inconclusive", "not_supported")
    run(app, nominated, *(f"{peer} ({n}, 'p{n}', '2026-01-01', 1, {n}, '{word}')" for n, word in enumerate(words)))
    before = _schema(app)
    upgrade(revision="0008")

    def opinions() -> list[str]:
        with engine(app).connect() as connection:
            rows = connection.exec_driver_sql("SELECT opinion FROM peer_review ORDER BY id").fetchall()
            return [opinion for (opinion,) in rows]

    assert opinions() == ["p2", "0", "m2"]
    with pytest.raises(Exception, match="append-only"):
        run(app, "UPDATE peer_review SET opinion = 'p3'")
    for statement, said in (
        (f"{peer} (9, 'p9', '2026-01-01', 1, 9, 'supported')", "known_opinion"),
        ("UPDATE examination_round SET opinion = NULL", "nominated_when_nominee"),
        ("UPDATE examination_round SET opinion = 'sure'", "known_opinion"),
    ):
        with pytest.raises(Exception, match=said):
            run(app, statement)
    run(app, f"{peer} (9, 'p9', '2026-01-01', 1, 9, 'ns')")
    downgrade(revision="0007")
    assert opinions() == [*words, "inconclusive"]
    assert _schema(app) == before


def data_0009(app: Flask) -> None:
    """Marks stand beside a comparison, each number once; downgrade takes them and leaves the round."""
    stand(app, before("0009"))
    run(
        app,
        ACCOUNT,
        "INSERT INTO fr_request (id, uid, created_at, number, state, state_since, version, key_id, policy_version, "
        "requester_id, command, case_number, priority, political, submission) VALUES "
        "(1, 'r', '2026-01-01', 'FR-1', 'draft', '2026-01-01', 1, 'k', 'p', 1, '', 'DB-2026-1', 'other', 0, 0)",
        "INSERT INTO probe_image (id, uid, created_at, request_id, submission, state, media_type, width, height, size, "
        "sha256, blob_id) VALUES (1, 'i', '2026-01-01', 1, 1, 'checking', 'image/png', 9, 9, 9, 's', 'b')",
        "INSERT INTO detected_face (id, uid, created_at, image_id, position, box, points, detector_score, inter_eye, "
        "quality) VALUES (1, 'f', '2026-01-01', 1, 1, '[]', '[]', 1, 9, '{}')",
        "INSERT INTO search (id, uid, created_at, request_id, submission, image_id, face_id, examiner_id, suitability, "
        "state, probe_sha256, parameters) VALUES (1, 'q', '2026-01-01', 1, 1, 1, 1, 1, 'ok', 'prepared', 's', '{}')",
        "INSERT INTO examination_round (id, uid, created_at, request_id, search_id, number, examiner_id) "
        "VALUES (1, 'o', '2026-01-01', 1, 1, 1, 1)",
        "INSERT INTO gallery_person (id, uid, created_at, person_number, key_id) "
        "VALUES (1, 'g', '2026-01-01', 'P', 'k')",
        "INSERT INTO gallery_photo (id, uid, created_at, record_number, person_id, source, jurisdiction, charged, "
        "taken_on, sha256, phash, blob_id, width, height, batch) VALUES "
        "(1, 'h', '2026-01-01', 'R', 1, 'arrest', 'criminal', 1, '2020-01-01', 's', 'h', 'b', 9, 9, 'x')",
        "INSERT INTO candidate (id, uid, created_at, search_id, person_id, photo_id, rank, score, shown_order) "
        "VALUES (1, 'c', '2026-01-01', 1, 1, 1, 1, 0.5, 1)",
    )
    upgrade(revision="0009")
    mark = (
        "INSERT INTO annotation (id, uid, created_at, round_id, candidate_id, photo_id, author_id, number, version) "
        "VALUES ({0}, 'm{0}', '2026-01-01', 1, 1, 1, 1, {1}, 1)"
    )
    run(app, mark.format(1, 1))
    with pytest.raises(Exception, match="UNIQUE constraint failed"):
        run(app, mark.format(2, 1))
    with pytest.raises(Exception, match="CHECK constraint failed"):
        run(app, mark.format(2, 0))
    downgrade(revision=before("0009"))
    assert (count(app, "examination_round"), "annotation" in tables(app)) == (1, False)


def data_0010(app: Flask) -> None:
    """A line may be compared until it ends and never changed afterwards; of a round or an item, never of both."""
    stand(app, "0010")
    line = (
        "INSERT INTO line_up (id, uid, created_at, number, round_id, item_id, peer_id, due_at, policy_version, version)"
    )
    place = (
        "INSERT INTO line_up_place (id, uid, created_at, line_up_id, position, photo_id, quick, version) VALUES "
        "(1, 'l1', '2026-01-01', 1, 1, 1, 0, 1)"
    )
    run(app, f"{line} VALUES (1, 'u1', '2026-01-01', 'L-1', 1, NULL, 1, '2026-01-02', 'p', 1)", place)
    run(app, "UPDATE line_up_place SET level = 'p1'", "UPDATE line_up SET ended = 'given', ended_at = '2026-01-02'")
    for statement, said in (
        ("UPDATE line_up_place SET level = 'p2'", "fixed once the line-up has ended"),
        ("UPDATE line_up SET ended = 'withdrawn'", "fixed once the line-up has ended"),
        (f"{line} VALUES (2, 'u2', '2026-01-01', 'L-2', 1, 1, 2, '2026-01-02', 'p', 1)", "of_a_round_or_an_item"),
        (f"{line} VALUES (3, 'u3', '2026-01-01', 'L-3', 1, NULL, 1, '2026-01-02', 'p', 1)", "UNIQUE"),
    ):
        with pytest.raises(Exception, match=said):
            run(app, statement)
    run(app, "DELETE FROM line_up_place", "DELETE FROM line_up")
    downgrade(revision=before("0010"))
    assert "line_up" not in tables(app)


def data_0011(app: Flask) -> None:
    """What passed is never changed; requests of before stand without a history; downgrade takes only the new away."""
    stand(app, before("0011"))
    run(app, ACCOUNT, ACCOUNT.replace("(1, 'a1'", "(2, 'a2'").replace("'d.lark'", "'m.heron'"))
    run(
        app,
        "INSERT INTO fr_request (id, uid, created_at, number, state, state_since, version, key_id, policy_version, "
        "requester_id, command, case_number, priority, political, submission) VALUES "
        "(1, 'r', '2026-01-01', 'FR-1', 'draft', '2026-01-01', 1, 'k', 'p', 1, '', 'DB-2026-1', 'other', 0, 0)",
    )
    upgrade(revision="0011")
    passed = (
        "INSERT INTO assignment (id, uid, created_at, request_id, kind, state, from_id, to_id, by_id) VALUES "
        "(1, 'x', '2026-01-01', 1, 'handed_over', 'documented', 1, 2, 1)"
    )
    run(app, passed)
    with pytest.raises(Exception, match="append-only"):
        run(app, "UPDATE assignment SET to_id = 1")
    for wrong in (
        passed.replace("1, 2, 1)", "2, 2, 2)"), passed.replace("1, 2, 1)", "NULL, 2, 1)"),
        passed.replace("1, 2, 1)", "1, 2, 2)"), passed.replace("'handed_over'", "'lost'"),
    ):  # fmt: skip
        with pytest.raises(Exception, match="CHECK constraint failed"):
            run(app, wrong.replace("(1, 'x'", "(2, 'y'"))
    choice = (
        "INSERT INTO mail_choice (id, uid, created_at, account_id, kind, by_mail) VALUES (1, 'm', '2026', 1, 'k', 1)"
    )
    run(app, choice)
    with pytest.raises(Exception, match="UNIQUE constraint failed"):
        run(app, choice.replace("(1, 'm'", "(2, 'n'"))
    run(app, "DELETE FROM assignment")
    downgrade(revision=before("0011"))
    assert (count(app, "fr_request"), {"assignment", "mail_choice"} & tables(app)) == (1, set())


def data_0012(app: Flask) -> None:
    """Photographs of before stand under their person's key; there is no way back once one has a key of its own."""
    stand(app, before("0012"))
    photo = (
        "INSERT INTO gallery_photo (id, uid, created_at, record_number, person_id, source, jurisdiction, charged, "
        "taken_on, sha256, phash, blob_id, width, height, batch, removed_at) VALUES "
        "({id}, 'g{id}', '2026-01-01', 'R-{id}', 1, 'arrest', 'criminal', 1, '2026-01-01', 's{id}', 'f0', 'b{id}', 9, "
        "9, 'b', {gone})"
    )
    run(
        app,
        "INSERT INTO gallery_person (id, uid, created_at, person_number, key_id) VALUES (1, 'p', '2026-01-01', 'P', "
        "'k1')",
        photo.format(id=1, gone="NULL"),
        photo.format(id=2, gone="'2026-02-02'"),
    )
    upgrade(revision="0012")
    with engine(app).connect() as connection:
        kept = connection.exec_driver_sql("SELECT key_id, phash FROM gallery_photo ORDER BY id").all()
    assert [tuple(row) for row in kept] == [("k1", "f0"), ("k1", "")]
    order = (
        "INSERT INTO sealing_order (id, uid, created_at, number, key_id, policy_version, kind, dated, order_digest, "
        "way, destroyed, state, state_since, version) VALUES (1, 'o', '2026-01-01', 'SO-1', 'k', 'p', 'sealed', "
        "'2026-01-01', 'd', '{way}', '{{}}', '{state}', '2026-01-01', 1)"
    )
    for way, state in (("page", "received"), ("command", "removed"), ("owl", "received")):
        with pytest.raises(Exception, match="CHECK constraint failed"):
            run(app, order.format(way=way, state=state))
    run(app, order.format(way="command", state="received"))
    downgrade(revision=before("0012"))
    assert (count(app, "gallery_photo"), "sealing_order" in tables(app)) == (2, False)
    upgrade(revision="0012")
    run(app, "UPDATE gallery_photo SET key_id = 'k2' WHERE id = 1")
    with pytest.raises(SystemExit):
        downgrade(revision=before("0012"))
    assert "sealing_order" in tables(app), "nothing was taken away"


def data_0013(app: Flask) -> None:
    """Photographs of before stand without a measured quality; downgrade takes only the new column away."""
    stand(app, before("0013"))
    run(
        app,
        "INSERT INTO gallery_person (id, uid, created_at, person_number, key_id) "
        "VALUES (1, 'p', '2026-01-01', 'P-1', 'k')",
        "INSERT INTO gallery_photo (id, uid, created_at, record_number, person_id, source, jurisdiction, charged, "
        "taken_on, sha256, phash, blob_id, width, height, batch) VALUES (1, 'g', '2026-01-01', 'R-1', 1, 'arrest', "
        "'criminal', 1, '2024-01-01', 's', 'h', 'b', 9, 9, 'x')",
    )
    upgrade(revision="0013")
    with engine(app).connect() as connection:
        assert connection.exec_driver_sql("SELECT quality FROM gallery_photo").scalar() is None
    run(app, 'UPDATE gallery_photo SET quality = \'{"version": "2"}\'')
    downgrade(revision=before("0013"))
    assert count(app, "gallery_photo") == 1


def data_0014(app: Flask) -> None:
    """Candidates of before get their search's algorithm; from then on the database refuses any other."""
    stand(app, before("0014"))
    run(
        app, ACCOUNT,
        "INSERT INTO fr_request (id, uid, created_at, number, state, state_since, version, key_id, policy_version, "
        "requester_id, command, case_number, priority, political, submission) VALUES "
        "(1, 'r', '2026-01-01', 'FR-1', 'draft', '2026-01-01', 1, 'k', 'p', 1, '', 'DB-2026-1', 'other', 0, 0)",
        "INSERT INTO probe_image (id, uid, created_at, request_id, submission, state, media_type, width, height, size, "
        "sha256, blob_id) VALUES (1, 'i', '2026-01-01', 1, 1, 'checking', 'image/png', 9, 9, 9, 's', 'b')",
        "INSERT INTO detected_face (id, uid, created_at, image_id, position, box, points, detector_score, inter_eye, "
        "quality) VALUES (1, 'f', '2026-01-01', 1, 1, '[]', '[]', 1, 9, '{}')",
        "INSERT INTO search (id, uid, created_at, request_id, submission, image_id, face_id, examiner_id, suitability, "
        "state, probe_sha256, parameters, algorithm_digest) "
        "VALUES (1, 'q', '2026-01-01', 1, 1, 1, 1, 1, 'ok', 'prepared', 's', '{}', 'one')",
        "INSERT INTO gallery_person (id, uid, created_at, person_number, key_id) "
        "VALUES (1, 'g', '2026-01-01', 'P', 'k')",
        "INSERT INTO gallery_photo (id, uid, created_at, record_number, person_id, source, jurisdiction, charged, "
        "taken_on, sha256, phash, blob_id, width, height, batch) VALUES (1, 'h', '2026-01-01', 'R', 1, 'arrest', "
        "'criminal', 1, '2026-01-01', 's', 'p', 'b', 9, 9, 't')",
        "INSERT INTO template (id, uid, created_at, photo_id, algorithm_digest, box) "
        "VALUES (1, 't', '2026-01-01', 1, 'one', 'x')",
        "INSERT INTO candidate (id, uid, created_at, search_id, person_id, photo_id, rank, score, shown_order) "
        "VALUES (1, 'c', '2026-01-01', 1, 1, 1, 1, 0.5, 1)",
    )  # fmt: skip
    upgrade(revision="0014")
    with engine(app).connect() as connection:
        kept = connection.exec_driver_sql(
            "SELECT since, candidate.algorithm_digest FROM template, candidate"
        ).fetchall()
    assert kept == [(0, "one")]
    with pytest.raises(Exception, match="templates of one algorithm"):
        run(app, "UPDATE candidate SET algorithm_digest = 'two'")
    change = (
        "INSERT INTO algorithm_change (id, uid, created_at, number, source_model, source_digest, target_model, "
        "target_digest, begun_by_id, state, state_since, version) VALUES "
        "(1, 'a', '2026-01-01', 'AC-1', 'one', '{source}', 'two', 'two', 1, '{state}', '2026-01-01', 1)"
    )
    for values in ({"source": "two", "state": "ready"}, {"source": "one", "state": "in_use"}):
        with pytest.raises(Exception, match="CHECK constraint failed"):
            run(app, change.format(**values))
    downgrade(revision=before("0014"))
    assert (count(app, "candidate"), "algorithm_change" in tables(app)) == (1, False)
    run(app, "UPDATE search SET algorithm_digest = 'two'")


WITH_DATA = {
    "0001": data_0001,
    "0002": data_0002,
    "0003": data_0003,
    "0004": data_0004,
    "0005": data_0005,
    "0006": data_0006,
    "0007": data_0007,
    "0008": data_0008,
    "0009": data_0009,
    "0010": data_0010,
    "0011": data_0011,
    "0012": data_0012,
    "0013": data_0013,
    "0014": data_0014,
}


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
