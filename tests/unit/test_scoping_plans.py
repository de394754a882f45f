"""One row is looked up by its public id, and its scope asked of it: no list of other rows is made for it (ACC-6)."""

from __future__ import annotations

import pytest

from app.access.scoping import SCOPES, find
from app.extensions import db
from tests.bulk_rows import asked, plans

#: whoever has parts in requests, examines, supervises, discloses, keeps
PEOPLE = ("d.lark", "k.rowan", "c.hawthorn", "s.alder", "y.hazel", "b.juniper", "f.spruce")


@pytest.mark.clause("ACC-6", "ACC-11")
@pytest.mark.parametrize("name", PEOPLE)
def test_a_look_up_reads_the_row_and_what_it_refers_to(people, name):
    actor = people.actor(name)
    faults = []
    for model in SCOPES:
        if not hasattr(model, "lookup"):
            continue
        with asked() as found:
            assert find(model, "nothing-of-this-id", actor) is None
        [(statement, plan)] = plans(found.statements)
        if "0 = 1" in statement:
            continue  # nobody's, or nobody's but for a part: nothing is read
        if any(line.startswith("SCAN ") or "LIST SUBQUERY" in line for line in plan):
            faults.append((model.__name__, plan))
        assert f"SEARCH {model.__tablename__} USING" in plan[0], (model.__name__, plan)
    assert faults == []
    db.session.rollback()
