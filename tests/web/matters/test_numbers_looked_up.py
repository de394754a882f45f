"""The pages of a draft ask the case management system once for its number, which reads a whole export (REQ-2)."""

from __future__ import annotations

import dataclasses

import pytest

from app.domain.matters import case_system
from app.domain.requests import verbs as requests
from app.unit_of_work import unit_of_work
from tests.web.page_reading import text


@pytest.fixture
def asked(app, tmp_path, monkeypatch) -> list[str]:
    """The numbers that are looked up, in a case management system that has none of them."""
    (tmp_path / "cases.csv").write_text("number\nDB-2026-1\n", encoding="utf-8")
    app.extensions["settings"] = dataclasses.replace(app.extensions["settings"], case_lists_dir=tmp_path)
    numbers: list[str] = []
    find = case_system.CaseLists.find

    def counted(self: case_system.CaseLists, number: str):
        numbers.append(number)
        return find(self, number)

    monkeypatch.setattr(case_system.CaseLists, "find", counted)
    return numbers


@pytest.mark.clause("REQ-2")
def test_a_page_of_a_draft_and_its_filing_ask_once_each(make, people, sign_in, asked):
    draft, requester = make.request(state="draft"), people.actor("d.lark")
    client = sign_in("d.lark")
    for address in (f"/requests/{draft.number}", f"/requests/{draft.number}/edit?missing=1"):
        asked.clear()
        page = client.get(address)
        assert asked in ([draft.case_number], []), address
    assert "does not stand in the case management system" in text(page)
    asked.clear()
    with unit_of_work():
        requests.submit(draft, requester)
    assert asked == [draft.case_number]
    assert draft.private["looked_up"]["standing"] == "unknown"
