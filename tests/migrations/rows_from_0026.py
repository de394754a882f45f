"""Rows in the tables that revisions 0026 and later touch, and what must become of them."""

from __future__ import annotations

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade

from tests.migrations.databases import before, count, engine, run, stand, tables


def data_0026(app: Flask) -> None:
    """Packages of before enclose each of their items; what becomes of a copy is a known word, and somebody's."""
    stand(app, before("0026"))
    run(
        app,
        "INSERT INTO disclosure_package (id, uid, created_at, disclosure_id, number, released_by_id, blob_id, sha256, "
        "size, sums_sha256, built_at, expires_at) VALUES (1, 'k', '2026-01-01', 1, 1, 1, 'b', 's', 9, 's', "
        "'2026-01-01', '2026-01-04')",
    )
    upgrade(revision="0026")
    with engine(app).connect() as connection:
        assert connection.exec_driver_sql("SELECT withheld FROM disclosure_package").scalar() == "[]"
    copy = (
        "INSERT INTO sealed_copy (id, uid, created_at, order_id, kind, about, number, delivered_at, ended, ended_on, "
        "recorded_by_id, version) VALUES (1, 'c', '2026-01-01', 1, {values}, 1)"
    )
    for values, said in (
        ("'fax', 'FR-1', 'R-1', '2026-01-01', NULL, NULL, NULL", "known_kind"),
        ("'print', 'FR-1', 'R-1', '2026-01-01', 'lost', '2026-01-02', 1", "known_end"),
        ("'print', 'FR-1', 'R-1', '2026-01-01', 'returned', NULL, 1", "ended_on_a_day"),
        ("'print', 'FR-1', 'R-1', '2026-01-01', 'returned', '2026-01-02', NULL", "ended_by_somebody"),
    ):
        with pytest.raises(Exception, match=said):
            run(app, copy.format(values=values))
    run(app, copy.format(values="'print', 'FR-1', 'R-1', '2026-01-01', NULL, NULL, NULL"))
    downgrade(revision=before("0026"))
    assert (count(app, "disclosure_package"), "sealed_copy" in tables(app)) == (1, False)
