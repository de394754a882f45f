"""What holds on SQLite holds on PostgreSQL: migrations, append-only tables, write guard, chain, a whole case."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade

from app import audit
from app.access.actor import actor_of
from app.access.directory import lookup
from app.audit.chain import verify
from app.calendar import today
from app.domain.identification import verbs as identification
from app.domain.oversight import trail_check
from app.extensions import db, stores
from app.models import Account, AuditEvent, BasisDecision, FRRequest, Search, Transition
from app.models.base import now
from app.unit_of_work import Conflict, UnrecordedChange, unit_of_work
from app.workflow import engine, pairing
from tests.conftest import People, models_directory, run_due_jobs
from tests.policy.subjects import MAKERS
from tests.request_factory import RequestFactory
from tests.services.portal import on_servers, portal

pytestmark = pytest.mark.timeout(180)

NEEDS_MODELS = pytest.mark.skipif(
    not (models_directory() / "centerface.onnx").is_file(),
    reason="the face models are not installed (flask matching models install)",
)
SOMEBODY = (
    "INSERT INTO account (uid, created_at, name, display_name, title, command, roles, enabled, seen_at) "
    "VALUES ('a1', now(), 'd.lark', 'Dana Lark', '', '', '[]', true, now())"
)


@pytest.fixture
def app(session_settings, postgresql_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The portal on an empty PostgreSQL database, and the embedded directory."""
    with portal(on_servers(session_settings, tmp_path / "data", database_url=postgresql_url)) as made:
        yield made


@pytest.fixture
def make(app: Flask) -> RequestFactory:
    return RequestFactory(app, People(), run_due_jobs)


def together(*works: Callable[[], None], app: Flask) -> list[BaseException | None]:
    """Each piece of work in a thread and context of its own, all started at once; what each raised."""
    ready, raised = threading.Barrier(len(works), timeout=30), [None] * len(works)

    def run(index: int) -> None:
        with app.app_context():
            try:
                ready.wait()
                works[index]()
            except BaseException as error:
                raised[index] = error
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads), "a thread still waits for another"
    return raised


# Migrations ------------------------------------------------------------------------------------------------


def test_the_head_is_what_the_models_say(app):
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, db.metadata) == []


def test_down_to_nothing_and_up_again(app, postgresql_url):
    def there() -> dict[str, list[str]]:
        inspector = sa.inspect(sa.create_engine(postgresql_url, poolclass=sa.NullPool))
        return {
            table: sorted(
                [column["name"] for column in inspector.get_columns(table)]
                + [str(check["name"]) for check in inspector.get_check_constraints(table)]
                + [str(index["name"]) for index in inspector.get_indexes(table)]
            )
            for table in inspector.get_table_names()
            if table != "alembic_version"
        }

    full = there()
    db.session.remove()
    downgrade(revision="base")
    assert there() == {}
    upgrade()
    assert there() == full
    assert len(full) > 15


#: rows as the program wrote them before opinions stood on a scale and photographs had keys of their own
OLDER = (
    "INSERT INTO examination_round (id, uid, created_at, request_id, search_id, number, examiner_id, nominee_id, "
    "nominated_at) VALUES (1, 'o', now(), 1, 1, 1, 1, 1, now())",
    "INSERT INTO peer_review (uid, created_at, round_id, peer_id, opinion) VALUES ('p1', now(), 1, 1, 'supported'), "
    "('p2', now(), 1, 2, 'inconclusive'), ('p3', now(), 1, 3, 'not_supported')",
    "INSERT INTO search (id, uid, created_at, request_id, submission, image_id, face_id, examiner_id, suitability, "
    "state, probe_sha256, parameters, algorithm_digest) "
    "VALUES (1, 'q', now(), 1, 1, 1, 1, 1, 'ok', 'prepared', 's', '{}', 'one')",
    "INSERT INTO gallery_person (id, uid, created_at, person_number, key_id) VALUES (1, 'g', now(), 'P', 'k')",
    "INSERT INTO gallery_photo (id, uid, created_at, record_number, person_id, source, jurisdiction, charged, "
    "taken_on, sha256, phash, blob_id, width, height, batch) VALUES (1, 'h', now(), 'R', 1, 'arrest', 'criminal', "
    "true, '2026-01-01', 's', 'f0', 'b', 9, 9, 't')",
    "INSERT INTO template (id, uid, created_at, photo_id, algorithm_digest, box) VALUES (1, 't', now(), 1, 'one', 'x')",
    "INSERT INTO candidate (id, uid, created_at, search_id, person_id, photo_id, rank, score, shown_order) "
    "VALUES (1, 'c', now(), 1, 1, 1, 1, 0.5, 1)",
)
#: what the triggers of later revisions refuse, and how they say it
FIXED = (
    ("UPDATE peer_review SET opinion = 'p3'", "append-only"),
    ("UPDATE assignment SET to_id = 1", "append-only"),
    ("UPDATE algorithm_switch SET reason = 'another'", "append-only"),
    ("DELETE FROM algorithm_switch", "append-only"),
    ("UPDATE line_up SET ended = 'withdrawn'", "fixed once the line-up has ended"),
    ("UPDATE line_up_place SET level = 'p2'", "fixed once the line-up has ended"),
    ("UPDATE candidate SET algorithm_digest = 'two'", "templates of one algorithm"),
    ("UPDATE search SET algorithm_digest = 'two'", "templates of one algorithm"),
    ("UPDATE template SET algorithm_digest = 'two'", "templates of one algorithm"),
    (
        "INSERT INTO candidate (uid, created_at, search_id, person_id, photo_id, rank, score, shown_order, "
        "algorithm_digest) VALUES ('d', now(), 1, 1, 1, 2, 0.5, 2, 'two')",
        "templates of one algorithm",
    ),
)
NEWER = (
    "INSERT INTO line_up (id, uid, created_at, number, round_id, peer_id, due_at, policy_version, version) "
    "VALUES (1, 'u', now(), 'L-1', 1, 1, now(), 'p', 1)",
    "INSERT INTO line_up_place (uid, created_at, line_up_id, position, photo_id, quick, version) "
    "VALUES ('l', now(), 1, 1, 1, false, 1)",
    "UPDATE line_up_place SET level = 'p1'",
    "UPDATE line_up SET ended = 'given', ended_at = now()",
    "INSERT INTO assignment (uid, created_at, request_id, kind, state, from_id, to_id, by_id) "
    "VALUES ('a', now(), 1, 'handed_over', 'documented', 1, 2, 1)",
    "INSERT INTO algorithm_switch (uid, created_at, change_id, kind, from_model, from_digest, to_model, to_digest, "
    "by_id, reason, counts) VALUES ('s', now(), 1, 'cut_over', 'one', 'one', 'two', 'two', 1, 'Tried.', '{}')",
)


def test_rows_of_before_come_through_and_later_triggers_hold(app, postgresql_url):
    """The migrations that change rows, on PostgreSQL: opinions, photographs' keys, algorithms; up, and down again."""
    engine = sa.create_engine(postgresql_url, poolclass=sa.NullPool)

    def run(*statements: str, guarded: bool = False) -> None:
        with engine.begin() as connection:
            if not guarded:  # rows without their parents, and no trigger answers
                connection.execute(sa.text("SET session_replication_role = replica"))
            for statement in statements:
                connection.execute(sa.text(statement))

    def opinions() -> list[str]:
        with engine.connect() as connection:
            return list(connection.scalars(sa.text("SELECT opinion FROM peer_review ORDER BY uid")))

    db.session.remove()
    downgrade(revision="0007")
    key = stores().keys.create()  # numbers of arrestees are sealed under it on the way
    run(*(statement.replace("'k'", f"'{key}'") for statement in OLDER))
    upgrade()
    assert opinions() == ["p2", "0", "m2"]
    with engine.connect() as connection:
        stands = "SELECT key_id, phash, since, candidate.algorithm_digest FROM gallery_photo, template, candidate"
        assert connection.execute(sa.text(stands)).fetchall() == [(key, "f0", 0, "one")]
    run(*NEWER)
    for statement, said in FIXED:
        with pytest.raises(sa.exc.DBAPIError, match=said):
            run(statement, guarded=True)
    run("DELETE FROM assignment", "DELETE FROM algorithm_switch", "DELETE FROM line_up_place", "DELETE FROM line_up")
    downgrade(revision="0007")
    assert opinions() == ["supported", "inconclusive", "not_supported"]
    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        run("UPDATE peer_review SET opinion = 'supported'", guarded=True)
    upgrade()


# Append-only -----------------------------------------------------------------------------------------------


@pytest.mark.clause("ACC-11")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET keys = '{}'",
        "DELETE FROM audit_event",
        "TRUNCATE audit_event",
        "TRUNCATE audit_event CASCADE",
        "UPDATE transition SET verb = 'approve'",
        "DELETE FROM transition",
        "TRUNCATE transition",
        "UPDATE peer_review SET opinion = 'p2'",
        "UPDATE final_review SET decision = 'approved'",
    ],
)
def test_the_database_itself_refuses_to_change_what_was_recorded(app, statement):
    """By a connection of its own, past the program: the trigger answers, also for rows of later."""
    audit.viewed("policy.loaded", version="p")
    engine = sa.create_engine(db.engine.url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text(SOMEBODY))
        connection.execute(sa.text("SET session_replication_role = replica"))  # rows without their parents
        connection.execute(
            sa.text(
                "INSERT INTO transition"
                " (uid, created_at, subject_type, subject_id, verb, rule, source, target, policy_version) "
                "VALUES ('t1', now(), 'request', 1, 'submit', 'WF-submit', 'draft', 'submitted', 'p')"
            )
        )
        verdicts = (("peer_review", "opinion", "0"), ("final_review", "decision", "continued"))
        for table, column, word in verdicts:
            person = "peer_id" if table == "peer_review" else "supervisor_id, policy_version, parameters"
            values = "1" if table == "peer_review" else "1, 'p', '{}'"
            connection.execute(
                sa.text(
                    f"INSERT INTO {table} (uid, created_at, round_id, {column}, {person}) "
                    f"VALUES ('x1', now(), 1, '{word}', {values})"
                )
            )
    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        with engine.begin() as connection:
            connection.execute(sa.text(statement))


# The write guard -------------------------------------------------------------------------------------------


def accounts() -> int:
    db.session.rollback()
    return db.session.query(Account).count()


@pytest.mark.clause("ACC-11")
@pytest.mark.parametrize("how", ["orm", "raw", "bulk", "cte"])
def test_a_change_without_an_event_is_refused_and_undone(app, how):
    def change(rows) -> None:
        if how == "orm":
            rows.add(Account(name="n", display_name="", title="", command="", roles=[]))
            rows.flush()
        elif how == "raw":
            rows.execute(sa.text(SOMEBODY))
        elif how == "bulk":
            values = {
                "uid": "u",
                "created_at": now(),
                "seen_at": now(),
                "name": "n",
                "display_name": "",
                "title": "",
                "command": "",
                "roles": [],
                "enabled": True,
            }
            rows.execute(sa.insert(Account), [values])
        else:
            rows.execute(sa.text(f"WITH entered AS ({SOMEBODY} RETURNING id) SELECT * FROM entered"))

    with pytest.raises(UnrecordedChange, match="account"), unit_of_work() as rows:
        change(rows)
    assert accounts() == 0
    with unit_of_work() as rows:
        change(rows)
        audit.record("policy.loaded", version="p")
    assert accounts() == 1


@pytest.mark.clause("ACC-11")
def test_a_commit_beside_the_unit_of_work_is_refused_too(app):
    db.session.execute(sa.text(SOMEBODY))
    with pytest.raises(UnrecordedChange):
        db.session.commit()
    db.session.rollback()
    assert accounts() == 0


# The chain -------------------------------------------------------------------------------------------------


@pytest.mark.clause("ACC-11")
def test_the_chain_is_unbroken_under_eight_writers(app):
    def write() -> None:
        for number in range(20):
            if number % 2:
                audit.viewed("policy.loaded", version=str(number))
            else:
                with unit_of_work():
                    audit.record("policy.loaded", version=str(number))
                    audit.record("policy.loaded", version=f"{number} again")

    assert together(*[write] * 8, app=app) == [None] * 8
    db.session.rollback()
    events = db.session.query(AuditEvent).order_by(AuditEvent.sequence).all()
    assert [event.sequence for event in events] == list(range(1, 8 * 30 + 1))
    assert list(verify(events)) == []


@pytest.mark.clause("ACC-11")
def test_the_check_reads_all_as_of_one_moment(app, people, monkeypatch):
    """A step that is taken after the check has read the states and before it reads the steps is no fault."""
    hold, officer = MAKERS["hold"].in_state(people, "placed"), people.actor("y.hazel")
    monkeypatch.setattr(engine, "_permitted", lambda subject, verb, *_: engine._transition(subject, verb))
    read_steps = pairing._of_chunk

    def release_first(session, model, *rest):
        if model is type(hold):
            with unit_of_work():
                hold.released_by_id, hold.released_at = officer.id, now()
                with db.session.no_autoflush:
                    engine.advance(hold, "release", officer, on="x")
        return read_steps(session, model, *rest)

    monkeypatch.setattr(pairing, "_of_chunk", release_first)
    with trail_check.one_moment() as session:
        assert list(trail_check.faults(session)) == []
    monkeypatch.undo()
    assert db.session.query(Transition).count() == 1
    with trail_check.one_moment() as session:
        assert list(trail_check.faults(session)) == []


# Two people at once ----------------------------------------------------------------------------------------


@NEEDS_MODELS
@pytest.mark.clause("REQ-4")
def test_of_two_people_who_decide_at_once_one_decides(app, make):
    request = make.request(state="discussed")
    key, seen = request.id, request.version
    # both are known before either begins, so that neither waits for the other's account
    for name in ("k.rowan", "n.finch"):
        make.people.account(name)
    db.session.remove()

    def accept(name: str) -> Callable[[], None]:
        def work() -> None:
            entry = lookup(name)
            with unit_of_work():
                account = db.session.query(Account).filter_by(name=name).one()
                actor = actor_of(account, entry.roles, today())
                mine = db.session.get_one(FRRequest, key)
                if mine.version != seen:
                    raise Conflict("the page shows an older version")
                identification.accept(mine, actor, "USE-1", "The facts support the use.")

        return work

    raised = together(accept("k.rowan"), accept("n.finch"), app=app)
    assert sorted(type(error).__name__ for error in raised) == ["Conflict", "NoneType"], raised
    assert any(isinstance(error, Conflict) for error in raised)
    db.session.rollback()
    assert db.session.query(BasisDecision).count() == 1
    assert db.session.query(Transition).filter_by(verb="accept").count() == 1
    assert db.session.query(AuditEvent).filter_by(event="request.accepted").count() == 1
    assert list(verify(db.session.query(AuditEvent).order_by(AuditEvent.sequence))) == []


# A whole case ----------------------------------------------------------------------------------------------


@NEEDS_MODELS
@pytest.mark.clause("SRC-1", "SRC-8", "SRC-9")
def test_a_whole_case_from_draft_to_closed(app, make):
    request = make.request(state="closed")
    assert request.current_report.delivered_at is not None
    delivered = list(app.extensions["settings"].case_files_dir.rglob("*.pdf"))
    assert len(delivered) == 1
    assert delivered[0].read_bytes().startswith(b"%PDF")
    events = db.session.query(AuditEvent).order_by(AuditEvent.sequence).all()
    with trail_check.one_moment() as session:
        assert list(trail_check.faults(session)) == []
    assert {"request.submitted", "request.searched", "request.approved", "request.reported", "request.closed"} <= {
        event.event for event in events
    }
    search = db.session.query(Search).one()
    assert search.state == "finished"
    assert search.candidates
