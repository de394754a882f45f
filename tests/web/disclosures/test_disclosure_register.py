"""The register of disclosures and the routine designations over HTTP (EXT-7)."""

# ruff: noqa: F811  (a fixture that a test names is not a redefinition)

import csv
import io
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from app.calendar import today
from app.domain.disclosures import verbs as domain
from app.unit_of_work import unit_of_work
from tests.disclosure_factory import disclose, reported_data, settings, values  # noqa: F401  (fixtures)
from tests.events_and_notices import events
from tests.web.disclosure_pages import ASKER, AUDITOR, OFFICER, RECORDS
from tests.web.oversight.export_pages import file_of
from tests.web.page_reading import hidden, soup, text


@pytest.fixture
def registered(disclose):
    """Three disclosures of the register, and a draft that is not in it."""
    first = disclose(state="released", values={"person": "Robin Sandpiper"})
    second = disclose(state="refused", recipient="court", basis="D2", values={"person": "Dana Curlew"})
    third = disclose(state="submitted", recipient="media", basis="D3")
    return first, second, third, disclose(state="draft")


def listed(client, query: str = "") -> list[str]:
    page = soup(client.get(f"/disclosures/register{query}"))
    tables = [one for one in page.select("table") if "Register of disclosures" in one.caption.text]
    return [" ".join(cell.text.split()) for table in tables for cell in table.select("tbody th")]


@pytest.mark.clause("EXT-7")
def test_the_register_is_filtered_and_its_reading_recorded(registered, sign_in):
    first, second, third, _draft = registered
    client = sign_in(AUDITOR)
    assert listed(client) == [third.number, second.number, first.number]
    assert listed(client, "?person=sandpiper+robin") == [third.number, first.number]
    assert listed(client, "?person=curlew+dana") == [second.number]
    assert listed(client, "?recipient=media") == [third.number]
    assert listed(client, "?basis=D2") == [second.number]
    assert listed(client, "?state=refused") == [second.number]
    assert listed(client, "?case=2026-075-01234") == [third.number, second.number, first.number]
    tomorrow = (today() + timedelta(days=2)).isoformat()
    assert listed(client, f"?since={tomorrow}") == []
    assert len(listed(client, f"?until={tomorrow}&since=2020-01-01")) == 3
    wrong = client.get("/disclosures/register?since=soon")
    assert wrong.status_code == 422
    assert "Write a date as year-month-day" in text(wrong)
    assert "Correct the filter: until then nothing is listed and no file is made." in text(wrong), (
        "and not all of it, unfiltered"
    )
    looked = events("disclosure.register_read")
    assert {"filters": ["person"], "export": False} in looked
    assert "sandpiper" not in json.dumps(looked).lower()
    lines = soup(client.get("/disclosures/register")).find("caption", string="Register of disclosures").parent
    assert lines.select("tbody th a") == []


@pytest.mark.clause("EXT-7")
def test_no_cell_of_the_exported_register_runs_as_a_formula(disclose, sign_in, people, run_jobs):
    evil = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "  =HYPERLINK(0)", 'plain, with "quotes"']
    for index, name in enumerate(evil):
        disclosure = disclose(state="draft")
        recipient = {"name": name, "affiliation": name, "address": "Example Street 1"}
        stated_so = replace(values(), recipient=recipient, purpose_text=f"Purpose {index} of the tests, in words.")
        actor = people.actor(ASKER)
        with unit_of_work():
            domain.save_draft(disclosure, actor, stated_so)
        disclose.submit(disclosure)
    answer = file_of(sign_in(RECORDS), "/disclosures/register?recipient=prosecutor", run_jobs)
    assert answer.mimetype == "text/csv"
    rows = list(csv.reader(io.StringIO(answer.get_data(as_text=True))))
    assert len(rows) == 1 + len(evil)
    assert all(len(row) == len(rows[0]) for row in rows)
    for row in rows:
        for cell in row:
            assert not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n")), cell
    assert events("disclosure.register_read")[-1] == {"filters": ["recipient"], "export": True}


def designation_form(client, **changes) -> dict:
    day = today()
    return {
        **hidden(client, "/designations/new", "main form"),
        "title": "Prosecutors of this county",
        "scope": "Reports and images of reported cases, for prosecutions of this county.",
        "recipient_kinds": ["prosecutor"],
        "purposes": ["criminal_prosecution"],
        "item_kinds": ["report", "original"],
        "effective_on": day.isoformat(),
        "expires_on": (day + timedelta(days=200)).isoformat(),
        **changes,
    }


@pytest.mark.clause("EXT-7")
def test_a_routine_designation_is_made_read_and_revoked(sign_in, disclose):
    officer, asker = sign_in(OFFICER), sign_in(ASKER)
    made = officer.post("/designations/new", data=designation_form(officer))
    assert made.status_code == 303
    place = made.headers["Location"]
    assert "In force" in text(asker.get(place))
    assert soup(asker.get(place)).select_one("#revoke") is None
    form = hidden(officer, place, "#revoke form")
    assert officer.post(f"{place}/revoke", data={**form, "reason": " "}).status_code == 422
    assert officer.post(f"{place}/revoke", data={**form, "reason": "No longer needed."}).status_code == 303
    page = text(asker.get(place))
    assert "Revoked" in page
    assert "No longer needed." in page
    assert officer.post(f"{place}/revoke", data={**form, "reason": "Once more."}).status_code == 422


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"title": ""}, "Write a title"),
        ({"expires_on": "never"}, "Write a date as year-month-day"),
        ({"expires_on": "2099-01-01"}, "lasts at most"),
        ({"recipient_kinds": []}, "Choose at least one recipient"),
        ({"purposes": ["nonsense"]}, "Choose at least one purpose"),
    ],
)
def test_a_designation_that_does_not_do_is_refused_in_words(sign_in, people, changes, words):
    officer = sign_in(OFFICER)
    answer = officer.post("/designations/new", data=designation_form(officer, **changes))
    assert answer.status_code == 422
    assert words in text(answer)
