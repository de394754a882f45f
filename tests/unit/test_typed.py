"""What a client sends where a number or an address is due: bounded, and nothing of it breaks a page."""

from __future__ import annotations

import ast
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from app import calendar
from app.typed import address_parts, whole_number_or
from tests.sources import source_tree

ROOT = Path(__file__).resolve().parents[2]
#: they read a client's numbers and addresses in bounds; nothing else of the pages does so by itself
OWN = {"urlsplit", "urlparse", "isdigit", "isdecimal", "isnumeric"}


@pytest.mark.parametrize(
    ("typed", "read"),
    [("7", 7), ("007", 7), ("999999999", 999_999_999), ("1000000000", -1), ("9" * 5000, -1), ("²", -1), ("٣", -1)]
    + [(wrong, -1) for wrong in ("", None, "-1", "+1", " 1", "1\n", "1_0", "1.0")],
)
def test_a_whole_number_is_a_few_ascii_digits(typed, read):
    assert whole_number_or(typed, -1) == read


@pytest.mark.parametrize("broken", ["http://[bad", "//[", "http://[::1", "http://a\u2100b/", None, ""])
def test_an_address_that_is_none_has_empty_parts(broken):
    assert not any(address_parts(broken))


def test_pages_read_what_is_typed_with_these_alone():
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for folder in ("blueprints", "web", "access")
        for path in sorted((ROOT / "app" / folder).rglob("*.py"))
        for node in ast.walk(source_tree(path))
        if (isinstance(node, ast.Attribute) and node.attr in OWN)
        or (isinstance(node, ast.Name) and node.id in OWN)
        or (isinstance(node, ast.keyword) and node.arg == "type" and getattr(node.value, "id", "") in {"int", "float"})
    ]
    allowed = {"app/access/directory.py", "app/web/pages.py"}  # the directory's own number; an address of our own
    assert {place.rpartition(":")[0] for place in found} == allowed, found


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Berlin", "Pacific/Kiritimati"])
def test_the_first_and_the_last_day_of_the_calendar_have_bounds(app, monkeypatch, zone):
    from zoneinfo import ZoneInfo

    monkeypatch.setattr(calendar, "time_zone", lambda: ZoneInfo(zone))
    for day in (date.min, date(9999, 12, 30), date.max):
        assert calendar.start_of(day) < calendar.end_of(day)
    assert calendar.end_of(date.max) == datetime.max.replace(tzinfo=UTC)
