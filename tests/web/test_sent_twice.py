"""The same form sent again makes nothing again: one row for each form that creates something."""

from __future__ import annotations

import ast
import re
from datetime import timedelta
from pathlib import Path

import pytest

import app.blueprints
from app.calendar import today
from app.extensions import db
from app.models import (
    Disclosure,
    FRRequest,
    Incident,
    LegalHold,
    MisuseReport,
    PersonFile,
    RoutineDesignation,
    TrainingRecord,
)
from app.models.engine import AuditEvent
from tests.retention_factory import RetentionFactory
from tests.sources import source_tree
from tests.web.disclosure_pages import OFFICER
from tests.web.page_reading import form_at, soup

WHAT = "The package went to another office than the one named."
#: (who, page and address, the table, what is typed)
CREATING = [
    ("d.lark", "/requests/new", FRRequest, {"case_number": "2026-075-01234"}),
    ("d.lark", "/report-misuse", MisuseReport, {"what": "Somebody searched for a neighbour, on Monday at noon."}),
    (OFFICER, "/incidents/new", Incident, {"disclosure": "", "day": "2026-01-02", "time": "10:30", "what": WHAT}),
    (
        OFFICER,
        "/designations/new",
        RoutineDesignation,
        {
            "title": "Prosecutors of this county",
            "scope": "Reports and images of reported cases, for prosecutions of this county.",
            "recipient_kinds": ["prosecutor"],
            "purposes": ["criminal_prosecution"],
            "item_kinds": ["report", "original"],
            "effective_on": timedelta(),
            "expires_on": timedelta(days=200),
        },
    ),
]


def _day(ahead: timedelta) -> str:
    return (today() + ahead).isoformat()


def rows(model: type) -> int:
    db.session.rollback()
    return db.session.query(model).count()


@pytest.mark.parametrize(("who", "address", "model", "typed"), CREATING, ids=[row[1] for row in CREATING])
def test_a_form_that_creates_something_sent_three_times_makes_one_bypass(sign_in, who, address, model, typed):
    client, before = sign_in(who), rows(model)
    typed = {name: _day(value) if isinstance(value, timedelta) else value for name, value in typed.items()}
    form = form_at(client, address, address, **typed)
    answers = [client.post(address, data=form) for _ in range(3)]
    assert {(one.status_code, one.headers.get("Location")) for one in answers} == {(303, answers[0].location)}
    assert rows(model) == before + 1
    again = client.post(address, data=form_at(client, address, address, **typed))
    assert again.status_code == 303 and rows(model) == before + 2, "a page loaded anew is another attempt"


def test_other_words_under_the_same_token_are_not_swallowed(sign_in):
    """Whoever goes back and writes something else is not told that it is kept when it is not."""
    client = sign_in(OFFICER)
    form = form_at(client, "/incidents/new", "/incidents/new", **CREATING[2][3])
    client.post("/incidents/new", data=form)
    client.post("/incidents/new", data={**form, "what": "Another package was read by somebody it does not concern."})
    assert rows(Incident) == 2


def test_one_persons_token_makes_nothing_of_anothers(sign_in):
    for who in ("d.lark", "m.heron"):
        client = sign_in(who)
        form = form_at(client, "/requests/new", "/requests/new", case_number="2026-075-01234")
        assert client.post("/requests/new", data={**form, "once": "a" * 32}).status_code == 303
    assert rows(FRRequest) == 2


@pytest.mark.clause("ACC-4", "TRN-1")
def test_a_training_sent_twice_is_one_and_revoked_twice_is_revoked_once_bypass(sign_in, people):
    client, account = sign_in("c.hawthorn"), people.account("o.teal")
    page, before = f"/training/{account.uid}", rows(TrainingRecord)
    topics = [box["value"] for box in soup(client.get(page)).select("input[name=topics]")]
    form = form_at(client, page, f"{page}/records", topics=topics, completed_on=today().isoformat(), note="Course 7")
    assert [client.post(f"{page}/records", data=form).status_code for _ in range(3)] == [303] * 3
    assert rows(TrainingRecord) == before + 1
    form = form_at(client, page, f"{page}/revoke")
    assert [client.post(f"{page}/revoke", data=form).status_code for _ in range(3)] == [303] * 3
    db.session.rollback()
    assert db.session.query(AuditEvent).filter_by(event="training.revoked").count() == 1


@pytest.mark.clause("RET-11")
@pytest.mark.parametrize(
    ("action", "model", "typed"),
    [
        ("holds", LegalHold, {"hold-kind": "litigation", "hold-reason": "Claim Nightjar."}),
        ("people", PersonFile, {"person-name": "Robin Quillfeather", "person-role": "victim"}),
    ],
)
def test_what_is_added_to_a_record_moves_its_version_bypass(make, people, sign_in, action, model, typed):
    record = RetentionFactory(make, people).record()
    page, client, before = f"/retention/cases/{record.case_number}", sign_in("b.juniper"), rows(model)
    form = form_at(client, page, f"{page}/{action}", **typed)
    assert [client.post(f"{page}/{action}", data=form).status_code for _ in range(3)] == [303, 409, 409]
    assert rows(model) == before + 1


def test_a_disclosure_draft_is_begun_once(make, sign_in):
    client = sign_in("d.lark")
    make.request("accepted", case_number="2026-075-01234")
    form = form_at(client, "/disclosures/new", "/disclosures/new", case_number="2026-075-01234")
    before = rows(Disclosure)
    assert [client.post("/disclosures/new", data=form).status_code for _ in range(3)] == [303] * 3
    assert rows(Disclosure) == before + 1


#: (module, function) that creates without a token, with its reason
BY_RULE = {
    ("algorithms/changes.py", "begin"): "only one change runs at a time",
    (
        "accounts/policy_changes.py",
        "acknowledge_policy",
    ): "a version that was acknowledged last is not acknowledged again",
}


def creating() -> dict[tuple[str, str], tuple[str, bool]]:
    """(module, function) -> (its endpoint's name, whether it says what it makes), of steps without a subject."""
    root, found = Path(app.blueprints.__file__).parent, {}
    for path in sorted(root.rglob("*.py")):
        for outer in source_tree(path).body:
            for node in ast.walk(outer):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "take_step":
                    makes = any(word.arg == "makes" for word in node.keywords)
                    if makes or (isinstance(node.args[0], ast.Constant) and node.args[0].value is None):
                        found[path.relative_to(root).as_posix(), outer.name] = (outer.name, makes)
    return found


def test_every_step_that_creates_says_what_it_makes_and_its_page_carries_the_token():
    found = creating()
    assert len(found) > 8
    assert {place for place, (_, makes) in found.items() if not makes} == set(BY_RULE)
    templates = Path(app.blueprints.__file__).parents[1] / "templates"
    carry = set()
    for path in templates.rglob("*.html"):
        for line in path.read_text(encoding="utf-8").splitlines():
            if "creates=true" in line:
                carry |= set(re.findall(r'(?:form_tag|post_button)\(url_for\("\w+\.(\w+)"', line))
    # what several views share is named by the view
    wanted = {name for place, (name, makes) in found.items() if makes} - {"_taken"} | {"add_mark", "add"}
    assert wanted == carry
