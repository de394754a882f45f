"""Every file that leaves the portal, fetched whole over a real connection from the web server as it is shipped.

A file is found in two ways: its view uses what sends files, and its address answers with something else than a page.
A new one that this module does not know fails it.
"""

from __future__ import annotations

import ast
import csv
import inspect
import io
import os
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from PIL import Image
from pypdf import PdfReader
from sqlalchemy import func, select

from app.extensions import db
from app.models import AuditEvent, Disclosure
from app.web.downloads import PIECE_BYTES
from tests.conftest import run_due_jobs
from tests.disclosure_factory import DEMAND
from tests.real_portal import RealPortal, Visitor, real_portal
from tests.sources import source_tree
from tests.sweep.personas import PERSONAS
from tests.sweep.questions import questions, routes
from tests.sweep.test_routes_roles import expected
from tests.sweep.world import World

pytestmark = pytest.mark.timeout(600)
ROOT = Path(__file__).resolve().parents[2]
#: what a view sends a file by
SENDERS = {"send", "whole_file", "picture", "pdf_download", "send_file", "send_from_directory"}


def pdf(data: bytes) -> None:
    assert data.startswith(b"%PDF-") and data.rstrip().endswith(b"%%EOF")
    assert len(PdfReader(io.BytesIO(data)).pages) > 0


def picture(data: bytes) -> None:
    Image.open(io.BytesIO(data)).load()  # raises for a file that is cut short


def document(data: bytes) -> None:
    assert data == DEMAND


def package(data: bytes) -> None:
    archive = zipfile.ZipFile(io.BytesIO(data))
    assert archive.testzip() is None and {"SHA256SUMS", "manifest.json"} < set(archive.namelist())


def table(data: bytes) -> None:
    heading, *lines = list(csv.reader(io.StringIO(data.decode(), newline="")))
    assert lines and {len(line) for line in lines} == {len(heading)}


def counts(data: bytes) -> None:
    """A year without an arrest has no line: the heading is all there is in a world without one."""
    heading, *lines = list(csv.reader(io.StringIO(data.decode(), newline="")))
    assert heading[0] == "Year of the arrest" and all(len(line) == len(heading) for line in lines)


def public_key(data: bytes) -> None:
    load_pem_public_key(data)


def style(data: bytes) -> None:
    assert data == (ROOT / "app" / "static" / "css" / "theme.css").read_bytes()


#: endpoint -> raises when the file is not whole
DOWNLOADS: dict[str, Callable[[bytes], None]] = {
    "disclosures.decision": pdf,
    "disclosures.document": document,
    "disclosures.item": picture,
    "disclosures.package": package,
    "exports.file": table,
    "images.show": picture,
    "policy.public_key": public_key,
    "requests.report": pdf,
    "retention.certificate": pdf,
    "retention.sealing_certificate": pdf,
    "review.comparison_document": pdf,
    "review.modifications": pdf,
    "review.preview": picture,
    "static": style,
    "workload.arrests_csv": counts,
}


@pytest.fixture
def portal(world: World) -> Iterator[RealPortal]:
    """The web server on the world's data."""
    with world.app.app_context():
        db.session.remove()
        db.engine.dispose()
    with real_portal(world.app.extensions["settings"]) as running:
        yield running
    with world.app.app_context():
        db.session.remove()
        db.engine.dispose()


def visitor(world: World, portal: RealPortal, persona: str) -> Visitor:
    """The browser of a persona who signed in when the world was built."""
    made = portal.visitor()
    cookie = world.client(persona).get_cookie("corroborate")
    if cookie is not None:
        made.session.cookies.set("corroborate", cookie.value, domain="127.0.0.1", path="/")
    return made


def called(view: Callable[..., Any]) -> set[str]:
    """The names of what a view calls, itself or by functions of its module."""
    module = inspect.getmodule(inspect.unwrap(view))
    functions = {
        node.name: node for node in ast.walk(source_tree(Path(module.__file__))) if isinstance(node, ast.FunctionDef)
    }
    found, waiting = set(), [inspect.unwrap(view).__name__]
    while waiting:
        for node in ast.walk(functions[waiting.pop()]):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func)
            typed = name == "Response" and any(word.arg == "mimetype" for word in node.keywords)
            new = {name} | ({"send_file"} if typed else set())
            waiting += [one for one in new - found if one in functions]
            found |= new
    return found


def test_every_view_that_sends_a_file_is_known_here(app) -> None:
    views = {rule.endpoint: app.view_functions[rule.endpoint] for _, rule in routes(app)}
    sending = {endpoint for endpoint, view in views.items() if called(view) & SENDERS}
    assert sending == set(DOWNLOADS), (
        "say in DOWNLOADS of tests/sweep/test_downloads.py how its file shows that it is whole"
    )
    get = {rule.endpoint for name, rule in routes(app) if name.startswith("GET ")}
    assert sending <= get, "a browser resumes what it can ask for again: a form leads to the address of its file"


def test_files_are_sent_from_one_place(app) -> None:
    """What reads the session while it is being sent breaks off under a web server; one module sees to it."""
    barred = {"stream_with_context", "send_file", "stream_template", "stream_template_string", "wrap_file"}
    found = []
    for path in sorted((ROOT / "app").rglob("*.py")):
        for node in ast.walk(source_tree(path)):
            if isinstance(node, ast.ImportFrom | ast.Import):
                names = {alias.name for alias in node.names} & barred
                found += [f"{path.relative_to(ROOT)} imports {name}" for name in sorted(names)]
    assert found == ["app/web/downloads.py imports send_file"]


def addresses(world: World, portal: RealPortal) -> Iterator[tuple[str, str, Visitor]]:
    """(endpoint, address, who asks) of every page and file that somebody gets."""
    visitors = {persona: visitor(world, portal, persona) for persona in PERSONAS}
    for row, address in questions(world, "GET"):
        personas = [persona for persona in PERSONAS if expected(row, persona) == "in"]
        if personas:
            yield row["route"].split(" ")[1], address, visitors[personas[0]]
    yield from made_for_a_session(world, visitors)


def made_for_a_session(world: World, visitors: dict[str, Visitor]) -> Iterator[tuple[str, str, Visitor]]:
    """What the addresses of the matrix do not lead to: it belongs to the session of whoever asked for it."""
    from flask import g

    from app.blueprints.images import links
    from app.blueprints.review.identification import previews

    asker, examiner = visitors["requester"], visitors["examiner"]
    with world.app.test_request_context():
        g.session_uid = world.sessions["requester"]
        yield "images.show", links.face_url("probe", world.get("reported").images[0].uid), asker
        g.session_uid = world.sessions["examiner"]
        chosen = world.get("probe_selected")
        yield "review.preview", previews.preview_url(chosen, chosen.images[0].faces[0], []), examiner
        page = f"/disclosures/{world.get('d_released').number}"
    begun = asker.post(f"{page}/package", page=page, allow_redirects=False)
    yield "disclosures.package", begun.headers["Location"], asker


@pytest.mark.clause("ACC-11")
def test_every_file_arrives_whole_over_a_real_connection(world, portal) -> None:
    whole, faults = set(), []
    for endpoint, address, browser in addresses(world, portal):
        answer = browser.get(address, allow_redirects=False, headers={"Accept-Encoding": "identity"})
        kind = answer.headers.get("Content-Type", "").split(";")[0]
        if answer.status_code >= 500:
            faults.append(f"{address} answers {answer.status_code}")
        if answer.status_code != 200 or kind == "text/html" or endpoint in {"home.healthz"}:
            continue
        if endpoint not in DOWNLOADS:
            faults.append(f"{endpoint} answers with {kind}: say in DOWNLOADS how it shows that it is whole")
            continue
        if answer.headers.get("Content-Length") != str(len(answer.content)):
            faults.append(f"{endpoint}: {len(answer.content)} bytes of {answer.headers.get('Content-Length')}")
        try:
            DOWNLOADS[endpoint](answer.content)
        except Exception as fault:
            faults.append(f"{endpoint}: {type(fault).__name__}: {fault}")
        whole.add(endpoint)
    faults += [f"no file of {endpoint} was met" for endpoint in sorted(set(DOWNLOADS) - whole)]
    assert not faults, "\n".join(faults)


def list_file(browser: Visitor, world: World, page: str) -> list[list[str]]:
    """The lines of the file of a list: asked for on its page, written as a worker would, downloaded."""
    asked = browser.post(f"{page}/exports", page=page, allow_redirects=False)
    assert asked.status_code == 303, asked.text
    place = asked.headers["Location"]
    assert "The file is being written" in browser.get(place).text
    with world.app.app_context():
        run_due_jobs()
    assert f"{place}/file" in browser.get(place).text
    answer = browser.get(f"{place}/file")
    assert answer.headers["Content-Length"] == str(len(answer.content))
    return list(csv.reader(io.StringIO(answer.content.decode(), newline="")))


@pytest.mark.clause("AUD-6", "EXT-7")
def test_the_long_lists_arrive_to_their_last_row(world, portal) -> None:
    with world.app.app_context():
        events = db.session.scalar(select(func.max(AuditEvent.sequence)))
        submitted = list(
            db.session.scalars(
                select(Disclosure.number).where(Disclosure.submitted_at.is_not(None)).order_by(Disclosure.id.desc())
            )
        )
        db.session.remove()
    heading, *lines = list_file(visitor(world, portal, "auditor"), world, "/audit")
    numbers = [int(line[0]) for line in lines]
    assert numbers == list(range(numbers[0], 0, -1)) and numbers[0] >= events
    assert {len(line) for line in lines} == {len(heading)}
    heading, *lines = list_file(visitor(world, portal, "privacy"), world, "/disclosures/register")
    assert [line[0] for line in lines] == submitted and len(submitted) > 2


def test_a_long_file_is_taken_for_longer_than_the_time_out_of_a_process(world) -> None:
    """The limit ends a process that hangs, never a download that somebody takes slowly."""
    from app.domain.oversight import exports
    from app.domain.oversight.audit_trail import Filter
    from app.domain.oversight.exports import Part
    from app.extensions import stores
    from app.unit_of_work import unit_of_work

    data = os.urandom(3 * exports.PART_BYTES)
    with world.app.app_context():
        with unit_of_work():
            export = exports.ask_for("audit", Filter(), world.make.people.actor("w.sparrow"))
            uid = export.uid
            key, blobs = export.progress.key_id, stores().blobs
            pieces = [data[at : at + exports.PART_BYTES] for at in range(0, len(data), exports.PART_BYTES)]
            stored = [blobs.put(key, piece) for piece in pieces]
            export.progress.parts = [Part(one.id, one.sha256, one.size) for one in stored]
            export.progress.below = 0
            export.keep()
        exports.finish(uid)
        db.session.remove()
        db.engine.dispose()
    with real_portal(world.app.extensions["settings"], web_timeout_seconds=10, web_workers=1) as running:
        [worker] = running.workers()
        begun, got = time.monotonic(), b""
        with visitor(world, running, "auditor").transfer(f"/exports/{uid}/file") as answer:
            while chunk := answer.read(len(data) // 13):
                got += chunk
                time.sleep(1.0)
        assert time.monotonic() - begun > 12
        assert got == data and len(data) > 10 * PIECE_BYTES
        assert running.workers() == [worker], "the same process all the time"
    with world.app.app_context():
        db.engine.dispose()
