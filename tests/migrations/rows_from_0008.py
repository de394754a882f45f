"""Rows in the tables that revisions 0008 and later touch, and checks of what a migration makes of them."""

from __future__ import annotations

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade

from tests.migrations.databases import (
    ACCOUNT,
    FACE,
    PROBE,
    REQUEST,
    SEARCH,
    before,
    count,
    engine,
    run,
    schema,
    stand,
    tables,
)


def data_0008(app: Flask) -> None:
    """Opinions of before are read on the scale and back; they stay append-only, and a nominee has an opinion."""
    stand(app, "0007")
    peer = "INSERT INTO peer_review (id, uid, created_at, round_id, peer_id, opinion) VALUES "
    nominated = (
        "INSERT INTO examination_round (id, uid, created_at, request_id, search_id, number, examiner_id, nominee_id, "
        "nominated_at) VALUES (1, 'e', '2026-01-01', 1, 1, 1, 1, 1, '2026-01-02')"
    )
    words = ("supported", "inconclusive", "not_supported")
    run(app, nominated, *(f"{peer} ({n}, 'p{n}', '2026-01-01', 1, {n}, '{word}')" for n, word in enumerate(words)))
    earlier = schema(app)
    upgrade(revision="0008")

    def opinions() -> list[str]:
        with engine(app).connect() as connection:
            rows = connection.exec_driver_sql("SELECT opinion FROM peer_review ORDER BY id").fetchall()
            return [opinion for (opinion,) in rows]

    assert opinions() == ["p2", "0", "m2"]
    with pytest.raises(Exception, match="append-only"):
        run(app, "UPDATE peer_review SET opinion = 'p3'")
    for statement, said in (
        (f"{peer} (9, 'p9', '2026-01-01', 1, 9, 'supported')", "known_opinion"),
        ("UPDATE examination_round SET opinion = NULL", "nominated_when_nominee"),
        ("UPDATE examination_round SET opinion = 'sure'", "known_opinion"),
    ):
        with pytest.raises(Exception, match=said):
            run(app, statement)
    run(app, f"{peer} (9, 'p9', '2026-01-01', 1, 9, 'ns')")
    downgrade(revision="0007")
    assert opinions() == [*words, "inconclusive"]
    assert schema(app) == earlier


def data_0009(app: Flask) -> None:
    """Marks stand beside a comparison, each number once; downgrade takes them and leaves the round."""
    stand(app, before("0009"))
    run(
        app,
        ACCOUNT,
        REQUEST,
        PROBE,
        FACE,
        SEARCH,
        "INSERT INTO examination_round (id, uid, created_at, request_id, search_id, number, examiner_id) "
        "VALUES (1, 'o', '2026-01-01', 1, 1, 1, 1)",
        "INSERT INTO gallery_person (id, uid, created_at, person_number, key_id) "
        "VALUES (1, 'g', '2026-01-01', 'P', 'k')",
        "INSERT INTO gallery_photo (id, uid, created_at, record_number, person_id, source, jurisdiction, charged, "
        "taken_on, sha256, phash, blob_id, width, height, batch) VALUES "
        "(1, 'h', '2026-01-01', 'R', 1, 'arrest', 'criminal', 1, '2020-01-01', 's', 'h', 'b', 9, 9, 'x')",
        "INSERT INTO candidate (id, uid, created_at, search_id, person_id, photo_id, rank, score, shown_order) "
        "VALUES (1, 'c', '2026-01-01', 1, 1, 1, 1, 0.5, 1)",
    )
    upgrade(revision="0009")
    mark = (
        "INSERT INTO annotation (id, uid, created_at, round_id, candidate_id, photo_id, author_id, number, version) "
        "VALUES ({0}, 'm{0}', '2026-01-01', 1, 1, 1, 1, {1}, 1)"
    )
    run(app, mark.format(1, 1))
    with pytest.raises(Exception, match="UNIQUE constraint failed"):
        run(app, mark.format(2, 1))
    with pytest.raises(Exception, match="CHECK constraint failed"):
        run(app, mark.format(2, 0))
    downgrade(revision=before("0009"))
    assert (count(app, "examination_round"), "annotation" in tables(app)) == (1, False)


def data_0010(app: Flask) -> None:
    """A line may be compared until it ends and never changed afterwards; of a round or an item, never of both."""
    stand(app, "0010")
    line = (
        "INSERT INTO line_up (id, uid, created_at, number, round_id, item_id, peer_id, due_at, policy_version, version)"
    )
    place = (
        "INSERT INTO line_up_place (id, uid, created_at, line_up_id, position, photo_id, quick, version) VALUES "
        "(1, 'l1', '2026-01-01', 1, 1, 1, 0, 1)"
    )
    run(app, f"{line} VALUES (1, 'u1', '2026-01-01', 'L-1', 1, NULL, 1, '2026-01-02', 'p', 1)", place)
    run(app, "UPDATE line_up_place SET level = 'p1'", "UPDATE line_up SET ended = 'given', ended_at = '2026-01-02'")
    for statement, said in (
        ("UPDATE line_up_place SET level = 'p2'", "fixed once the line-up has ended"),
        ("UPDATE line_up SET ended = 'withdrawn'", "fixed once the line-up has ended"),
        (f"{line} VALUES (2, 'u2', '2026-01-01', 'L-2', 1, 1, 2, '2026-01-02', 'p', 1)", "of_a_round_or_an_item"),
        (f"{line} VALUES (3, 'u3', '2026-01-01', 'L-3', 1, NULL, 1, '2026-01-02', 'p', 1)", "UNIQUE"),
    ):
        with pytest.raises(Exception, match=said):
            run(app, statement)
    run(app, "DELETE FROM line_up_place", "DELETE FROM line_up")
    downgrade(revision=before("0010"))
    assert "line_up" not in tables(app)


def data_0011(app: Flask) -> None:
    """What passed is never changed; requests of before stand without a history; downgrade takes only the new away."""
    stand(app, before("0011"))
    run(app, ACCOUNT, ACCOUNT.replace("(1, 'a1'", "(2, 'a2'").replace("'d.lark'", "'m.heron'"))
    run(
        app,
        REQUEST,
    )
    upgrade(revision="0011")
    passed = (
        "INSERT INTO assignment (id, uid, created_at, request_id, kind, state, from_id, to_id, by_id) VALUES "
        "(1, 'x', '2026-01-01', 1, 'handed_over', 'documented', 1, 2, 1)"
    )
    run(app, passed)
    with pytest.raises(Exception, match="append-only"):
        run(app, "UPDATE assignment SET to_id = 1")
    for wrong in (
        passed.replace("1, 2, 1)", "2, 2, 2)"),
        passed.replace("1, 2, 1)", "NULL, 2, 1)"),
        passed.replace("1, 2, 1)", "1, 2, 2)"),
        passed.replace("'handed_over'", "'lost'"),
    ):
        with pytest.raises(Exception, match="CHECK constraint failed"):
            run(app, wrong.replace("(1, 'x'", "(2, 'y'"))
    choice = (
        "INSERT INTO mail_choice (id, uid, created_at, account_id, kind, by_mail) VALUES (1, 'm', '2026', 1, 'k', 1)"
    )
    run(app, choice)
    with pytest.raises(Exception, match="UNIQUE constraint failed"):
        run(app, choice.replace("(1, 'm'", "(2, 'n'"))
    run(app, "DELETE FROM assignment")
    downgrade(revision=before("0011"))
    assert (count(app, "fr_request"), {"assignment", "mail_choice"} & tables(app)) == (1, set())


def data_0012(app: Flask) -> None:
    """Photographs of before stand under their person's key; there is no way back once one has a key of its own."""
    stand(app, before("0012"))
    photo = (
        "INSERT INTO gallery_photo (id, uid, created_at, record_number, person_id, source, jurisdiction, charged, "
        "taken_on, sha256, phash, blob_id, width, height, batch, removed_at) VALUES "
        "({id}, 'g{id}', '2026-01-01', 'R-{id}', 1, 'arrest', 'criminal', 1, '2026-01-01', 's{id}', 'f0', 'b{id}', 9, "
        "9, 'b', {gone})"
    )
    run(
        app,
        "INSERT INTO gallery_person (id, uid, created_at, person_number, key_id) VALUES (1, 'p', '2026-01-01', 'P', "
        "'k1')",
        photo.format(id=1, gone="NULL"),
        photo.format(id=2, gone="'2026-02-02'"),
    )
    upgrade(revision="0012")
    with engine(app).connect() as connection:
        kept = connection.exec_driver_sql("SELECT key_id, phash FROM gallery_photo ORDER BY id").all()
    assert [tuple(row) for row in kept] == [("k1", "f0"), ("k1", "")]
    order = (
        "INSERT INTO sealing_order (id, uid, created_at, number, key_id, policy_version, kind, dated, order_digest, "
        "way, destroyed, state, state_since, version) VALUES (1, 'o', '2026-01-01', 'SO-1', 'k', 'p', 'sealed', "
        "'2026-01-01', 'd', '{way}', '{{}}', '{state}', '2026-01-01', 1)"
    )
    for way, state in (("page", "received"), ("command", "removed"), ("owl", "received")):
        with pytest.raises(Exception, match="CHECK constraint failed"):
            run(app, order.format(way=way, state=state))
    run(app, order.format(way="command", state="received"))
    downgrade(revision=before("0012"))
    assert (count(app, "gallery_photo"), "sealing_order" in tables(app)) == (2, False)
    upgrade(revision="0012")
    run(app, "UPDATE gallery_photo SET key_id = 'k2' WHERE id = 1")
    with pytest.raises(SystemExit):
        downgrade(revision=before("0012"))
    assert "sealing_order" in tables(app), "nothing was taken away"


def data_0013(app: Flask) -> None:
    """Photographs of before stand without a measured quality; downgrade takes only the new column away."""
    stand(app, before("0013"))
    run(
        app,
        "INSERT INTO gallery_person (id, uid, created_at, person_number, key_id) "
        "VALUES (1, 'p', '2026-01-01', 'P-1', 'k')",
        "INSERT INTO gallery_photo (id, uid, created_at, record_number, person_id, source, jurisdiction, charged, "
        "taken_on, sha256, phash, blob_id, width, height, batch) VALUES (1, 'g', '2026-01-01', 'R-1', 1, 'arrest', "
        "'criminal', 1, '2024-01-01', 's', 'h', 'b', 9, 9, 'x')",
    )
    upgrade(revision="0013")
    with engine(app).connect() as connection:
        assert connection.exec_driver_sql("SELECT quality FROM gallery_photo").scalar() is None
    run(app, 'UPDATE gallery_photo SET quality = \'{"version": "2"}\'')
    downgrade(revision=before("0013"))
    assert count(app, "gallery_photo") == 1


def data_0014(app: Flask) -> None:
    """Candidates of before get their search's algorithm; from then on the database refuses any other."""
    stand(app, before("0014"))
    run(
        app,
        ACCOUNT,
        REQUEST,
        PROBE,
        FACE,
        "INSERT INTO search (id, uid, created_at, request_id, submission, image_id, face_id, examiner_id, suitability, "
        "state, probe_sha256, parameters, algorithm_digest) "
        "VALUES (1, 'q', '2026-01-01', 1, 1, 1, 1, 1, 'ok', 'prepared', 's', '{}', 'one')",
        "INSERT INTO gallery_person (id, uid, created_at, person_number, key_id) "
        "VALUES (1, 'g', '2026-01-01', 'P', 'k')",
        "INSERT INTO gallery_photo (id, uid, created_at, record_number, person_id, source, jurisdiction, charged, "
        "taken_on, sha256, phash, blob_id, width, height, batch) VALUES (1, 'h', '2026-01-01', 'R', 1, 'arrest', "
        "'criminal', 1, '2026-01-01', 's', 'p', 'b', 9, 9, 't')",
        "INSERT INTO template (id, uid, created_at, photo_id, algorithm_digest, box) "
        "VALUES (1, 't', '2026-01-01', 1, 'one', 'x')",
        "INSERT INTO candidate (id, uid, created_at, search_id, person_id, photo_id, rank, score, shown_order) "
        "VALUES (1, 'c', '2026-01-01', 1, 1, 1, 1, 0.5, 1)",
    )
    upgrade(revision="0014")
    with engine(app).connect() as connection:
        kept = connection.exec_driver_sql(
            "SELECT since, candidate.algorithm_digest FROM template, candidate"
        ).fetchall()
    assert kept == [(0, "one")]
    with pytest.raises(Exception, match="templates of one algorithm"):
        run(app, "UPDATE candidate SET algorithm_digest = 'two'")
    change = (
        "INSERT INTO algorithm_change (id, uid, created_at, number, source_model, source_digest, target_model, "
        "target_digest, begun_by_id, state, state_since, version) VALUES "
        "(1, 'a', '2026-01-01', 'AC-1', 'one', '{source}', 'two', 'two', 1, '{state}', '2026-01-01', 1)"
    )
    for values in ({"source": "two", "state": "ready"}, {"source": "one", "state": "in_use"}):
        with pytest.raises(Exception, match="CHECK constraint failed"):
            run(app, change.format(**values))
    downgrade(revision=before("0014"))
    assert (count(app, "candidate"), "algorithm_change" in tables(app)) == (1, False)
    run(app, "UPDATE search SET algorithm_digest = 'two'")


def data_0015(app: Flask) -> None:
    """Indexes alone: rows stay as they are, up and down."""
    stand(app, before("0015"))
    run(
        app,
        "INSERT INTO gallery_person (id, uid, created_at, person_number, key_id) "
        "VALUES (1, 'p', '2026-01-01', 'P-1', 'k')",
        "INSERT INTO gallery_photo (id, uid, created_at, record_number, person_id, source, jurisdiction, charged, "
        "taken_on, sha256, phash, blob_id, width, height, batch, key_id, removed_at) VALUES (1, 'g', '2026-01-01', "
        "'R-1', 1, 'arrest', 'criminal', 1, '2024-01-01', 's', '', '', 9, 9, 'x', 'k', '2026-01-02')",
        "INSERT INTO template (id, uid, created_at, photo_id, algorithm_digest, box, since) "
        "VALUES (1, 't', '2026-01-01', 1, 'one', 'x', 3)",
    )

    def rows() -> list:
        with engine(app).connect() as connection:
            return [connection.exec_driver_sql(f"SELECT * FROM {name}").all() for name in ("gallery_photo", "template")]

    kept = rows()
    upgrade(revision="0015")
    assert rows() == kept
    downgrade(revision=before("0015"))
    assert rows() == kept


def data_0021(app: Flask) -> None:
    """Every record of before that is not disposed of is in a list: its day is not known until it was calculated."""
    stand(app, before("0021"))
    record = (
        "INSERT INTO case_record (id, uid, created_at, case_number, key_id, policy_version, classes, proposed, state, "
        "state_since, version, history_seen, disposed_at) VALUES ({id}, 'c{id}', '2026-01-01', 'DB-{id}', 'k', 'p', "
        "'[]', '[]', '{state}', '2026-01-01', 1, 0, {gone})"
    )
    file = (
        "INSERT INTO person_file (id, uid, created_at, key_id, version, disposed_at) VALUES ({id}, 'f{id}', "
        "'2026-01-01', 'k', 1, {gone})"
    )
    gone = "'2026-01-02'"
    run(
        app,
        record.format(id=1, state="open", gone="NULL"),
        record.format(id=2, state="disposed", gone=gone),
        file.format(id=1, gone=gone),
        file.format(id=2, gone="NULL"),
    )
    upgrade(revision="0021")
    with engine(app).connect() as connection:
        kept = connection.exec_driver_sql(
            "SELECT case_record_id, person_file_id, status, earliest, rule, policy_version FROM stored_standing"
        ).fetchall()
    assert kept == [
        (1, None, "unknown", None, "unknown_is_kept", ""),
        (None, 2, "unknown", None, "unknown_is_kept", ""),
    ]
    new = "INSERT INTO stored_standing ({column}, status, earliest, rule, policy_version) VALUES ({values}, 'r', 'p')"
    for column, values, said in (
        ("case_record_id", "1, 'open', NULL", "UNIQUE"),
        ("case_record_id", "2, 'lost', NULL", "known_status"),
        ("case_record_id", "2, 'upcoming', NULL", "day_where_one_is_known"),
        ("case_record_id", "2, 'held', '2026-01-01'", "day_where_one_is_known"),
        ("case_record_id, person_file_id", "2, 1, 'held', NULL", "of_one_thing"),
    ):
        with pytest.raises(Exception, match=said):
            run(app, new.format(column=column, values=values))
    downgrade(revision=before("0021"))
    assert (count(app, "case_record"), "stored_standing" in tables(app)) == (2, False)
