"""Whoever decides on a page that is no longer true is told so: every form about a versioned subject is compared.

The form is sent with a version that never stood. 409 and nothing changed, whatever else the form holds.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

import app.blueprints
from app.extensions import db
from tests.sources import source_tree
from tests.sweep.addresses import FORMS
from tests.sweep.questions import HTMX, PREFIXES, ROWS, addressed, routes
from tests.sweep.test_routes_roles import members

pytestmark = pytest.mark.timeout(600)
STALE = "999999"
#: routes about a versioned subject that compare nothing, each with its reason
UNVERSIONED = {
    "requests.use_facts": "a part of the form is shown; nothing is saved",
    "requests.image_questions": "a part of the form is shown; nothing is saved",
    "requests.outcome_questions": "a part of the form is shown; nothing is saved",
    "disclosures.questions": "a part of the form is shown; nothing is saved",
    "review.prepare_step": "a preview is shown; nothing is saved",
    "review.keep_worksheet": "autosave of what one person types; it overwrites their own draft only",
    "review.keep_background": "autosave of what one person types; it overwrites their own draft only",
    "review.keep_place": "autosave of what one person types; it overwrites their own draft only",
    "review.add_mark": "a new mark; the marks that stand are not touched",
    "review.exclude": "the same disposition sent twice is no conflict: compared by content, in tests/web/examination",
    "review.compare_fully": "as review.exclude",
    "review.check_background": "as review.exclude",
    "disclosures.fetch": "the page stays while the file arrives; pressed again it is the same download",
    "retention.run_again": "409 in any case while no execution gave up, and the world has none",
    "retention.complete_again": "409 in any case while no completion gave up, and the world has none",
}
#: rows of the matrix in which a rule bars the step before any version is looked at
NOT_THERE = {
    ("retention.approve", "disposed"),
    ("workload.take", "accepted"),
    ("peer_review.stop", "nominated"),
    # no item of evidence of the world waits for a word; tests/web/requests/test_evidence_ledger.py asks of one
    ("requests.judge_evidence", "submitted"),
    # no request of the world is reserved; tests/web/requests/test_political_requests.py asks these two
    ("requests.clear", "submitted"),
    ("requests.end_clearance", "submitted"),
}
#: what a form must say before it is about the subject at all
ALSO = {"changes.advance": {"step": "withdraw"}}


def versioned(model: type | None) -> bool:
    from app.models import Round

    return model is not None and (hasattr(model, "version") or model is Round)


def rows(app: Any) -> list[dict[str, Any]]:
    """The rows of the matrix whose route changes a versioned subject."""
    found = []
    for row in ROWS:
        method, endpoint = row["route"].split(" ")
        of = getattr(app.view_functions.get(endpoint), "access", None)
        if method == "POST" and of is not None and versioned(of.of) and endpoint not in UNVERSIONED:
            found.append(row)
    return found


def persona_of(row: dict[str, Any]) -> str:
    """Somebody who takes the step, or whose question the page answers."""
    return members(row.get("does") or row.get("in") or row["not_now"])[0]


def test_a_stale_version_is_refused_on_every_route_that_changes_something(world):
    faults, asked = [], set()
    world.store.restore_changes()
    for row in rows(world.app):
        endpoint, on = row["route"].split(" ")[1], row.get("on", "reported")
        if (endpoint, on) in NOT_THERE:
            continue
        persona = persona_of(row)
        client = world.client(persona)
        with world.app.app_context():
            own = FORMS[endpoint](world, on) if endpoint in FORMS else {}
            token = world.csrf(client, persona)
            db.session.remove()
        rule = next(rule for name, rule in routes(world.app) if name == row["route"])
        [(_, address)] = addressed(world, [(row, rule)])
        stale = {name: STALE if name.endswith("version") else value for name, value in own.items()}
        stale |= ALSO.get(endpoint, {}) | {f"{prefix}version": STALE for prefix in (*PREFIXES, *ELSEWHERE)}
        world.store.changes()
        answer = client.post(address, data={**stale, "csrf_token": token}, headers=HTMX if row.get("part") else {})
        asked.add(endpoint)
        changed = sorted(world.store.changes())
        if answer.status_code != 409 or changed:
            faults.append(f"{endpoint} on {on} as {persona}: {answer.status_code}, changed {changed}")
            world.store.restore_changes()
    assert not faults, "\n".join(faults)
    assert len(asked) > 40, "the routes were not there to be asked"


#: what else stands before the names of the fields of a page with several forms
ELSEWHERE = (
    "quick-",
    "full-",
    "repeat-",
    "hold-",
    "mark-1-",
    "none-",
    "approve-",
    "reopen-",
    "disposition-",
    "event-",
    "class-",
    "person-",
    "file-",
    "link-",
    "stop-",
    "back-",
    "new-",
)


def test_every_post_route_of_a_versioned_subject_is_asked_or_listed(app):
    """A new route about a versioned subject compares the version, or says in UNVERSIONED why not."""
    known = {row["route"].split(" ")[1] for row in rows(app)} | set(UNVERSIONED)
    present = {
        name.split(" ")[1]
        for name, rule in routes(app)
        if name.startswith("POST ") and versioned(app.view_functions[rule.endpoint].access.of)
    }
    assert present - known == set()
    assert set(UNVERSIONED) - present == set(), "listed without need"


#: (module, function) that opens its own unit of work or attempt, each with its reason
BY_THEMSELVES = {
    ("accounts/views.py", "read_notifications"): "one's own notifications, read or not",
    ("accounts/views.py", "mail"): "one's own choice, replaced as a whole",
    ("review/peers/proficiency.py", "add"): "a new item; the same form again finds it",
    ("review/peers/proficiency.py", "assign"): "an item has no version; who has it already is not given it again",
    ("review/peers/proficiency.py", "retire"): "an item has no version; retired twice is retired once",
    ("oversight/views.py", "misuse_report"): "reading is recorded",
    ("oversight/views.py", "export"): "a new file",
    ("disclosures/register.py", "export"): "a new file",
    ("disclosures/handing_out.py", "record"): "the last byte has arrived after the view returned",
    ("review/examination/drafts.py", "_kept"): "autosave of what one person types",
    ("sealing/views.py", "seal"): "a new order; the same order again leads to the first one",
}


def test_no_view_opens_a_unit_of_work_by_itself():
    root = Path(app.blueprints.__file__).parent
    found = set()
    for path in sorted(root.rglob("*.py")):
        for outer in source_tree(path).body:
            for inner in [outer, *getattr(outer, "body", [])] if isinstance(outer, ast.ClassDef) else [outer]:
                for node in ast.walk(inner):
                    called = node.func if isinstance(node, ast.Call) else None
                    own = isinstance(called, ast.Name) and called.id in {"attempt", "unit_of_work"}
                    if own and not isinstance(inner, ast.ClassDef):
                        found.add((path.relative_to(root).as_posix(), getattr(inner, "name", "")))
    assert found - set(BY_THEMSELVES) == set(), "pass through app.steps.take_step"
    assert set(BY_THEMSELVES) - found == set(), "listed without need"
