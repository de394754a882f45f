"""The day is the department's: what is in force at nine in the evening there, though in UTC the day has turned."""

from __future__ import annotations

import ast
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy.orm.attributes import set_committed_value

from app import calendar
from app.domain.disclosures import conditions
from app.models.disclosures import Disclosure
from tests.sources import source_tree

ROOT = Path(__file__).resolve().parents[2]
EVENING = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)  # 24 November, 21:00, in New York


def days_of_utc(tree: ast.AST) -> list[str]:
    """The days that a source takes from the present time in UTC: `now().date()`."""
    return [
        ast.unparse(call)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "date"
        and isinstance(call.func.value, ast.Call)
        and isinstance(call.func.value.func, ast.Name)
        and call.func.value.func.id == "now"
    ]


def test_nobody_takes_the_present_day_from_the_time_in_utc():
    """Between midnight in UTC and the department's midnight that is a day which has not begun yet."""
    assert days_of_utc(ast.parse("day = now().date()")) == ["now().date()"]
    sources = [path for folder in ("app", "demo", "tests", "tools") for path in (ROOT / folder).rglob("*.py")]
    assert len(sources) > 500
    assert {str(path): found for path in sources if (found := days_of_utc(source_tree(path)))} == {}


@pytest.fixture
def evening(app, monkeypatch):
    monkeypatch.setattr(calendar, "now", lambda: EVENING)


def test_the_day_is_that_of_the_department(evening):
    assert calendar.today() == date(2026, 11, 24)
    assert calendar.day_of(datetime(2026, 11, 25, 5, 0, tzinfo=UTC)) == date(2026, 11, 25)


def test_a_day_ends_at_the_departments_midnight_also_when_the_clocks_change(app):
    assert calendar.end_of(date(2026, 11, 24)) == datetime(2026, 11, 25, 5, 0, tzinfo=UTC)
    assert calendar.end_of(date(2026, 11, 1)) - calendar.end_of(date(2026, 10, 31)) == (
        datetime(2026, 11, 2, 5, tzinfo=UTC) - datetime(2026, 11, 1, 4, tzinfo=UTC)
    )


@pytest.mark.clause("EXT-7")
def test_the_last_day_of_a_decision_lasts_until_the_departments_evening(evening):
    """EXT-7: a release by 24 November is still possible then, and nothing lapses."""
    facts = {"release_by": date(2026, 11, 24)}
    assert conditions.release_by_within_bounds(Disclosure(), None, facts) is None
    assert "passed" in conditions.release_by_within_bounds(Disclosure(), None, {"release_by": date(2026, 11, 23)})
    waiting = Disclosure(release_by=date(2026, 11, 24))
    set_committed_value(waiting, "state", "approved")
    assert conditions.time_has_passed(waiting, None, {}) is not None
