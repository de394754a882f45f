"""Rows in the tables that revisions 0024 and later touch, and what must become of them."""

from __future__ import annotations

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade

from tests.migrations.databases import before, count, engine, run, stand, tables


def data_0024(app: Flask) -> None:
    """Checks of before wait for nobody; what a supervisor said of an answer is never changed."""
    stand(app, before("0024"))
    check = (
        "INSERT INTO background_check (id, uid, created_at, round_id, candidate_id, version) "
        "VALUES (1, 'b', '2026-01-01', 1, 1, 1)"
    )
    run(app, check)
    upgrade(revision="0024")
    with engine(app).connect() as connection:
        assert connection.exec_driver_sql("SELECT awaits FROM background_check").scalar() == 0
    judged = (
        "INSERT INTO answer_judgment (id, uid, created_at, check_id, rule, supervisor_id, agreed, policy_version) "
        "VALUES (1, 'j', '2026-01-02', 1, 'inconsistency-height', 1, 0, 'p')"
    )
    run(app, judged)
    with pytest.raises(Exception, match="append-only"):
        run(app, "UPDATE answer_judgment SET agreed = 1")
    downgrade(revision=before("0024"))
    assert (count(app, "background_check"), "answer_judgment" in tables(app)) == (1, False)


def data_0025(app: Flask) -> None:
    """What is new about a person is of a known kind, and never changed."""
    stand(app, before("0025"))
    upgrade(revision="0025")
    new = (
        "INSERT INTO new_ground (id, uid, created_at, round_id, person_id, kind, recorded_by_id, policy_version) "
        "VALUES ({id}, 'n{id}', '2026-01-01', 1, 1, '{kind}', 1, 'p')"
    )
    run(app, new.format(id=1, kind="mistake"))
    disposed = (
        "INSERT INTO disposition (id, uid, created_at, round_id, candidate_id, verdict, version) "
        "VALUES ({id}, 'd{id}', '2026-01-01', 1, {id}, '{verdict}', 1)"
    )
    run(app, disposed.format(id=1, verdict="excluded"), disposed.format(id=2, verdict="incomparable"))
    with pytest.raises(Exception, match="known_verdict"):
        run(app, disposed.format(id=3, verdict="forgotten"))
    with pytest.raises(Exception, match="known_kind"):
        run(app, new.format(id=2, kind="wish"))
    with pytest.raises(Exception, match="append-only"):
        run(app, "UPDATE new_ground SET kind = 'information'")
    downgrade(revision=before("0025"))
    assert ("new_ground" in tables(app), count(app, "disposition")) == (False, 1)
    with pytest.raises(Exception, match="known_verdict"):
        run(app, disposed.format(id=2, verdict="incomparable"))
