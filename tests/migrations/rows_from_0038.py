"""Rows in the tables of revisions 0038 and 0039, and what must become of them."""

from __future__ import annotations

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade

from tests.migrations.databases import ACCOUNT, before, count, run, stand, tables


def data_0038(app: Flask) -> None:
    """What becomes of a copy is a known word, on a day, and somebody's; back again the list is gone."""
    stand(app, before("0038"))
    upgrade(revision="0038")
    copy = (
        "INSERT INTO left_copy (id, uid, created_at, key_id, kind, about, number, delivered_at, ended, ended_on, "
        "recorded_by_id, version) VALUES (1, 'c', '2026-01-01', 'k', {values}, 1)"
    )
    for values, said in (
        ("'fax', 'FR-1', 'R-1', '2026-01-01', NULL, NULL, NULL", "known_kind"),
        ("'print', 'FR-1', 'R-1', '2026-01-01', 'lost', '2026-01-02', 1", "known_end"),
        ("'print', 'FR-1', 'R-1', '2026-01-01', 'returned', NULL, 1", "ended_on_a_day"),
        ("'print', 'FR-1', 'R-1', '2026-01-01', 'returned', '2026-01-02', NULL", "ended_by_somebody"),
    ):
        with pytest.raises(Exception, match=said):
            run(app, copy.format(values=values))
    run(app, ACCOUNT, copy.format(values="'print', 'FR-1', 'R-1', '2026-01-01', 'kept', '2026-01-02', 1"))
    assert count(app, "left_copy") == 1
    downgrade(revision=before("0038"))
    assert "left_copy" not in tables(app)


def data_0039(app: Flask) -> None:
    """An item of before has no judgment; each gets one, which is never changed; back again the item is as it was."""
    stand(app, before("0039"))
    item = (
        "INSERT INTO evidence_item (id, uid, created_at, request_id, recorded_by_id, policy_version, kind, timing, "
        "depends) VALUES (1, 'e', '2026-01-01', 1, 1, 'p', 'photo_line_up', 'before_lead', 0)"
    )
    run(app, ACCOUNT, item)
    upgrade(revision="0039")
    judgment = (
        "INSERT INTO evidence_judgment (id, uid, created_at, item_id, supervisor_id, policy_version, agreed) "
        "VALUES ({id}, 'j{id}', '2026-01-01', 1, 1, 'p', 1)"
    )
    assert (count(app, "evidence_item"), count(app, "evidence_judgment")) == (1, 0)
    run(app, judgment.format(id=1))
    with pytest.raises(Exception, match="UNIQUE"):
        run(app, judgment.format(id=2))
    with pytest.raises(Exception, match="append-only"):
        run(app, "UPDATE evidence_judgment SET agreed = 0")
    downgrade(revision=before("0039"))
    assert (count(app, "evidence_item"), "evidence_judgment" in tables(app)) == (1, False)
