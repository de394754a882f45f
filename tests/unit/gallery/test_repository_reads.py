"""How a repository of a million photographs is read: by ids, never from one end to the other, however many are asked.

SQLite's planner knows no numbers on the tables here, as in a department's first year: it must not be led astray.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import text

from app.domain.gallery import repository_index
from app.extensions import db
from app.jobs.identification.search import still_held
from app.matching.types import PersonRank
from app.models import Template
from tests.sql_statements import recorded

STORE = repository_index.StoredTemplates("d" * 64)
MANY = [f"{n:032x}" for n in range(300)]


def plans(read: Callable[[], object]) -> list[str]:
    """SQLite's plan of every query that `read` asks, a line for each table."""
    with recorded() as asked:
        read()
    db.session.rollback()
    raw = db.session.connection().connection
    found = [raw.execute(f"EXPLAIN QUERY PLAN {query}", given).fetchall() for query, given in asked]
    return [line[3] for plan in found for line in plan]


@pytest.mark.parametrize(
    "read",
    [
        lambda: STORE.rows(MANY),
        lambda: STORE.read(Template.id.in_(range(300))),
        lambda: still_held([PersonRank(uid, uid, 0.5, 1, ((uid, 0.5),)) for uid in MANY]),
    ],
    ids=["rows to rank again", "rows to take in", "rows to deliver"],
)
def test_many_photographs_are_found_by_their_ids(app, read):
    found = plans(read)
    assert found and all("SCAN" not in line for line in found), found
    assert all("(rowid=?)" in line or "uid=?" in line or "photo_id=?" in line for line in found), found


def test_who_left_is_found_without_reading_who_is_there(app):
    asked = text("SELECT uid FROM gallery_photo WHERE removed_at IS NOT NULL")
    assert "ix_gallery_photo_left" in plans(lambda: db.session.execute(asked))[0]
