"""Rows in the tables that a migration touches, put there as the version of then would have."""

from __future__ import annotations

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade

from tests.migrations.databases import ACCOUNT, REQUEST, before, count, engine, run, stand, tables


def data_0022(app: Flask) -> None:
    """Evidence of before stays with its outcome and is no item; an item is never changed."""
    stand(app, before("0022"))
    run(
        app,
        ACCOUNT,
        REQUEST,
        "INSERT INTO outcome (id, uid, created_at, request_id, recorded_by_id, kind, has_evidence, sealed) "
        "VALUES (1, 'o', '2026-01-01', 1, 1, 'corroboration', 1, x'01')",
    )
    upgrade(revision="0022")
    with engine(app).connect() as connection:
        assert connection.exec_driver_sql("SELECT kind, sealed FROM outcome").fetchall() == [("corroboration", b"\x01")]
    assert (count(app, "evidence_item"), count(app, "arrest")) == (0, 0)
    item = (
        "INSERT INTO evidence_item (id, uid, created_at, request_id, recorded_by_id, policy_version, kind, timing, "
        "depends) VALUES (1, 'e', '2026-01-01', 1, 1, 'p', 'photo_line_up', '{timing}', 1)"
    )
    arrest = (
        "INSERT INTO arrest (id, uid, created_at, request_id, recorded_by_id, policy_version, year, basis, in_hand) "
        "VALUES (1, 'a', '2026-01-01', 1, 1, 'p', 2026, '{basis}', {held})"
    )
    for statement, said in (
        (item.format(timing="some_day"), "known_timing"),
        (arrest.format(basis="hearsay", held=0), "known_basis"),
        (arrest.format(basis="on_lead", held=-1), "counted"),
    ):
        with pytest.raises(Exception, match=said):
            run(app, statement)
    run(app, item.format(timing="after_lead"), arrest.format(basis="on_lead", held=0))
    with pytest.raises(Exception, match="append-only"):
        run(app, "UPDATE evidence_item SET depends = 0")
    run(app, "UPDATE arrest SET in_hand = 1")
    downgrade(revision=before("0022"))
    assert count(app, "outcome") == 1
    assert not {"evidence_item", "arrest"} & tables(app)


def data_0023(app: Flask) -> None:
    """A disposal of before says nothing of what was known, and nobody writes it into it afterwards."""
    stand(app, before("0023"))
    run(
        app,
        ACCOUNT,
        "INSERT INTO case_record (id, uid, created_at, case_number, key_id, policy_version, classes, proposed, state, "
        "state_since, version, history_seen) VALUES (1, 'c', '2026-01-01', 'DB-1', 'k', 'p', '[]', '[]', 'open', "
        "'2026-01-01', 1, 0)",
        "INSERT INTO disposal (id, uid, created_at, number, key_id, policy_version, proposed_by_id, state, "
        "state_since, version) VALUES (1, 'd', '2026-01-01', 'DP-1', 'k', 'p', 1, 'proposed', '2026-01-01', 1)",
        "INSERT INTO disposal_item (id, uid, created_at, disposal_id, case_record_id, state, why, erased, delivered) "
        "VALUES (1, 'i', '2026-01-01', 1, 1, 'pending', '[]', '{}', '[]')",
    )
    upgrade(revision="0023")
    with engine(app).connect() as connection:
        assert connection.exec_driver_sql("SELECT state, known FROM disposal_item").fetchall() == [("pending", None)]
    run(app, "UPDATE disposal_item SET known = '{\"contradictions\": []}'")
    downgrade(revision=before("0023"))
    assert count(app, "disposal_item") == 1
