"""The portal under its own web server, as a department runs it: real processes, real sockets, real sign-in."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import requests
from bs4 import BeautifulSoup

from config.settings import Settings
from demo import services
from demo.accounts import load_accounts
from demo.processes import Child

SECONDS = 60
#: where a free port is looked for: each process of a test run has its own, lest two find the same one free
FIRST_PORT = 18080 + 100 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])


@dataclass(frozen=True, slots=True)
class RealPortal:
    """A running web server and where it answers."""

    settings: Settings
    child: Child

    @property
    def base(self) -> str:
        scheme = "https" if self.settings.tls_cert else "http"
        return f"{scheme}://{self.settings.listen_host}:{self.settings.listen_port}"

    def workers(self) -> list[int]:
        """The process ids of the workers."""
        listed = Path(f"/proc/{self.child.pid}/task/{self.child.pid}/children").read_text("utf-8")
        return sorted(int(pid) for pid in listed.split())

    @contextmanager
    def only(self, worker: int) -> Iterator[None]:
        """Stop the other workers, so that every request meets this one."""
        others = [pid for pid in self.workers() if pid != worker]
        for pid in others:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in others:
                os.kill(pid, signal.SIGCONT)

    def visitor(self, name: str | None = None, password: str | None = None) -> Visitor:
        """A browser; with a name, that of a person who signed in and accepted the terms."""
        visitor = Visitor(self)
        if name is not None:
            answer = visitor.sign_in(name, password)
            assert answer.status_code == 200, (answer.status_code, answer.text)
        return visitor


class Visitor:
    """A browser without JavaScript that keeps its cookie and opens a connection for each request."""

    def __init__(self, portal: RealPortal) -> None:
        self.portal, self.session = portal, requests.Session()
        self.session.headers["Connection"] = "close"
        self.session.trust_env = False
        if portal.settings.tls_cert:
            self.session.verify = str(portal.settings.tls_cert)

    def get(self, path: str, **given: Any) -> requests.Response:
        return self.session.get(self.portal.base + path, timeout=SECONDS, **given)

    def post(self, path: str, data: dict[str, Any] | None = None, *, page: str, **given: Any) -> requests.Response:
        """Send a form with the token of the page it stands on."""
        filled = {"csrf_token": self.token(page), **(data or {})}
        referrer = {"Referer": self.portal.base + page}  # asked for wherever the portal is reached by TLS
        return self.session.post(self.portal.base + path, data=filled, headers=referrer, timeout=SECONDS, **given)

    def token(self, page: str) -> str:
        field = BeautifulSoup(self.get(page).text, "lxml").select_one("input[name=csrf_token]")
        assert field is not None, f"no form on {page}"
        return str(field["value"])

    def sign_in(self, name: str, password: str | None = None) -> requests.Response:
        """The answer to the form, or, where they are asked for, to the terms and then the acknowledgement."""
        typed = {"username": name, "password": password or load_accounts().password}
        answer = self.post("/sign-in", typed, page="/sign-in")
        if answer.url.split("?")[0].endswith("/terms"):
            answer = self.post("/terms", {"accept": "y"}, page="/terms")
            answer = self.acknowledge()
        return answer

    def acknowledge(self) -> requests.Response:
        """The answer to the acknowledgement of the policy as the page shows it; the page where it is acknowledged."""
        shown = self.get("/policy-changes")
        version = BeautifulSoup(shown.text, "lxml").select_one("input[name=version]")
        if version is None:
            return shown
        return self.post("/policy-changes", {"accept": "y", "version": version["value"]}, page="/policy-changes")

    @contextmanager
    def transfer(self, path: str, **headers: str) -> Iterator[http.client.HTTPResponse]:
        """An answer that is read as slowly as the caller likes, through a buffer of a few kilobytes; left unread, it
        breaks off as in a browser that was closed."""
        end = socket.socket()
        end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        end.settimeout(SECONDS)
        end.connect((self.portal.settings.listen_host, self.portal.settings.listen_port))
        if self.portal.settings.tls_cert:
            trusted = ssl.create_default_context(cafile=str(self.portal.settings.tls_cert))
            end = trusted.wrap_socket(end, server_hostname=self.portal.settings.listen_host)
        connection = http.client.HTTPConnection("127.0.0.1")
        connection.sock = end
        with closing(connection):
            connection.request("GET", path, headers={"Cookie": self.cookie, **headers})
            yield connection.getresponse()

    @property
    def cookie(self) -> str:
        """Return the cookie header of a raw request."""
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.session.cookies)


@contextmanager
def real_portal(settings: Settings, **changes: Any) -> Iterator[RealPortal]:
    """The portal's web server on a free port with these settings; `changes` replace some."""
    scheme, port = "https" if "tls_cert" in changes else "http", FIRST_PORT
    wanted = replace(settings, public_url=f"{scheme}://127.0.0.1:{port}", listen_port=port, **changes)
    moved = services.on_free_port(wanted)
    with services.start_portal(moved) as child:
        yield RealPortal(moved, child)
