"""Nobody decides on their own disclosure, by any route and with every role there is (ACC-12, EXT-7)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.calendar import today
from app.extensions import db
from app.models import Disclosure, DisclosureDecision
from app.policy import policy
from demo.accounts import change_account
from demo.services import directory_state
from tests.sweep.pages import ask
from tests.sweep.questions import ROWS, questions

pytestmark = [pytest.mark.clause("ACC-12", "EXT-7"), pytest.mark.timeout(600)]
PASSWORD = "corroborate-demo"


@pytest.fixture
def almighty(world, session_settings):
    """The world, in which whoever asked for every disclosure belongs to every group of the directory."""
    groups = [role.group for role in policy().roles.values() if role.group]
    change_account(directory_state(session_settings), "d.lark", groups=groups)
    return world


def decided(world) -> list[tuple[int, int, str]]:
    """(disclosure, who decided, what) of every decision, and the states of all disclosures."""
    with world.app.app_context():
        rows = [(row.disclosure_id, row.decided_by_id, row.kind) for row in db.session.query(DisclosureDecision)]
        rows += [(row.id, 0, row.state) for row in db.session.query(Disclosure)]
        db.session.remove()
    return sorted(rows)


def forms(world, name: str) -> list[dict[str, object]]:
    """Complete forms for each decision there is, as somebody would write them who goes past the pages."""
    with world.app.app_context():
        subject = world.get(name)
        shared = {
            "version": str(subject.version),
            "password": PASSWORD,
            "included": [item.uid for item in subject.items],
            "text": "The disclosure is lawful on this basis.",
            "reason": "A reason that is long enough to be taken.",
            "release_by": (today() + timedelta(days=5)).isoformat(),
        }
        verbs = {row.verb for row in policy().workflow("disclosure").transitions}
        db.session.remove()
    return [{**shared, "decision": verb} for verb in sorted(verbs)]


@pytest.mark.parametrize("name", ["d_submitted", "d_approved", "d_draft", "d_released"])
def test_no_decision_is_taken_from_whoever_asked(almighty, name):
    client = almighty.client("requester")
    with almighty.app.app_context():
        token, number = almighty.csrf(client, "requester"), almighty.get(name).number
    before = decided(almighty)
    for form in forms(almighty, name):
        answer = client.post(f"/disclosures/{number}/decide", data={"csrf_token": token, **form})
        assert answer.status_code in {403, 409, 422}, form["decision"]
        assert decided(almighty) == before, form["decision"]


def test_no_other_route_decides_either(almighty):
    """Every form of the portal, filled with everything a decision needs, sent for the submitted disclosure."""
    client = almighty.client("requester")
    with almighty.app.app_context():
        token = almighty.csrf(client, "requester")
        cookie = client.get_cookie("corroborate").value
        asker = almighty.account("requester").id
    given = forms(almighty, "d_submitted")
    rows = [(row, address) for row, address in questions(almighty, "POST") if "disclosures." in row["route"]]
    assert len(rows) > 15
    for row, address in rows:
        for form in (f for f in given if f["decision"] in {"approve", "determine", "refuse"}):
            ask(client.post, address, data={"csrf_token": token, **form})
            made = [line for line in decided(almighty) if line[1] == asker]
            assert made == [], f"{row['route']} let the asker decide"
        almighty.store.restore_changes()
        client = almighty.app.test_client()
        client.set_cookie("corroborate", cookie)


def test_another_person_with_the_same_form_does_decide(almighty):
    """Else the tests above could not fail."""
    client = almighty.client("privacy")
    with almighty.app.app_context():
        token, number = almighty.csrf(client, "privacy"), almighty.get("d_submitted").number
    form = next(f for f in forms(almighty, "d_submitted") if f["decision"] == "approve")
    before = decided(almighty)
    assert client.post(f"/disclosures/{number}/decide", data={"csrf_token": token, **form}).status_code == 303
    assert decided(almighty) != before


def test_the_matrix_asks_the_decision(almighty):
    assert any(row["route"] == "POST disclosures.decide" for row in ROWS)
