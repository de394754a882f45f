"""`flask retention due|run|adopt`."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import text

from app.extensions import db
from app.models import CaseRecord
from tests.retention_factory import RetentionFactory


@pytest.fixture
def keep(make, people):
    return RetentionFactory(make, people)


@pytest.fixture
def flask(app):
    """flask("retention", …) -> the finished command."""
    return lambda *args: app.test_cli_runner().invoke(args=list(args))


@pytest.mark.clause("RET-11")
def test_due_lists_what_is_due_without_names(keep, flask):
    record = keep.record(case_number="2026-075-00001")
    keep.record("open", case_number="2026-075-00002")
    keep.person(record, "Robin Quillfeather")
    said = flask("retention", "due")
    assert said.exit_code == 0
    assert "case 2026-075-00001          due since 2016-03-02" in said.output
    assert "2026-075-00002" not in said.output
    assert "Quillfeather" not in said.output
    assert "2 records are due" in said.output
    assert "0 records are due on 2015-12-31." in flask("retention", "due", "--on", "2015-12-31").output
    every = flask("retention", "due", "--all").output
    assert "case 2026-075-00002          open" in every
    wrong = flask("retention", "due", "--on", "soon")
    assert wrong.exit_code != 0


@pytest.mark.clause("RET-11")
def test_run_executes_what_two_people_approved_and_nothing_else(keep, flask):
    assert "No approved disposal waits" in flask("retention", "run").output
    once = keep.disposal("once_approved")
    said = flask("retention", "run", once.number)
    assert said.exit_code == 1
    assert said.output.strip() == f"Error: There is no approved disposal {once.number} to execute."
    keep.approve(once, "y.hazel")
    said = flask("retention", "run")
    assert said.exit_code == 0, said.output
    assert f"{once.number}: 1 erased, 0 spared; certificate " in said.output
    assert once.state == "disposed"


@pytest.mark.clause("RET-11")
def test_adopt_begins_the_records_of_requests_from_before(make, flask):
    make.request(state="submitted", case_number="2026-075-00003")
    make.request(state="draft", case_number="2026-075-00004")
    with db.engine.begin() as connection:
        connection.info["recorded"] = 1  # a database from before had no table of records
        connection.execute(text("DELETE FROM stored_standing"))
        connection.execute(text("DELETE FROM case_record"))
        connection.info["recorded"] = 1
    db.session.expire_all()
    assert flask("retention", "adopt").output == "1 case record begun.\n"
    assert [record.case_number for record in db.session.query(CaseRecord)] == ["2026-075-00003"]
    assert flask("retention", "adopt").output == "0 case records begun.\n"


def test_a_day_in_the_rules_is_the_departments_day(app, monkeypatch):
    """A period ends where the law applies: at nine in the evening in New York it is tomorrow in UTC already."""
    from datetime import UTC, datetime

    from app import calendar
    from app.domain.retention import eligibility

    monkeypatch.setattr(calendar, "now", lambda: datetime(2026, 1, 1, 2, 0, tzinfo=UTC))
    assert eligibility.today() == date(2025, 12, 31)
