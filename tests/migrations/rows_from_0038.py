"""Rows in the table of revision 0038, and what must become of them."""

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
