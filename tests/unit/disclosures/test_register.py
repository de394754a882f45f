"""The register of disclosures: found by person, case, recipient, basis, period; a CSV no spreadsheet runs (EXT-7)."""

# ruff: noqa: F811  (a fixture that a test names is not a redefinition)
from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest

from app.calendar import day_of
from app.csv_lines import csv_line, safe_cell
from app.domain.disclosures import register
from app.domain.disclosures.register import Filters
from app.extensions import db, stores
from app.models import Report
from app.models.base import now
from tests.disclosure_factory import (  # noqa: F401  (fixtures)
    CASE,
    disclose,
    reported_data,
    required_items,
    set_back,
    settings,
)
from tests.drawn_gallery import needs_models

pytestmark = [needs_models, pytest.mark.clause("EXT-7", "ACC-7")]


def numbers(actor, **filters) -> list[str]:
    return [row.number for row in db.session.scalars(register.rows(Filters(**filters), actor))]


@pytest.fixture
def filed(disclose):
    disclose("draft")
    one = disclose("submitted", values={"person": "Robin Sandpiper"})
    other = disclose("submitted", recipient="media", basis="D3", values={"person": "Kim Dunlin"})
    return one, other


def test_it_is_found_by_person_case_recipient_basis_and_period(filed, people):
    (one, other), reader = filed, people.actor("y.hazel")
    assert numbers(reader) == [other.number, one.number], "newest first, drafts never"
    assert numbers(reader, person="sandpiper ROBIN") == [one.number]
    assert numbers(reader, person="Sandpiper") == []
    assert numbers(reader, recipient_kind="media") == [other.number]
    assert numbers(reader, basis="D6") == [one.number]
    assert numbers(reader, case_number=" 2026-075-01234 ") == [other.number, one.number]
    assert numbers(reader, case_number="DB-2026-1") == []
    assert numbers(reader, state="submitted", basis="D3") == [other.number]
    set_back(one, submitted_at=now() - timedelta(days=40))
    day = day_of(one.submitted_at)
    assert numbers(reader, since=day, until=day) == [one.number]
    assert numbers(reader, since=day + timedelta(days=1)) == [other.number]
    assert numbers(reader, until=day - timedelta(days=1)) == []


def test_only_whoever_may_read_the_register_finds_anything(filed, people):
    for name in ("y.hazel", "b.juniper", "w.sparrow"):
        assert len(numbers(people.actor(name))) == 2, name
    for name in ("d.lark", "c.hawthorn", "k.rowan", "f.spruce", "h.larch"):
        assert numbers(people.actor(name)) == [], name


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\n", " =", "＝", "＠"])
def test_no_cell_is_a_formula(first):
    assert safe_cell(f"{first}HYPERLINK(1)") == f"'{first}HYPERLINK(1)"


def test_other_cells_stay_as_they_are():
    for cell in ("", "D-2026-000001", "O'Neill", "a=b", "Noel Egret"):
        assert safe_cell(cell) == cell


def test_the_file_reads_back_with_names_that_would_be_formulas(disclose, people):
    evil = '=cmd|"/c calc"!A1'
    recipient = {"name": evil, "affiliation": "@Egret, & Sons\nSecond line", "address": "Example Street 1"}
    disclosure = disclose("submitted", values={"recipient": recipient})
    file = io.StringIO()
    cells = register.lines(Filters(), register.newest(), 10)
    assert [key for key, _ in cells] == [disclosure.id]
    file.write("".join(csv_line(line) for line in (register.COLUMNS, *(line for _, line in cells))))
    heading, line = list(csv.reader(io.StringIO(file.getvalue(), newline="")))
    row = dict(zip(heading, line, strict=True))
    assert tuple(heading) == register.COLUMNS
    assert row["recipient"] == f"'{evil}" and row["affiliation"].startswith("'@")
    assert (row["number"], row["basis"], row["items"]) == (disclosure.number, "D6", "5")


def test_an_erased_disclosure_keeps_its_line(disclose, people):
    disclosure = disclose("submitted")
    number = disclosure.number
    stores().keys.destroy(disclosure.key_id)
    db.session.expunge_all()
    (erased,) = db.session.scalars(register.rows(Filters(), people.actor("y.hazel")))
    line = register.line_of(erased)
    assert (line["recipient"], line["affiliation"], line["number"]) == (register.ERASED, register.ERASED, number)


@pytest.mark.clause("ACC-10")
def test_a_person_is_found_in_what_shows_them_also_where_nobody_was_named_bypass(disclose, people):
    """By leaving the question empty: the candidate of the report is known to the portal, by name and by number."""
    nobody = disclose("submitted", values={"person": ""})
    images = [pair for pair in required_items(CASE) if pair[0] == "original"]
    disclose("submitted", recipient="media", basis="D6", values={"person": ""}, items=images)
    shown = db.session.query(Report).filter_by(kind="possible_match").one().round.nominee.person
    name, reader = shown.private["name"], people.actor("y.hazel")
    for asked in (name, " ".join(reversed(name.split())), name.upper(), shown.person_number):
        assert numbers(reader, person=asked) == [nobody.number], asked
    for asked in ("Nobody Atall", "P-0000000"):
        assert numbers(reader, person=asked) == []
