"""The look-up of a number in the case management system: what its lists may hold, and what a filing keeps of it."""

from __future__ import annotations

import dataclasses

import msgspec
import pytest

from app.domain.matters import case_system
from app.domain.requests import verbs as requests
from app.policy import policy
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from app.workflow import explain
from tests.drawn_gallery import needs_models

NUMBER = "2026-075-01234"


@pytest.fixture
def lists(app, tmp_path):
    """A connected case management system: lists("number\\n2026-075-1234\\n") writes its one list."""
    folder = tmp_path / "lists"
    folder.mkdir()
    app.extensions["settings"] = dataclasses.replace(app.extensions["settings"], case_lists_dir=folder)

    def write(text: str | bytes, name: str = "cases.csv"):
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return folder

    return write


@pytest.fixture
def rule(monkeypatch):
    """rule("refuse"): what the rules do with unknown numbers in this test."""

    def turn(unknown: str) -> None:
        own = policy()
        changed = msgspec.structs.replace(own.request.look_up, unknown=unknown)
        turned = dataclasses.replace(own, request=dataclasses.replace(own.request, look_up=changed))
        monkeypatch.setattr(case_system, "policy", lambda: turned)

    return turn


@pytest.mark.clause("REQ-2")
def test_without_a_case_management_system_no_number_is_looked_up(app):
    assert case_system.look_up(NUMBER) is None


@pytest.mark.clause("REQ-2")
@pytest.mark.parametrize("written", ["2026-075-1234", "2026-075-001234", " 2026 - 075 - 01234 ", "２０２６-075-01234"])
def test_a_number_is_found_however_the_other_system_writes_it_bypass(lists, written):
    lists("\ufeffNumber,Precinct,opened,status\nDB-2026-1,75,,\n" + f"{written},75,2026-11-21,open\n")
    found = case_system.look_up("2026-075-1234")
    assert found.standing == "known"
    assert "Opened on 21 Nov 2026. Status there: open. Looked up on" in found.as_kept()["said"]
    assert case_system.look_up("2026-075-1235").standing == "unknown"


@pytest.mark.clause("REQ-2")
def test_the_lists_are_read_afresh_and_all_of_them(lists):
    lists("number\nDB-2026-1\n")
    assert case_system.look_up(NUMBER).standing == "unknown"
    lists(f"number\n{NUMBER}\n", "new.CSV")
    assert case_system.look_up(NUMBER).standing == "known"


BROKEN = {
    "without the column": (b"case,opened\n1,2\n", "cases.csv has no column “number”"),
    "with the column twice": (b"number,Number\n1,2\n", "cases.csv has no column “number”, or more than one"),
    "empty": (b"", "cases.csv has no column “number”"),
    "not in UTF-8": (b"number\n\xff\xfe\n", "cases.csv is not in UTF-8"),
    "with a cell too many": (b"number\n2026-075-01234,2\n", "cases.csv, line 2: 2 cells under 1 columns"),
    "with a case without a number": (b"number,status\n,open\n", "cases.csv, line 2: no number"),
    "with a day that is none": (b"number,opened\n1,2026-02-30\n", "cases.csv, line 2: “2026-02-30” is no day"),
    "with an open quotation mark": (b'number\n"1\n', "cases.csv, line 2: unexpected end of data"),
    "with a cell of a megabyte": (b"number\n" + b"1" * 1_000_000 + b"\n", "cases.csv, line 2: field larger"),
    "broken after the number": (b"number,opened\n2026-075-01234,\nx,y\n", "cases.csv, line 3: “y” is no day"),
}


@pytest.mark.clause("REQ-2")
@pytest.mark.parametrize("how", BROKEN)
def test_a_list_is_told_with_its_fault(lists, how):
    text, said = BROKEN[how]
    lists(text)
    found = case_system.look_up(NUMBER)
    assert found.standing == "unanswered"
    assert said in found.answer


@pytest.mark.clause("REQ-2")
def test_a_folder_that_is_gone_or_empty_is_told(lists):
    folder = lists("number\n")
    (folder / "cases.csv").unlink()
    assert "holds no CSV file" in case_system.look_up(NUMBER).answer
    (folder / "cases.csv").mkdir()
    assert "cases.csv cannot be read (Is a directory)" in case_system.look_up(NUMBER).answer
    (folder / "cases.csv").rmdir()
    folder.rmdir()
    assert "cannot be read (No such file or directory)" in case_system.look_up(NUMBER).answer


@needs_models
@pytest.mark.clause("REQ-2", "RET-11")
def test_where_unknown_numbers_are_refused_nobody_files_under_one_bypass(make, people, lists, rule):
    """Not by a list that cannot be read, not by a list without cases, not by the verb itself."""
    draft, requester = make.request(state="draft", case_number=NUMBER), people.actor("d.lark")
    rule("refuse")
    for text in ("number\nDB-2026-1\n", "number,opened\nDB-2026-1,never\n", "", "number\n"):
        lists(text)
        refusal = explain(draft, "submit", requester)
        assert refusal is not None
        assert refusal.rule_id == "case_number_on_record"
        with pytest.raises(Refused, match="2026-075-01234"), unit_of_work():
            requests.submit(draft, requester)
    lists("number\n2026-075-1234\n")
    make.submit(draft)
    assert draft.private["looked_up"]["standing"] == "known"


@needs_models
@pytest.mark.clause("REQ-2")
@pytest.mark.parametrize("unknown", ["warn", "accept"])
def test_a_filing_under_an_unknown_number_keeps_what_was_answered_and_when(make, lists, rule, unknown):
    rule(unknown)
    lists("number\nDB-2026-1\n")
    request = make.request(state="submitted", case_number=NUMBER)
    kept = request.private["looked_up"]
    assert (kept["number"], kept["standing"]) == (NUMBER, "unknown")
    assert kept["at"][:10] == request.submitted_at.isoformat()[:10]
    assert f"{NUMBER} does not stand in the case management system. Looked up on" in kept["said"]
    assert case_system.warns_of("unknown") is (unknown == "warn")
