"""Fixtures for the portal in a real browser: Chromium of the machine, the pages as served, nothing simulated.

Where Chromium, Playwright or axe-core is missing the tests skip with the reason; with CORROBORATE_REQUIRE_SERVICES=1
(`make test-services`) they fail instead.

* ``bench``: a portal on loopback with one request under examination; built once.
* ``tab``: a fresh page of its examiner at 1280 pixels; the test fails for anything the browser complains about.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pytest
from flask import Flask

from app.factory import create_app
from demo.people import person
from tests.browser.serving import Portal, new_page, served
from tests.conftest import People, fresh_settings, models_directory, run_due_jobs
from tests.request_factory import RequestFactory

ROOT = Path(__file__).resolve().parents[2]
REQUIRED = os.environ.get("CORROBORATE_REQUIRE_SERVICES") == "1"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]


def missing(what: str) -> NoReturn:
    """Skip, or fail where the services are required."""
    if REQUIRED:
        pytest.fail(what)
    pytest.skip(what)


@dataclass
class Bench(Portal):
    """The portal with one request under examination by k.rowan."""

    round_uid: str
    number: str

    def compare(self, place: int = 1) -> str:
        return f"{self.base}/review/rounds/{self.round_uid}/candidates/{place}"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A running Chromium of the machine."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("Playwright is not installed (pip install playwright)")
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        missing("Chromium is not installed (apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe_source() -> str:
    """The text of axe-core."""
    path = ROOT / "node_modules" / "axe-core" / "axe.min.js"
    if not path.is_file():
        missing("axe-core is not installed (npm ci --ignore-scripts)")
    return path.read_text("utf-8")


@pytest.fixture(scope="session")
def new_portal(session_settings: Any, empty_data: Path, tmp_path_factory: Any) -> Callable[[str], Flask]:
    """new_portal("bench") -> an application with the face models on an empty data folder of its own."""
    if not (models_directory() / "centerface.onnx").is_file():
        missing("the face models are not installed (flask matching models install)")
    return lambda name: create_app(fresh_settings(session_settings, empty_data, tmp_path_factory.mktemp(name) / "data"))


@pytest.fixture(scope="session")
def bench(chromium: Any, new_portal: Callable[[str], Flask]) -> Iterator[Bench]:
    """A portal with a prepared probe, three candidates and three photographs of one of them."""
    app = new_portal("bench")
    with app.app_context():
        make = RequestFactory(app, People(), run_due_jobs)
        request = make.request(state="documented")
        for name in ("j.maple", "n.finch", "c.hawthorn"):
            make.people.account(name)
        make.parts["derived"] = make.prepare(request)
        make.enrol([person(7)], photos=3)
        make.advance_to(request, "under_examination", derived=make.parts["derived"])
        uid, number = request.current_round.uid, request.number
        from app.extensions import db

        db.session.remove()
    with served(app) as base:
        yield Bench(app, base, uid, number)


@pytest.fixture(scope="session")
def judged(bench: Bench) -> dict[str, str]:
    """Return the addresses of a peer's blind page on a marked nominee and of the supervisor's file with the marks."""
    with bench.app.app_context():
        make = RequestFactory(bench.app, People(), run_due_jobs)
        parts = {"mark": "A mole beside the nose.", "seed": 7}
        nominated = make.request(state="nominated", case_number="2026-075-00002", **parts)
        line = make.line_up(nominated, "n.finch")
        letter = next(place.letter for place in line.places if place.is_subject)
        reviewed = make.request(state="peer_reviewed", case_number="2026-075-00003", **parts)
        from app.extensions import db

        found = {
            "peer": f"{bench.base}/review/line-ups/{line.number}/{letter}",
            "file": f"{bench.base}/final-review/{reviewed.number}",
            "candidates": f"{bench.base}/review/rounds/{bench.round_uid}",
        }
        db.session.remove()
    return found


@pytest.fixture
def opened(chromium: Any, bench: Bench) -> Iterator[Callable[..., Any]]:
    """opened(name, width=…) -> a fresh page of a person; at the end the browser must not have complained."""
    contexts, complaints = [], []

    def open_page(name: str = "k.rowan", *, width: int = 1280, javascript: bool = True, calm: bool = False) -> Any:
        page = new_page(chromium, complaints, width=width, javascript=javascript, calm=calm)
        contexts.append(page.context)
        page.context.add_cookies([bench.cookie(name)])
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == [], "the browser complained (a refused script or style, a missing file, an error)"


@pytest.fixture
def unmarked(bench: Bench) -> None:
    """Remove every mark that another test left."""
    from app.domain.examination import annotations
    from app.extensions import db
    from app.models import Round
    from app.unit_of_work import unit_of_work

    with bench.app.app_context():
        actor = People().actor("k.rowan")
        round_ = db.session.query(Round).filter_by(uid=bench.round_uid).one()
        for row in annotations.marks_on(round_, actor):
            with unit_of_work():
                annotations.remove(round_.request, actor, row)
        db.session.remove()


@pytest.fixture
def tab(opened: Callable[..., Any], bench: Bench, unmarked: None) -> Any:
    """The comparison page of the candidate with three photographs, its photographs focused."""
    page = opened()
    page.goto(bench.compare(three_photographs(bench)))
    page.wait_for_selector(".cor-viewer.is-live")
    page.wait_for_function("[...document.querySelectorAll('[data-strip] img')].every((one) => one.complete)")
    page.locator("[data-stage]").focus()
    return page


def unfold_sheet(page: Any) -> None:
    """Open the whole worksheet, unless a draft that another test left has opened it."""
    page.locator("details.cor-fold--sheet").evaluate("(one) => { one.open = true; }")


def three_photographs(bench: Bench) -> int:
    """Return the place of the candidate with three photographs."""
    from app.extensions import db
    from app.models import Round

    with bench.app.app_context():
        round_ = db.session.query(Round).filter_by(uid=bench.round_uid).one()
        return next(c.shown_order for c in round_.search.candidates if len(c.person.photos) == 3)
