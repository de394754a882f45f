"""What pages say of a number that was looked up in the case management system: to whoever files, and to the unit."""

from __future__ import annotations

import dataclasses

import pytest

from tests.drawn_gallery import needs_models
from tests.web.page_reading import text

NUMBER = "2026-075-01234"


@pytest.fixture
def lists(app, tmp_path):
    app.extensions["settings"] = dataclasses.replace(app.extensions["settings"], case_lists_dir=tmp_path)
    return tmp_path / "cases.csv"


@needs_models
@pytest.mark.clause("REQ-2")
def test_an_unknown_number_is_warned_of_in_the_draft_and_before_the_examiner(sign_in, make, lists):
    lists.write_text("number,opened,status\nDB-2026-1,2026-11-21,open\n")
    draft = make.request(state="draft", case_number=NUMBER)
    shown = text(sign_in("d.lark").get(f"/requests/{draft.number}/edit"))
    assert "Check the number" in shown
    assert f"{NUMBER} does not stand in the case management system" in shown
    make.submit(draft)
    make.discuss(draft)
    said = f"{NUMBER} does not stand in the case management system. Looked up on"
    assert said in text(sign_in("d.lark").get(f"/requests/{draft.number}"))
    shown = text(sign_in("k.rowan").get(f"/review/{draft.number}"))
    assert said in shown
    assert "The case number" in shown


@needs_models
@pytest.mark.clause("REQ-2", "ACC-11")
def test_a_draft_tells_that_a_number_is_known_and_nothing_else_of_the_case(sign_in, make, lists):
    lists.write_text(f"number,opened,status\n{NUMBER},2026-11-21,closed by arrest\n")
    draft = make.request(state="draft", case_number=NUMBER)
    shown = text(sign_in("d.lark").get(f"/requests/{draft.number}/edit"))
    assert f"{NUMBER} stands in the case management system" in shown
    assert "closed by arrest" not in shown
    make.submit(draft)
    make.discuss(draft)
    assert "Status there: closed by arrest" in text(sign_in("k.rowan").get(f"/review/{draft.number}"))


@needs_models
@pytest.mark.clause("REQ-2")
def test_a_broken_list_is_told_on_the_page_of_the_draft(sign_in, make, lists):
    lists.write_text("number,opened\nDB-2026-1,yesterday\n")
    draft = make.request(state="draft", case_number=NUMBER)
    answer = sign_in("d.lark").get(f"/requests/{draft.number}/edit")
    assert answer.status_code == 200
    assert "cases.csv, line 2: “yesterday” is no day" in text(answer)


@pytest.mark.clause("REQ-2")
def test_without_a_case_management_system_no_page_speaks_of_one(sign_in, make):
    draft = make.request(state="draft", case_number=NUMBER, images=0)
    client = sign_in("d.lark")
    for page in (f"/requests/{draft.number}/edit", f"/requests/{draft.number}"):
        assert "case management system" not in text(client.get(page)).replace(
            "as the case management system writes it", ""
        )
