"""A draft sent by hand: fields that its form does not have, the facts of another use (REQ-1, USE)."""

from __future__ import annotations

import pytest

from app.domain.requests import verbs as requests
from app.extensions import db
from app.models import FRRequest
from app.models.base import now
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from tests.request_factory import FACTS
from tests.web.page_reading import text
from tests.web.requests.test_requests_flow import blocked_rules, draft_fields, version


@pytest.mark.clause("REQ-1", "REQ-3", "ACC-7")
def test_no_field_of_ones_own_files_for_another_or_past_the_submission_bypass(make, sign_in, post, people):
    """By forged fields: whoever files is who is signed in, and only the step itself submits."""
    request, heron = make.empty(), people.account("m.heron")
    client, edit = sign_in("d.lark"), f"/requests/{request.number}/edit"
    forged = {
        "requester": "m.heron",
        "requester_id": str(heron.id),
        "state": "submitted",
        "submission": "1",
        "submitted_at": now().isoformat(),
        "discussion_confirmed_at": now().isoformat(),
        "examiner_id": str(heron.id),
        "use": "USE-6",
        "political": "",
    }
    assert post(client, edit, draft_fields() | forged).status_code == 303
    db.session.expire_all()
    assert (request.state, request.submission, request.examiner_id) == ("draft", 0, None)
    assert (request.requester.name, request.use_id, request.discussion_confirmed_at) == ("d.lark", "USE-1", None)
    begun = post(client, "/requests/new", {"case_number": "2026-075-01234", **forged})
    number = begun.headers["Location"].split("/")[2]
    assert db.session.query(FRRequest).filter_by(number=number).one().requester.name == "d.lark"
    answer = post(client, f"/requests/{request.number}/submit", forged, page=f"/requests/{request.number}")
    assert answer.status_code == 422
    assert "images" in text(answer)
    assert request.state == "draft"


@pytest.mark.clause("CAP-2", "USE-1", "USE-2", "USE-3", "USE-4", "USE-6")
@pytest.mark.parametrize(
    ("shown", "sent"), [("USE-4", "USE-1"), ("USE-1", "USE-3"), ("USE-2", "USE-6"), ("USE-6", "USE-2")]
)
def test_the_facts_of_the_use_that_was_shown_do_not_stand_for_the_one_that_is_sent_bypass(
    make, sign_in, post, shown, sent
):
    """By exchanging the use behind the questions, once as the page would send it and once with its own name forged."""
    request = make.empty()
    client, edit = sign_in("d.lark"), f"/requests/{request.number}/edit"
    swapped = draft_fields(shown) | {"use_id": sent}
    assert post(client, edit, swapped).status_code == 422, "the questions of the other use are asked first"
    forged = swapped | {"shown_use": sent, "version": version(client, edit)}
    assert post(client, edit, forged).status_code == 303
    db.session.expire_all()
    assert request.use_id == sent
    assert {name for name, value in request.private["facts"].items() if value} <= set(FACTS[shown]) & set(FACTS[sent])
    assert "use_facts_complete" in blocked_rules(client, request.number)
    assert post(client, f"/requests/{request.number}/submit", page=f"/requests/{request.number}").status_code == 422


@pytest.mark.clause("USE-2", "USE-6")
@pytest.mark.parametrize("use", ["USE-7", "use-2", "USE-2,USE-6", "other", "USE-2 "])
def test_a_use_of_ones_own_is_no_use_bypass(make, sign_in, post, use):
    request = make.empty()
    client, edit = sign_in("d.lark"), f"/requests/{request.number}/edit"
    post(client, edit, draft_fields("USE-2") | {"use_id": use, "shown_use": use})
    db.session.expire_all()
    assert request.use_id is None
    assert post(client, f"/requests/{request.number}/submit", page=f"/requests/{request.number}").status_code == 422


@pytest.mark.clause("AUD-1")
@pytest.mark.parametrize("name", ["c.hawthorn", "d.lark", "k.rowan", "nobody.known", "S.ALDER ", "*"])
def test_a_person_whom_the_list_does_not_offer_is_not_named_for_the_discussion_bypass(sign_in, post, make, name):
    """The unit's own supervisor was taken from a hand-made form, and an unknown name dropped in silence."""
    request, client = make.empty(), sign_in("d.lark")
    edit = f"/requests/{request.number}/edit"
    answer = post(client, edit, draft_fields(version=version(client, edit), supervisor=name))
    assert answer.status_code == 422 and "Choose one of the supervisors listed." in answer.text
    assert request.discussing_supervisor_id is None and request.use_id is None


@pytest.mark.clause("AUD-1")
def test_the_units_own_supervisor_is_not_named_by_the_domain_either_bypass(make, people):
    request = make.empty()
    with pytest.raises(Refused) as refused, unit_of_work():
        requests.save_draft(request, people.actor("d.lark"), make.values(supervisor="c.hawthorn"))
    assert refused.value.rule_id == "supervisor_named"
