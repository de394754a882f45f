"""The portal in a real browser: Chromium of the machine, the pages as they are served, nothing simulated.

Where Chromium, Playwright or axe-core is missing the tests skip with the reason; with CORROBORATE_REQUIRE_SERVICES=1
(`make test-services`) they fail instead.

* ``bench``: a portal on loopback with one request under examination; built once.
* ``tab``: a fresh page of its examiner at 1280 pixels; the test fails for anything the browser complains about.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pytest
from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from app import create_app
from app.demo.people import person
from tests.conftest import People, models_directory, own_settings, run_due_jobs, session_token
from tests.factory import Factory

ROOT = Path(__file__).resolve().parents[2]
REQUIRED = os.environ.get("CORROBORATE_REQUIRE_SERVICES") == "1"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
TIMEOUT_MS = 15_000


def missing(what: str) -> NoReturn:
    """Skip, or fail where the services are required."""
    if REQUIRED:
        pytest.fail(what)
    pytest.skip(what)


class Quiet(WSGIRequestHandler):
    """Answers without a line in the log for each picture."""

    def log_request(self, *_words: Any) -> None:
        pass


@dataclass
class Bench:
    """The portal as it is served: where, and one request under examination by k.rowan."""

    app: Flask
    base: str
    round_uid: str
    number: str

    def cookie(self, name: str) -> dict[str, str]:
        """The session cookie of a person who signed in and accepted the terms."""
        from app.access.sessions import TOKEN, accept_terms
        from app.extensions import db
        from app.models import Account

        with self.app.app_context():
            account = db.session.query(Account).filter_by(name=name).one()
            token = session_token(account, hours=4)
            accept_terms(account)
            client = self.app.test_client()
            with client.session_transaction() as session:
                session[TOKEN] = token
            value = client.get_cookie(self.app.config["SESSION_COOKIE_NAME"])
            assert value is not None
            return {"name": value.key, "value": value.value, "url": self.base}

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
def bench(chromium: Any, session_settings: Any, migrated_database: Path, tmp_path_factory: Any) -> Iterator[Bench]:
    """A portal with a prepared probe, three candidates and three photographs of one of them."""
    if not (models_directory() / "centerface.onnx").is_file():
        missing("the face models are not installed (flask matching models install)")
    settings = own_settings(session_settings, migrated_database, tmp_path_factory.mktemp("bench") / "data")
    app = create_app(settings)
    with app.app_context():
        make = Factory(app, People(), run_due_jobs)
        request = make.request(state="documented")
        for name in ("j.maple", "n.finch", "c.hawthorn"):
            make.people.account(name)
        make.parts["derived"] = make.prepare(request)
        make.enrol([person(7)], photos=3)
        make.advance_to(request, "under_examination", derived=make.parts["derived"])
        uid, number = request.current_round.uid, request.number
        from app.extensions import db

        db.session.remove()
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Bench(app, f"http://127.0.0.1:{server.server_port}", uid, number)
    server.shutdown()
    thread.join(10)
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(scope="session")
def judged(bench: Bench) -> dict[str, str]:
    """Addresses of what others see: the blind page of a marked nominee, and a supervisor's file with its marks."""
    with bench.app.app_context():
        make = Factory(bench.app, People(), run_due_jobs)
        parts = {"mark": "A mole beside the nose.", "seed": 7}
        nominated = make.request(state="nominated", case_number="2026-075-00002", **parts)
        reviewed = make.request(state="peer_reviewed", case_number="2026-075-00003", **parts)
        from app.extensions import db

        found = {
            "peer": f"{bench.base}/review/peer-reviews/{nominated.number}",
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
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, java_script_enabled=javascript,
            reduced_motion="reduce" if calm else "no-preference",
        )  # fmt: skip
        contexts.append(context)
        context.add_cookies([bench.cookie(name)])
        page = context.new_page()
        page.set_default_timeout(TIMEOUT_MS)
        # a form that was not taken is answered with 422, which the browser and htmx report; that is no complaint
        page.on(
            "console",
            lambda one: complaints.append(one.text) if one.type == "error" and "422" not in one.text else None,
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == [], "the browser complained (a refused script or style, a missing file, an error)"


@pytest.fixture
def unmarked(bench: Bench) -> None:
    """Every mark that another test left is taken back."""
    from app.domain import annotations
    from app.extensions import db
    from app.models import Round
    from app.unit import unit_of_work

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


def three_photographs(bench: Bench) -> int:
    """The place of the candidate of whom three photographs are held."""
    from app.extensions import db
    from app.models import Round

    with bench.app.app_context():
        round_ = db.session.query(Round).filter_by(uid=bench.round_uid).one()
        return next(c.shown_order for c in round_.search.candidates if len(c.person.photos) == 3)
