"""Rows of earlier versions, and what the migrations from 0032 on make of them."""

from __future__ import annotations

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade

from tests.migrations.databases import ACCOUNT, REQUEST, before, count, run, stand, tables

IMPORT = (
    "INSERT INTO gallery_import (id, uid, created_at, kind, folder, content, key_id, records, state, tally) "
    "VALUES (1, 'i', '2026-01-01', 'folder', '/x', 'c', 'k', 1, 'done', '{}')"
)
SAMPLE = (
    "INSERT INTO import_sample (id, uid, created_at, import_id, number, records, differing) "
    "VALUES (1, 's', '2026-01-01', 1, 1, '[]', '{}')"
)


def data_0032(app: Flask) -> None:
    """An import of before has no sample; one that waits for its signature keeps the version that waits with it."""
    stand(app, before("0032"))
    run(app, ACCOUNT, IMPORT)
    upgrade(revision="0032")
    assert (count(app, "gallery_import"), count(app, "import_sample")) == (1, 0)
    run(app, SAMPLE)
    with pytest.raises(Exception, match="signed_by_somebody"):
        run(app, "UPDATE import_sample SET verdict = 'agrees', signed_at = '2026-01-02'")
    with pytest.raises(SystemExit):
        downgrade(revision=before("0032"))
    run(app, "UPDATE import_sample SET verdict = 'agrees', signed_at = '2026-01-02', signed_by_id = 1")
    downgrade(revision=before("0032"))
    assert "import_sample" not in tables(app)


def data_0033(app: Flask) -> None:
    """A request of before keeps what it had: it was not asked for the class of an offense."""
    stand(app, before("0033"))
    run(app, ACCOUNT, REQUEST)
    upgrade(revision="0033")
    unasked = "fr_request WHERE offense_class IS NULL AND stated_class IS NULL"
    assert count(app, unasked) == 1
    run(app, "UPDATE fr_request SET offense_class = 'violation', stated_class = 'felony'")
    review = "INSERT INTO schedule_review (id, uid, created_at, edition, outcome, note, reviewed_by_id) VALUES "
    with pytest.raises(Exception, match="known_outcome"):
        run(app, f"{review} (1, 's', '2026-01-01', 'E', 'maybe', 'n', 1)")
    run(app, f"{review} (1, 's', '2026-01-01', 'E', 'in_force', 'n', 1)")
    downgrade(revision=before("0033"))
    assert "schedule_review" not in tables(app)
    assert count(app, "fr_request WHERE number = 'FR-1' AND state = 'draft'") == 1
