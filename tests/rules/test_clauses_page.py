"""docs/clauses.md is what rules, program and tests say today."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.cli.enforcement_points import enforcement_points
from app.policy import policy
from app.policy.check import matrix
from app.policy.clause_table import bypasses, clauses_page

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def rows():
    return matrix(ROOT, enforcement_points()[0])


def test_the_page_of_the_clauses_is_that_of_today(rows):
    page = (ROOT / "docs" / "clauses.md").read_text(encoding="utf-8")
    assert page == clauses_page(policy(), rows), "run: flask policy clauses --write"


def test_each_clause_has_its_part_and_a_bypass_test_is_told_by_its_name(rows):
    page = clauses_page(policy(), rows)
    *headings, last = [line for line in page.splitlines() if line.startswith("## ")]
    assert headings == [f"## {row['clause']}" for row in rows] and last == "## Sentences without a clause"
    row = {"clause": "X-1", "tests": ["tests/a.py::test_one", "tests/a.py::test_another_route_bypass"]}
    assert bypasses(row) == ["tests/a.py::test_another_route_bypass"]


def test_an_enforced_clause_without_a_bypass_test_is_named(rows):
    page = clauses_page(policy(), rows)
    named = next((line for line in page.splitlines() if line.startswith("Enforced, but no bypass test yet")), "")
    clauses = set(filter(None, named.rstrip(".").partition(": ")[2].split(", ")))
    assert clauses == {row["clause"] for row in rows if row["status"] == "enforced" and not bypasses(row)}
    assert "SRC-7" not in clauses, "tests/policy/test_conditions_behind_verbs.py"
