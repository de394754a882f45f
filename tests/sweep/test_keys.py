"""No key with two meanings on a page: what the viewer prints and what a worksheet prints are disjoint, everywhere."""

from __future__ import annotations

from collections import defaultdict

import pytest
from bs4 import BeautifulSoup

import app.factory as program
from app.blueprints.review.examination import worksheet_keys
from app.blueprints.review.examination.viewer_keys import KEYS, UNDO, clashes
from app.policy import PolicyError, policy
from tests.sweep.personas import PERSONAS
from tests.sweep.questions import questions
from tests.sweep.test_routes_roles import expected
from tests.sweep.world import outcome

#: pages that have both, known to; a list that gets shorter means that the test reads nothing any more
BOTH = {"GET review.compare", "GET review.line_place"}


def meanings(page: BeautifulSoup) -> dict[str, set[str]]:
    """key -> what it does on the page: a command of the viewer, the value a control stands for, or its words."""
    found = defaultdict(set)
    for row in page.select("[data-press]"):
        for key in row["data-press"].split():
            found[key.lower()].add(f"viewer: {row['data-runs']}")
    for control in page.select("[data-keys] [data-key]"):
        found[control["data-key"].lower()].add(control.get("value") or control.get_text().strip())
    return found


@pytest.mark.timeout(600)
def test_no_key_of_a_page_has_two_meanings(world):
    faults, both = [], set()
    for row, address in questions(world, "GET"):
        persona = next((one for one in PERSONAS if expected(row, one) == "in"), None)
        if persona is None or row.get("part"):
            continue
        answer = world.client(persona).get(address)
        if outcome(answer) != "in" or answer.mimetype != "text/html":
            continue
        page = BeautifulSoup(answer.get_data(as_text=True), "lxml")
        if page.select_one("[data-viewer]") and page.select_one("[data-key]"):
            both.add(row["route"])
        faults += [f"{address}: {key} means {says}" for key, says in meanings(page).items() if len(says) > 1]
    assert both >= BOTH
    assert faults == []


def test_what_a_button_of_the_viewer_prints_is_the_key_that_does_it(world):
    with world.app.app_context():
        round_ = world.get("under_examination").current_round
        address = f"/review/rounds/{round_.uid}/candidates/1"
    page = BeautifulSoup(world.client("examiner").get(address).get_data(as_text=True), "lxml")
    keys = {command: key for one in KEYS for key, command in zip(one.shown, one.does, strict=False)}
    printed = {button["data-do"]: button.kbd.get_text() for button in page.select("[data-do]")}
    assert len(printed) > 12
    assert printed == {command: keys[command] for command in printed}


@pytest.mark.parametrize("taken", ["4", "v", "V", UNDO])
def test_a_letter_that_the_viewer_has_stops_the_start(settings, monkeypatch, taken):
    """Whoever gives a feature another letter is told so before anybody presses it."""
    rules = policy()
    assert clashes(rules) == []
    sheet = rules.review.worksheet
    monkeypatch.setitem(worksheet_keys.FEATURES, sheet.features[0].value, taken)
    [fault] = clashes(rules)
    assert taken.upper() in fault
    assert sheet.features[0].label in fault
    monkeypatch.setattr(program, "clashes", lambda _rules: [fault])
    with pytest.raises(PolicyError, match="the key"):
        program.create_app(settings)
