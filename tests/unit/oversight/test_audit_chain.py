"""`flask audit verify` detects an edited, a removed, a reordered and an inserted event, and a cut tail."""

from __future__ import annotations

import sqlite3

import pytest

from app import audit
from app.audit.chain import GENESIS, digest
from app.extensions import db
from app.models import AuditEvent
from app.unit_of_work import unit_of_work


@pytest.fixture
def chain(app, settings):
    for number in range(8):
        with unit_of_work():
            audit.record("policy.loaded", version=f"v{number}")
    return settings


@pytest.fixture
def tamper(settings):
    """An attacker with the database file: triggers dropped, any statement possible."""

    def run(*statements) -> None:
        with sqlite3.connect(settings.data_dir / "corroborate.sqlite") as raw:
            raw.execute("DROP TRIGGER audit_event_no_update")
            raw.execute("DROP TRIGGER audit_event_no_delete")
            for statement in statements:
                raw.execute(*statement) if isinstance(statement, tuple) else raw.execute(statement)

    return run


def verify(app):
    return app.test_cli_runner().invoke(args=["audit", "verify"])


def test_an_honest_chain_verifies(app, chain):
    result = verify(app)
    assert result.exit_code == 0, result.output
    assert "8 events, unbroken" in result.output


def test_an_edited_event_is_found(app, chain, tamper):
    tamper('UPDATE audit_event SET keys = \'{"version":"v9"}\' WHERE sequence = 4')
    result = verify(app)
    assert result.exit_code != 0
    assert "event 4: was changed" in result.output


@pytest.mark.parametrize("column", ["keys", "event", "at", "subject_id", "policy_version", "previous"])
def test_a_column_that_became_a_blob_is_a_named_fault(app, chain, tamper, column):
    tamper(f"UPDATE audit_event SET {column} = x'ff00' WHERE sequence = 4")
    result = verify(app)
    assert isinstance(result.exception, SystemExit), result.exception
    assert "event 4: was changed" in result.output
    assert app.test_cli_runner().invoke(args=["audit", "export"]).exit_code == 0


def test_a_removed_event_is_found(app, chain, tamper):
    tamper("DELETE FROM audit_event WHERE sequence = 4")
    result = verify(app)
    assert result.exit_code != 0
    assert "event 5" in result.output


def test_reordered_events_are_found(app, chain, tamper):
    tamper(
        "UPDATE audit_event SET sequence = 99 WHERE sequence = 4",
        "UPDATE audit_event SET sequence = 4 WHERE sequence = 5",
        "UPDATE audit_event SET sequence = 5 WHERE sequence = 99",
    )
    assert verify(app).exit_code != 0


def test_an_inserted_event_is_found(app, chain, tamper):
    columns = "at, event, actor_id, session_id, subject_type, subject_id, keys, policy_version"
    tamper(
        "UPDATE audit_event SET sequence = sequence + 100 WHERE sequence > 4",
        f"INSERT INTO audit_event (sequence, previous, digest, {columns}) "
        f"SELECT 5, digest, 'x' || substr(digest, 2), {columns} FROM audit_event WHERE sequence = 4",
        "UPDATE audit_event SET sequence = sequence - 99 WHERE sequence > 100",
    )
    assert verify(app).exit_code != 0


def test_a_chain_rewritten_from_the_start_is_found_against_its_anchor(app, chain, settings, tamper):
    runner = app.test_cli_runner()
    assert runner.invoke(args=["audit", "anchor"]).exit_code == 0
    with sqlite3.connect(settings.data_dir / "corroborate.sqlite") as raw:
        raw.row_factory = sqlite3.Row
        rows = [dict(row) for row in raw.execute("SELECT * FROM audit_event ORDER BY sequence")]
    rows[2]["keys"] = '{"version":"forged"}'
    previous, statements = GENESIS, []
    for row in rows:
        row["previous"] = previous
        previous = row["digest"] = digest(row)
        statements.append(
            (
                "UPDATE audit_event SET keys = ?, previous = ?, digest = ? WHERE sequence = ?",
                (row["keys"], row["previous"], row["digest"], row["sequence"]),
            )
        )
    tamper(*statements)
    result = verify(app)
    assert result.exit_code != 0
    assert "differs from its anchor" in result.output


def test_a_cut_tail_is_found_against_the_anchor(app, chain, tamper):
    assert app.test_cli_runner().invoke(args=["audit", "anchor"]).exit_code == 0
    tamper("DELETE FROM audit_event WHERE sequence > 6")
    result = verify(app)
    assert result.exit_code != 0
    assert "the tail was removed" in result.output


def test_a_forged_anchor_is_refused(app, chain, settings):
    app.test_cli_runner().invoke(args=["audit", "anchor"])
    path = next(settings.anchor_dir.glob("anchor-*.json"))
    path.write_text(path.read_text().replace('"sequence": 8', '"sequence": 7'))
    result = verify(app)
    assert result.exit_code != 0
    assert "the signature does not verify" in result.output


@pytest.mark.clause("ACC-11")
def test_each_policy_version_is_recorded_once(app, monkeypatch):
    from app.audit import policy_version

    assert policy_version.note_policy_version()
    assert not policy_version.note_policy_version()
    changed = type("Changed", (), {"version": "f" * 64})()
    monkeypatch.setattr(policy_version, "policy", lambda: changed)
    assert policy_version.note_policy_version()
    rows = db.session.query(AuditEvent).filter_by(event="policy.loaded").order_by(AuditEvent.sequence)
    assert [row.keys for row in rows][-1] == '{"version":"' + "f" * 64 + '"}'
    assert rows.count() == 2
