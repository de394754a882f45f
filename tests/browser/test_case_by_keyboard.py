"""One case at the keyboard alone: probe prepared, searched, examined, a peer dissents, a second round, approval.

Everybody signs in and works through the pages' own links, Tab, the arrows and the pages' keys. Nothing is clicked, no
script moves the focus; axe-core looks at every page on the way, and the browser must not have complained.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from demo.people import person
from tests.browser.axe import faults_of, picture
from tests.browser.keyboard import Keyboard
from tests.browser.serving import Portal, new_page, served
from tests.conftest import People, run_due_jobs
from tests.request_factory import RequestFactory
from tests.unit_stages import BACKGROUND, FINDINGS

pytestmark = pytest.mark.timeout(900)

PASSWORD = "corroborate-demo"
#: the drawn person on the probe; the record says 67 inches
NOMINEE, DESCRIBED = 7, {"height_in": "72", "build": "medium"}
#: whoever gave a verdict in the first round reviews no later one
SECOND_PEERS = ("a.plover", "i.linnet")
DIFFERS = "The bridge is broader."
AGREES = "The two faces agree in every feature that both pictures show."


class Case:
    """One request in a portal of its own, and the people at their keyboards."""

    def __init__(self, portal: Portal, number: str, chromium: Any, axe: str) -> None:
        self.portal, self.number, self.chromium, self.axe = portal, number, chromium, axe
        self.complaints: list[str] = []
        self.faults: list[str] = []
        self.looked: set[str] = set()
        self.keyboards: dict[str, Keyboard] = {}

    def at(self, name: str) -> Keyboard:
        """The keyboard of a person, who has signed in and stands on the page of the day."""
        if name not in self.keyboards:
            self.keyboards[name] = Keyboard(new_page(self.chromium, self.complaints, calm=True))
            self._sign_in(self.keyboards[name], name)
        else:
            home = self.keyboards[name]
            home.tab_to(".cor-brand")
            home.send("Enter")
        return self.keyboards[name]

    def _sign_in(self, keys: Keyboard, name: str) -> None:
        keys.page.goto(self.portal.base)
        self.look(keys, "sign-in")
        keys.write("username", name)
        keys.write("password", PASSWORD)
        keys.push("Sign in")
        self.look(keys, "terms")
        keys.tab_to("[name=accept]")
        keys.press("Space")
        keys.push("Accept and continue")
        self.look(keys, f"my-day-{name}")

    def look(self, keys: Keyboard, name: str) -> None:
        """axe-core and the widths, once for each page of the case."""
        if name not in self.looked:
            self.looked.add(name)
            self.faults += faults_of(keys.page, self.axe, f"{len(self.looked):02}-{name}")

    def know(self, *names: str) -> None:
        """These people are known to the portal from now on, so that they can be assigned."""
        from app.extensions import db

        with self.portal.app.app_context():
            for name in names:
                People().account(name)
            db.session.remove()

    def jobs(self) -> None:
        """The worker's part."""
        with self.portal.app.app_context():
            assert run_due_jobs()

    def read(self, question: Callable[[Any], Any]) -> Any:
        """What the request says now."""
        from app.extensions import db
        from app.models import FRRequest

        with self.portal.app.app_context():
            answer = question(db.session.query(FRRequest).filter_by(number=self.number).one())
            db.session.remove()
        return answer

    @property
    def state(self) -> str:
        return self.read(lambda request: request.state)

    def lines(self) -> dict[str, tuple[str, str]]:
        """Who reviews in the open round: name -> (line, letter of the nominated photograph)."""
        from app.domain.peers.conditions import line_ups_of

        def asked(request: Any) -> dict[str, tuple[str, str]]:
            found = {}
            for line in line_ups_of(request.current_round):
                nominated = next(place for place in line.places if place.is_subject)
                found[line.peer.name] = (line.number, nominated.letter)
            return found

        return self.read(asked)

    def place(self) -> int:
        """The number under which the person on the probe is listed to the examiner."""
        return self.read(
            lambda request: next(
                one.shown_order
                for one in request.current_round.search.candidates
                if one.person.person_number == f"DEMO-{NOMINEE:05}"
            )
        )


@pytest.fixture
def case(chromium: Any, axe_source: str, new_portal: Callable[[str], Flask]) -> Iterator[Case]:
    app = new_portal("case")
    with app.app_context():
        from app.extensions import db

        make = RequestFactory(app, People(), run_due_jobs)
        for name in ("k.rowan", "j.maple", "n.finch", "c.hawthorn"):
            make.people.account(name)
        make.enrol([person(seed) for seed in (NOMINEE, 21, 22)], photos=2)
        number = make.request(state="documented", values={"description": DESCRIBED}).number
        db.session.remove()
    if folder := os.environ.get("CORROBORATE_SCREENSHOTS"):
        os.makedirs(folder, exist_ok=True)
    with served(app) as base:
        made = Case(Portal(app, base), number, chromium, axe_source)
        yield made
        for keys in made.keyboards.values():
            keys.page.context.close()
    assert not made.faults, "\n".join(made.faults)
    assert made.complaints == [], "the browser complained (a refused script or style, a missing file, an error)"


@pytest.mark.clause("REQ-6", "SRC-1", "SRC-2", "SRC-3", "SRC-4", "SRC-5", "SRC-6")
def test_one_case_from_the_probe_to_the_approval_by_keyboard_alone(case, monkeypatch):
    # the rule's seconds run in tests/web/test_taking_back.py; here a slow machine must not use them up
    monkeypatch.setattr("app.domain.examination.replaced.seconds_left", lambda *_of: 10.0)
    rowan = case.at("k.rowan")
    prepare_and_search(case, rowan)
    rowan.push("Begin the examination")
    examine(case, rowan)
    peers_review(case, {"j.maple": "p2", "n.finch": "0"})
    assert case.state == "peer_reviewed"

    record_mistake(case)
    decide(case, "continue", "Compare the ears of candidate and probe once more.")
    assert case.state == "continued"
    case.know(*SECOND_PEERS)
    rowan = case.at("k.rowan")
    rowan.follow(case.number)
    case.look(rowan, "continued")
    rowan.push("Examine the same list again")
    examine(case, rowan)
    peers_review(case, dict.fromkeys(SECOND_PEERS, "p2"))
    assert case.state == "peer_reviewed"

    agree(case)
    decide(case, "approve", "No opinion stands against it, and the background supports it.")
    assert case.state == "approved"


def prepare_and_search(case: Case, keys: Keyboard) -> None:
    """A prepared image by one step, kept with a reason, selected and searched."""
    keys.follow(case.number)
    case.look(keys, "request")
    keys.follow("Select the probe")
    case.look(keys, "probe")
    keys.follow("Prepare an image")
    case.look(keys, "prepare")
    keys.write("brightness.amount", "20")
    keys.page.get_by_text("Tried, not added").wait_for()
    keys.tab_to(keys.page.get_by_role("button", name="Add: Brightness"))
    keys.press("Enter")
    keys.page.locator(".cor-prep__steps li").wait_for()
    assert keys.focus() != "nothing", "the focus is lost when the bench is swapped"
    case.look(keys, "prepare-with-a-step")
    keys.write("reason", "The face lies in the shade of a cap.")
    keys.push("Keep the prepared image")
    case.look(keys, "probe-with-a-prepared-image")
    keys.choose("face", keys.page.locator("[name=face]").last.get_attribute("value"))
    keys.choose("suitability", "suitable")
    keys.push("Select this face")
    case.look(keys, "probe-selected")
    keys.push("Start the search")
    case.look(keys, "searching")
    case.jobs()
    keys.page.get_by_role("button", name="Begin the examination").wait_for()
    case.look(keys, "searched")


def examine(case: Case, keys: Keyboard) -> None:
    """All but one excluded by two keys; that one by the whole worksheet; background, nomination, the worker's part."""
    case.look(keys, "candidates")
    keys.follow(re.compile("Compare candidate 1"))
    nominee = case.place()
    while "candidates/" in keys.page.url:
        if keys.page.url.split("?")[0].endswith(f"/{nominee}"):
            view_and_mark(case, keys)
            keys.unfold("Compare all eleven features")
            full_worksheet(keys)
            case.look(keys, "worksheet")
            keys.push("Retain this candidate")
        else:
            assert "data-focus" in keys.focus(), "the exclusion has the focus when the page opens"
            exclude_and_think_again(case, keys)
    case.look(keys, "candidates-by-rank")
    check_background(case, keys)
    keys.choose("nominate-candidate", str(nominee))
    keys.choose("nominate-opinion", "p2")
    keys.write("nominate-reason", AGREES)
    keys.push("Put before peer review")
    case.jobs()
    assert case.state == "nominated"


def exclude_and_think_again(case: Case, keys: Keyboard) -> None:
    """Excluded by two keys; the first time taken back by a third, and excluded once more."""
    here = keys.page.url.split("?")[0]
    keys.press("n")
    keys.send("3")
    if "undo" not in case.looked:
        keys.send("z")
        assert keys.page.url == here
        assert keys.page.get_by_text("is taken back").is_visible()
        keys.press("n")
        keys.send("3")
        assert keys.page.get_by_text("excluded: nose").is_visible()
        case.look(keys, "undo")


def full_worksheet(keys: Keyboard) -> None:
    """Every feature that SRC-2 names, by the key of its verdict."""
    groups = keys.page.locator(".cor-sheet > .cor-sheet__row input[type=radio]").evaluate_all(
        "(all) => [...new Set(all.map((one) => one.name))]"
    )
    assert len(groups) == 11
    for name in groups:
        keys.to_group(name)
        keys.press("1")
        assert keys.page.locator(f"input[name='{name}']:checked").get_attribute("value") == "similar"


def view_and_mark(case: Case, keys: Keyboard) -> None:
    """The viewer's modes, zoom and turn; one mark on both photographs."""
    page = keys.page
    keys.tab_to("[data-stage]")
    for key, mode in (("5", "columns"), ("7", "overlay"), ("4", "side")):
        keys.press(key)
        assert page.get_attribute("[data-stage]", "data-mode") == mode
    start = page.locator("[data-view]").first.get_attribute("transform")
    keys.press("+", "]")
    assert page.locator("[data-view]").first.get_attribute("transform") != start
    keys.press("?")
    case.look(keys, "compare-keys")
    keys.press("Escape", "r")
    before = page.locator("#marks [data-mark]").count()
    keys.press("j", "ArrowLeft", "Enter", "ArrowDown", "Enter")
    page.keyboard.type("Mole under the left eye.")
    keys.press("Enter")
    page.locator("#marks [data-mark]").nth(before).wait_for()
    page.wait_for_function("document.activeElement.hasAttribute('data-stage')")
    case.look(keys, "compare-with-a-mark")


def check_background(case: Case, keys: Keyboard) -> None:
    """A missing item: the faults have the focus and lead to the field. Then the height that contradicts is answered."""
    keys.follow("Check the background")
    case.look(keys, "background")
    for name in FINDINGS:
        keys.choose(name, BACKGROUND[name])
    keys.push("Record the background check")
    assert "cor-error-summary" in keys.focus()
    case.look(keys, "background-refused")
    keys.tab_to(keys.page.locator(".cor-error-summary a").first)
    keys.press("Enter")
    assert 'name="records_checked"' in keys.focus()
    keys.page.keyboard.type("Arrest records of the department, prison rolls.")
    keys.push("Record the background check")
    assert keys.page.get_by_text("Inconsistencies still wait for an answer").is_visible()
    keys.write(
        "inconsistency-height", "The witness looked down a dark stair while the suspect crouched behind the counter."
    )
    keys.push("Record the background check")
    case.look(keys, "candidates-with-background")


def peers_review(case: Case, opinions: dict[str, str]) -> None:
    """Each assigned peer excludes the others of the line and compares the nominated one in all features."""
    lines = case.lines()
    assert set(lines) == set(opinions)
    for name, opinion in opinions.items():
        number, nominated = lines[name]
        keys = case.at(name)
        keys.follow(number)
        case.look(keys, "line")
        keys.follow(re.compile("Compare photograph"))
        while re.search(r"/[A-Z]$", keys.page.url.split("?")[0]):
            case.look(keys, "line-photograph")
            if keys.page.url.split("?")[0].endswith(f"/{nominated}"):
                keys.unfold("Compare all features")
                full_worksheet(keys)
                keys.choose("level", opinion)
                keys.write("reason", AGREES)
                case.look(keys, "line-worksheet")
                keys.push("Record this comparison")
            else:
                keys.press("n")
                keys.write("quick-note", DIFFERS)
                keys.push("Exclude: support for two people")
        case.look(keys, "line-compared")
        keys.push("Record and lock my verdict")
        case.look(keys, "line-locked")


def record_mistake(case: Case) -> None:
    """The supervisor says which mistake a review made; only so the same person comes before fresh peers."""
    keys = case.at("c.hawthorn")
    keys.follow(case.number)
    keys.follow("Record that a review was mistaken")
    case.look(keys, "mistake")
    keys.write("text", "The second peer read the mole of the mirrored still on the wrong cheek.")
    keys.push("Record the mistake")


def agree(case: Case) -> None:
    """The supervisor's own word on the answer to the height."""
    keys = case.at("c.hawthorn")
    keys.follow(case.number)
    keys.follow("Judge each answer")
    case.look(keys, "contradictions")
    field = keys.page.locator("main textarea").first.get_attribute("name") or ""
    keys.choose(f"{field.removesuffix('words')}answer", "agree")
    keys.write(field, "The complaint says that the witness stood on the stair above the door.")
    keys.push(re.compile("Record your word"))


def decide(case: Case, decision: str, words: str) -> None:
    """The supervisor reads the file and signs a decision with the password."""
    keys = case.at("c.hawthorn")
    keys.follow(case.number)
    case.look(keys, f"file-before-{decision}")
    keys.choose("decision", decision)
    keys.write("reason", words)
    keys.write("password", PASSWORD)
    keys.push("Record the decision")
    case.look(keys, f"file-after-{decision}")
    picture(keys.page, f"end-{decision}")
