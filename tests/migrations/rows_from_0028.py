"""Rows that the migrations from 0028 on find, and what becomes of them."""

from __future__ import annotations

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade

from tests.migrations.databases import (
    ACCOUNT,
    EVENT,
    FACE,
    PROBE,
    REQUEST,
    SEARCH,
    before,
    count,
    engine,
    run,
    stand,
    tables,
)

LATER = EVENT.replace("VALUES (1, '2026-01-01T", "VALUES (2, '2026-03-01T").replace("'p', '0', 'd'", "'q', 'd', 'e'")
BACK = EVENT.replace("VALUES (1, '2026-01-01T", "VALUES (3, '2026-05-01T").replace("'0', 'd'", "'e', 'f'")
REVIEW = (
    "INSERT INTO peer_review (id, uid, created_at, round_id, peer_id, opinion) VALUES "
    "(1, 'v', '2026-05-02 00:00:00', 1, 1, 'p2')"
)
ROUND = (
    "INSERT INTO examination_round (id, uid, created_at, request_id, search_id, number, examiner_id) VALUES "
    "(1, 'o', '2026-01-01', 1, 1, 1, 1)"
)
TRAINED = (
    "INSERT INTO training_record (id, uid, created_at, account_id, requirement, topics, completed_on, expires_on, note)"
    " VALUES ({id}, 't{id}', '{at}', 1, 'fr', '[]', '2025-01-01', '2027-01-01', '')"
)


def data_0028(app: Flask) -> None:
    """A judgment of before takes the version of its time; its texts are not known, and nobody makes them up."""
    stand(app, before("0028"))
    run(app, ACCOUNT, REQUEST, PROBE, FACE, SEARCH, ROUND, REVIEW)
    # before the first event, under the first version, in the last moment before the second, under it
    moments = ("2025-12-31 23:59:59", "2026-02-01 00:00:00", "2026-02-28 23:59:59", "2026-03-01 00:00:00")
    run(app, *(TRAINED.format(id=number, at=f"{at}.000000") for number, at in enumerate(moments, 1)))
    run(app, EVENT, LATER, BACK)
    upgrade(revision="0028")
    with engine(app).connect() as connection:

        def found(asked: str) -> list[tuple]:
            return [tuple(row) for row in connection.exec_driver_sql(asked)]

        assert found("SELECT policy_version FROM training_record ORDER BY id") == [("p",), ("p",), ("p",), ("q",)]
        assert found("SELECT policy_version FROM search") == [("p",)]
        assert found("SELECT policy_version FROM peer_review") == [("p",)]
        known = found(
            "SELECT digest, substr(first_seen, 1, 10), manifest, signature FROM policy_version ORDER BY digest"
        )
        assert known == [("p", "2026-01-01", None, None), ("q", "2026-03-01", None, None)]
    assert count(app, "policy_text") == 0
    for statement, said in (
        ("UPDATE peer_review SET opinion = 'p3'", "append-only"),
        ("DELETE FROM policy_version", "append-only"),
        ("UPDATE policy_version SET manifest = '{}'", "kept_texts_are_signed"),
    ):
        with pytest.raises(Exception, match=said):
            run(app, statement)
    kept = "manifest = '{}', signature = 's', signing_key = 'k', kept_at = '2026-06-01'"
    run(app, f"UPDATE policy_version SET {kept} WHERE digest = 'p'")
    with pytest.raises(Exception, match="append-only"):
        run(app, "UPDATE policy_version SET manifest = '[]' WHERE digest = 'p'")
    downgrade(revision=before("0028"))
    assert (count(app, "peer_review"), "policy_version" in tables(app)) == (1, False)
    stand(app, before("0028"))
    run(app, ACCOUNT, TRAINED.format(id=1, at="2026-01-01 00:00:00"))
    upgrade(revision="0028")
    with engine(app).connect() as connection:
        # no event names a version: none is said
        assert connection.exec_driver_sql("SELECT policy_version FROM training_record").scalar() == ""
    downgrade(revision=before("0028"))


def data_0029(app: Flask) -> None:
    """Nobody is named for anything; nobody names themselves; who is named keeps the version that knows of it."""
    stand(app, before("0029"))
    run(app, ACCOUNT, ACCOUNT.replace("(1, 'a1'", "(2, 'a2'").replace("'d.lark'", "'m.heron'"), REQUEST)
    upgrade(revision="0029")
    assert (count(app, "fr_request"), count(app, "clearance")) == (1, 0)
    named = (
        "INSERT INTO clearance (id, uid, created_at, request_id, account_id, named_by_id, policy_version) "
        "VALUES (1, 'c', '2026-01-01', 1, {person}, 1, 'p')"
    )
    with pytest.raises(Exception, match="nobody_names_themselves"):
        run(app, named.format(person=1))
    run(app, named.format(person=2))
    with pytest.raises(Exception, match="withdrawn_by_somebody"):
        run(app, "UPDATE clearance SET withdrawn_at = '2026-01-02'")
    with pytest.raises(SystemExit):
        downgrade(revision=before("0029"))
    run(app, "UPDATE clearance SET withdrawn_at = '2026-01-02', withdrawn_by_id = 1")
    downgrade(revision=before("0029"))
    assert "clearance" not in tables(app)
