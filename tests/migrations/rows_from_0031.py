"""Rows that the migrations from 0031 on find, and what becomes of them."""

from __future__ import annotations

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade

from tests.migrations.databases import ACCOUNT, REQUEST, before, count, engine, run, stand, tables

RECORD = (
    "INSERT INTO case_record (id, uid, created_at, case_number, key_id, policy_version, classes, proposed, "
    "history_seen, state, state_since, version) VALUES "
    "({id}, 'c{id}', '2026-01-01', '{number}', 'k', 'p', '[]', '[]', 0, 'open', '2026-01-01', 1)"
)
LINKED = "UPDATE matter_link SET linked_at = '2026-02-01', linked_by_id = 1"


def data_0031(app: Flask) -> None:
    """Each number gets its form; what looks like one matter is proposed and nothing merged; the unknown is kept."""
    stand(app, before("0031"))
    run(app, ACCOUNT, REQUEST)
    typed = ("2026-075-01234", "2026-075-1234", "2026-075-001234", "75/26 ROBBERY")
    run(app, *(RECORD.format(id=number, number=text) for number, text in enumerate(typed, 1)))
    upgrade(revision="0031")
    with engine(app).connect() as connection:

        def found(asked: str) -> list[tuple]:
            return [tuple(row) for row in connection.exec_driver_sql(asked)]

        assert found("SELECT number, canonical, scheme FROM case_number ORDER BY number") == [
            ("2026-075-001234", "2026-075-01234", "complaint-number"),
            ("2026-075-01234", "2026-075-01234", "complaint-number"),
            ("2026-075-1234", "2026-075-01234", "complaint-number"),
            ("75/26 ROBBERY", "75/26 ROBBERY", None),
            ("DB-2026-1", "DB-2026-1", "case-number"),
        ]
        assert len({matter for (matter,) in found("SELECT matter FROM case_number")}) == 5, "nothing is merged"
        assert found(
            "SELECT a.number, b.number, because FROM matter_link JOIN case_number a ON a.id = first_id "
            "JOIN case_number b ON b.id = second_id ORDER BY b.number"
        ) == [
            ("2026-075-001234", "2026-075-01234", '["number"]'),
            ("2026-075-001234", "2026-075-1234", '["number"]'),
        ]
        assert found("SELECT case_number, typed_number FROM fr_request") == [("DB-2026-1", "")]
        assert [number for (number,) in found("SELECT case_number FROM case_record ORDER BY id")] == list(typed)
    with pytest.raises(Exception, match="linked_by_somebody"):
        run(app, "UPDATE matter_link SET linked_at = '2026-02-01'")
    with pytest.raises(Exception, match="UNIQUE"):
        run(
            app,
            "INSERT INTO matter_link (uid, created_at, first_id, second_id, because) "
            "SELECT 'x', created_at, first_id, second_id, because FROM matter_link LIMIT 1",
        )
    run(app, LINKED)
    with pytest.raises(SystemExit):
        downgrade(revision=before("0031"))
    run(app, "UPDATE matter_link SET ended_at = '2026-02-02', ended_by_id = 1")
    downgrade(revision=before("0031"))
    assert ("case_number" in tables(app), count(app, "case_record")) == (False, 4)
