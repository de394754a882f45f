"""A page that refuses the demonstration's script is quoted with its refusal, however much stands above it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from demo.browser import Astray, Browser

PAGE = """<main><h1>Evidence</h1><p>{above}</p>
<div class="usa-alert usa-alert--error"><p>Not saved.</p> <p>This item is on record already.</p></div></main>"""


class Refusing(BaseHTTPRequestHandler):
    """Answers 422 with a long introduction before its refusal."""

    def do_GET(self) -> None:
        self.send_response(422)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(PAGE.format(above="What the page explains. " * 100).encode())

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def refusing() -> Iterator[str]:
    """The address of a server whose every page refuses."""
    server = HTTPServer(("127.0.0.1", 0), Refusing)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_refusal_of_a_long_page_is_quoted_whole(refusing):
    with pytest.raises(Astray, match=r"answered 422: Evidence: Not saved\. This item is on record already\.$"):
        Browser(refusing, "d.lark").open("/requests/FR-2026-000002/corroboration")
