"""No address serves a file unless it asked what the file shows: by the program's text, and by asking every address."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from app.domain import serving
from app.extensions import Base
from app.models.base import now
from app.policy import policy
from tests.sweep.personas import PERSONAS
from tests.sweep.questions import questions
from tests.sweep.test_downloads import DOWNLOADS
from tests.sweep.test_routes_roles import expected
from tests.sweep.world import World

ROOT = Path(__file__).resolve().parents[2]
#: endpoint -> why what it serves shows no photograph of the repository, whatever left
SHOWS_NOBODY = {
    "static": "style sheets and scripts of the program",
    "policy.public_key": "the department's public keys, for everybody",
    "workload.arrests_csv": "yearly counts",
    "exports.file": "a list of numbers, days and accounts",
    "retention.certificate": "numbers and digests of what was erased",
    "retention.sealing_certificate": "numbers and digests of what left",
    "disclosures.decision": "the words of a decision, and what each item is",
}
pytestmark = pytest.mark.clause("CAP-3", "EXT-7", "ACC-11")


def calls(name: str) -> set[str]:
    """The modules of the program in which something of this name is called."""
    found = set()
    for path in sorted((ROOT / "app").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == name:
                found.add(path.relative_to(ROOT).as_posix())
    return found


def test_one_function_gives_the_leave_to_serve_and_one_module_makes_answers_of_bytes() -> None:
    assert calls("Cleared") == {"app/domain/serving.py"}
    assert calls("send_file") == {"app/web/downloads.py"}
    typed = set()
    for path in sorted((ROOT / "app").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"Response", "make_response"}:
                words = [word.value for word in node.keywords if word.arg in {"mimetype", "content_type"}]
                kinds = {word.value for word in words if isinstance(word, ast.Constant)}
                if (words and not kinds <= {"text/html", "text/plain"}) or len(words) > len(kinds):
                    typed.add(path.relative_to(ROOT).as_posix())
    assert typed == {"app/web/downloads.py"}, "an answer of bytes is made where the leave to serve it is asked for"


def test_no_view_reads_a_stored_file_without_asking_bypass() -> None:
    """What a view reads from the store it serves: the module that reads asks."""
    readers = {
        path.relative_to(ROOT).as_posix()
        for path in sorted((ROOT / "app" / "blueprints").rglob("*.py"))
        if "blobs.get(" in path.read_text("utf-8")
    }
    # the preview's own view asks before it has the picture drawn
    assert readers - calls("clear") == {"app/blueprints/review/identification/previews.py"}
    assert "app/blueprints/review/identification/preparation.py" in calls("clear")


def test_with_everything_left_no_address_serves_anything_to_whom_it_is_withheld(world: World, monkeypatch) -> None:
    """Every page and file of the matrix, asked by whoever may; everything that can show somebody has left."""
    empty = {kind for kind, shows in serving.CONTENTS.items() if kind.__name__ in {"Disposal", "SealingOrder", "Job"}}
    empty |= {kind for kind in serving.CONTENTS if kind.__name__ == "DisclosureDecision"}
    left = lambda things: [None if type(thing) in empty else now() for thing in things]  # noqa: E731
    monkeypatch.setattr(serving, "left_among", left)
    capability = policy().sealing.withheld.capability
    served, asked, faults = set(), set(), []
    with world.app.app_context():
        people = {name: world.make.people.actor(account) for name, account in PERSONAS.items() if account}
    for row, address in questions(world, "GET"):
        endpoint = row["route"].split(" ")[1]
        for persona in PERSONAS:
            if persona not in people or expected(row, persona) != "in" or endpoint not in DOWNLOADS:
                continue
            answer = world.client(persona).get(address)
            asked.add(endpoint)
            if answer.status_code != 200 or answer.mimetype == "text/html":
                continue
            served.add(endpoint)
            if endpoint not in SHOWS_NOBODY and capability not in people[persona].capabilities:
                faults.append(f"{address} is served to {persona}")
    assert not faults, "\n".join(faults)
    assert served >= {"disclosures.item", "disclosures.document"}, "to privacy and records officers"
    assert asked >= set(DOWNLOADS) - {"images.show", "review.preview", "disclosures.package"}


def test_a_face_a_preview_and_a_package_are_withheld_at_their_signed_addresses(world: World, monkeypatch) -> None:
    from flask import g

    from app.blueprints.images import links
    from app.blueprints.review.identification import previews

    with world.app.test_request_context():
        g.session_uid = world.sessions["requester"]
        face = links.face_url("probe", world.get("reported").images[0].uid)
        g.session_uid = world.sessions["examiner"]
        chosen = world.get("probe_selected")
        preview = previews.preview_url(chosen, chosen.images[0].faces[0], [])
    asker, examiner = world.client("requester"), world.client("examiner")
    assert (asker.get(face).status_code, examiner.get(preview).status_code) == (200, 200)
    monkeypatch.setattr(serving, "left_at", lambda thing: now())
    assert (asker.get(face).status_code, examiner.get(preview).status_code) == (404, 403)


#: a table that names a stored file and is no thing anybody is served -> why
NEVER_SERVED = {"GalleryHold": "a photograph that waits for a decision at intake: the decision names its record"}


def test_every_table_with_a_stored_file_says_what_it_shows() -> None:
    """A kind of file that nobody described is served to nobody; a forgotten one is found here, not by its reader."""
    stored = {
        mapper.class_
        for mapper in Base.registry.mappers
        if any("blob_id" in column.name for column in mapper.local_table.columns)
    }
    assert {kind.__name__ for kind in stored - set(serving.CONTENTS)} == set(NEVER_SERVED)


def test_what_leaves_by_a_job_is_asked_about_and_mail_carries_no_file_bypass() -> None:
    """By another route than an address: the case folder, the package a job builds, e-mail, a page's own bytes."""
    assert calls("deliver") >= {"app/jobs/approval/reports.py", "app/jobs/notices/mail.py"}
    taking_receipts = {name for name in calls("connector") if name.startswith("app/jobs")}
    assert taking_receipts == {"app/jobs/approval/reports.py"} and taking_receipts <= calls("left_at")
    assert "app/jobs/disclosures/documents.py" in calls("pack")
    assert "app/domain/disclosures/papers.py" in calls("kept_back")
    assert "app/domain/disclosures/leaving.py" in calls("of_disclosure")
    assert calls("add_attachment") | calls("add_related") | calls("make_mixed") == set()
    drawn = {"app/documents/algorithms/evaluation.py"}  # curves of an evaluation
    assert calls("b64encode") <= drawn
    for template in (ROOT / "app" / "templates").rglob("*.html"):
        assert "data:image" not in template.read_text("utf-8"), f"{template.name} holds bytes that nobody asked about"
