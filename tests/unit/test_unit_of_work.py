"""The write guard, the one commit, and what happens only after it."""

from __future__ import annotations

import threading
from datetime import date

import pytest
from flask import g
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app import audit
from app.extensions import db
from app.models import Account, AuditEvent, Job, Transition
from app.unit_of_work import NestedUnit, UnrecordedChange, after_commit, in_unit, tables_written, unit_of_work


def account(name: str = "u.nknown") -> Account:
    return Account(name=name, display_name="Una Nuthatch", title="", command="", roles=[])


def test_a_change_without_an_event_is_refused_and_undone(app):
    with pytest.raises(UnrecordedChange, match="account"), unit_of_work() as rows:
        rows.add(account())
    assert db.session.query(Account).filter_by(name="u.nknown").count() == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE account SET title = 'x'",
        "update   \"account\" set title='x'",
        "DELETE FROM account",
        "INSERT INTO counter_x SELECT 1",
        "WITH a AS (SELECT 1) UPDATE account SET title='x'",
        "/* SELECT */ REPLACE INTO account (id) VALUES (1)",
        "INSERT OR IGNORE INTO account (id) VALUES (1)",
        "DROP TABLE account",
    ],
)
def test_the_guard_reads_raw_sql(statement):
    assert tables_written(statement)


@pytest.mark.parametrize(
    "statement",
    ["SELECT * FROM account", "SELECT 1 FROM account FOR UPDATE", "SELECT 'update account set x' AS words", "BEGIN"],
)
def test_the_guard_ignores_reading(statement):
    assert tables_written(statement) == set()


def test_raw_sql_without_an_event_is_refused(app, people):
    people.account("d.lark")
    with pytest.raises(UnrecordedChange), unit_of_work() as rows:
        rows.execute(text("UPDATE account SET title = 'Chief'"))
    assert people.account("d.lark").title != "Chief"


def test_a_change_with_an_event_is_kept(app):
    with unit_of_work() as rows:
        someone = account()
        rows.add(someone)
        rows.flush()
        audit.record("account.seen", someone, account=someone.id)
    assert db.session.query(AuditEvent).one().event == "account.seen"


def test_exempt_tables_need_no_event(app):
    with unit_of_work() as rows:
        rows.add(Job(kind="k", queue="images", subject_id="1", once="x"))
    assert db.session.query(Job).count() == 1
    assert db.session.query(AuditEvent).count() == 0


def test_it_is_noted_whether_anything_was_saved(app):
    """What an error page may say: nothing after a refused unit, nothing after one that only told of something."""
    with pytest.raises(UnrecordedChange), unit_of_work() as rows:
        rows.add(account())
    audit.viewed("policy.loaded", version="x")
    with unit_of_work():
        audit.record("policy.loaded", version="x")
    assert "saved" not in g
    with unit_of_work() as rows:
        rows.add(Job(kind="k", queue="images", subject_id="1", once="x"))
    assert g.saved == "yes"


def test_a_connection_that_breaks_in_the_commit_leaves_it_unknown(app, monkeypatch):
    def broken(_session):
        raise OperationalError("COMMIT", {}, Exception("the server closed the connection unexpectedly"))

    monkeypatch.setattr("sqlalchemy.orm.Session.commit", broken)
    with pytest.raises(OperationalError), unit_of_work() as rows:
        rows.add(Job(kind="k", queue="images", subject_id="1", once="x"))
    assert g.saved == "unknown"


def test_an_event_outside_a_unit_is_a_fault(app):
    with pytest.raises(RuntimeError, match="outside a unit"):
        audit.record("policy.loaded", version="x")


@pytest.mark.parametrize("keys", [{}, {"version": "1", "more": 2}, {"name": "x"}])
def test_an_event_carries_exactly_its_keys(app, keys):
    with pytest.raises(audit.UnknownEvent), unit_of_work():
        audit.record("policy.loaded", **keys)


def test_an_event_of_no_catalogue_is_a_fault(app):
    with pytest.raises(KeyError), unit_of_work():
        audit.record("policy.guessed")


def test_units_do_not_nest(app):
    with pytest.raises(NestedUnit), unit_of_work(), unit_of_work():
        pass
    assert not in_unit()


def test_effects_follow_the_commit_and_only_the_commit(app):
    done = []
    with unit_of_work():
        after_commit(lambda: done.append("after"))
        audit.record("policy.loaded", version="1")
        assert done == []
    assert done == ["after"]
    with pytest.raises(ZeroDivisionError), unit_of_work():
        after_commit(lambda: done.append("never"))
        raise ZeroDivisionError
    assert done == ["after"]


def test_a_failing_effect_undoes_nothing(app):
    with unit_of_work():
        after_commit(lambda: 1 / 0)
        audit.record("policy.loaded", version="1")
    assert db.session.query(AuditEvent).count() == 1


def test_the_chain_is_unbroken_under_several_writers(app):
    """Measured: with plain BEGIN this fails on SQLite ("database is locked" or a forked chain)."""
    from app.audit.chain import verify

    def write() -> None:
        with app.app_context():
            for number in range(10):
                with unit_of_work():
                    audit.record("policy.loaded", version=str(number))
                audit.viewed("audit.read", filter="none")

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    rows = db.session.query(AuditEvent).order_by(AuditEvent.sequence).all()
    assert len(rows) == 120
    assert list(verify(rows)) == []


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_event SET event = 'x'", "DELETE FROM audit_event", "UPDATE transition SET verb = 'x'"]
)
def test_the_database_itself_refuses_to_change_what_was_recorded(app, statement):
    with unit_of_work() as rows:
        rows.add(
            Transition(
                subject_type="request",
                subject_id=1,
                verb="submit",
                rule="WF-submit",
                source="draft",
                target="submitted",
                policy_version="x",
            )
        )
        audit.record("policy.loaded", version="1")
    with pytest.raises(Exception, match="append-only"), db.engine.begin() as connection:
        connection.execute(text(statement))


@pytest.mark.clause("ACC-4")
def test_training_lasts_twelve_months_to_the_day(app, people):
    from app.domain.accounts.training import add_months

    assert add_months(date(2024, 2, 29), 12) == date(2025, 2, 28)
    assert add_months(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert add_months(date(2026, 11, 23), 12) == date(2027, 11, 23)
