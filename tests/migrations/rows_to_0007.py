"""Rows in the tables that revisions 0001 to 0007 touch, and checks of what a migration makes of them."""

from __future__ import annotations

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade

from tests.migrations.databases import ACCOUNT, EVENT, FACE, PROBE, REQUEST, SEARCH, count, engine, run, stand, tables


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
        app,
        ACCOUNT,
        REQUEST,
        "INSERT INTO notification (id, uid, created_at, account_id, kind, request_id) VALUES "
        "(1, 'n1', '2026-01-01', 1, 'approved', 1), (2, 'n2', '2026-01-01', 1, 'misuse_reported', NULL)",
    )
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
        app,
        ACCOUNT,
        request.format(id=1, state="withdrawn"),
        "INSERT INTO probe_image (id, uid, created_at, request_id, submission, state, media_type, width, height, size, "
        "sha256, blob_id) VALUES (1, 'i', '2026-01-01', 1, 1, 'no_face', 'image/jpeg', 1, 1, 1, 's', 'b')",
        "INSERT INTO gallery_hold (id, uid, created_at, key_id, batch, record_number, sha256, blob_id, probe_image_id) "
        "VALUES (1, 'h', '2026-01-01', 'k', 'b', 'R-1', 's', 'b', 1)",
    )
    upgrade(revision="0006")
    assert (count(app, "fr_request"), count(app, "probe_image"), count(app, "gallery_hold")) == (1, 1, 1)
    run(
        app,
        "PRAGMA foreign_keys = ON",
        request.format(id=2, state="disposed"),
        "UPDATE gallery_hold SET probe_image_id = NULL",
        "DELETE FROM probe_image",
    )
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
        app,
        record.format("open"),
        "INSERT INTO case_history (id, uid, created_at, case_record_id, kind, happened_on, value, recorded_by_id) "
        "VALUES (1, 'l', '2026-01-01', 1, 'closed', '2026-01-01', 'settled', 1)",
    )
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
        REQUEST,
        PROBE,
        FACE,
        SEARCH,
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
