"""A portal on loopback, as browser tests visit it: real pages, real sessions, real sign-in."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.conftest import session_token

TIMEOUT_MS = 15_000


class Quiet(WSGIRequestHandler):
    """Answers without a line in the log for each picture."""

    def log_request(self, *_words: Any) -> None:
        pass


@dataclass
class Portal:
    """A portal as it is served, and where."""

    app: Flask
    base: str

    def cookie(self, name: str) -> dict[str, str]:
        """The session cookie of a person who signed in and accepted the terms."""
        from app.access.sessions import TOKEN, accept_terms
        from app.domain.accounts.acknowledgement import acknowledge
        from app.extensions import db
        from app.models import Account
        from app.unit_of_work import unit_of_work

        with self.app.app_context():
            account = db.session.query(Account).filter_by(name=name).one()
            token = session_token(account, hours=4)
            accept_terms(account)
            with unit_of_work():
                acknowledge(account)
            client = self.app.test_client()
            with client.session_transaction() as session:
                session[TOKEN] = token
            value = client.get_cookie(self.app.config["SESSION_COOKIE_NAME"])
            db.session.remove()
            assert value is not None
            return {"name": value.key, "value": value.value, "url": self.base}


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The application answers on loopback; yields its address, stops it and lets go of its database at the end."""
    from app.extensions import db

    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(10)
    with app.app_context():
        db.engine.dispose()


def complaint(said: Any) -> list[str]:
    """An error in the browser's console, with where it arose; empty for anything else."""
    # a form that was not taken is answered with 422, which the browser and htmx report; that is no complaint
    if said.type != "error" or "422" in said.text:
        return []
    return [f"{said.text} ({said.location.get('url')}:{said.location.get('lineNumber')})"]


def new_page(chromium: Any, complaints: list[str], *, width: int = 1280, javascript: bool = True, calm: bool = False):
    """A page in a browser of its own; what the browser complains about is added to `complaints`."""
    context = chromium.new_context(
        viewport={"width": width, "height": 900},
        java_script_enabled=javascript,
        reduced_motion="reduce" if calm else "no-preference",
    )
    page = context.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    page.on("console", lambda one: complaints.extend(complaint(one)))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page
