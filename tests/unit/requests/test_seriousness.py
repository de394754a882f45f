"""A request that names no crime goes on only with the crime that its supervisor states (CAP-9)."""

from __future__ import annotations

import json

import pytest

from app import audit
from app.domain.approval.report_facts import _use
from app.domain.requests import verbs as requests
from app.domain.requests.class_figures import requests_by_class
from app.domain.requests.earlier_refusals import earlier_refusals
from app.domain.requests.seriousness import basis_answers
from app.extensions import db
from app.models import AuditEvent
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from app.workflow import explain
from tests.drawn_gallery import needs_models
from tests.request_factory import FACTS

pytestmark = needs_models
WHY = "The same person was seen an hour later with a knife at the next store."
STATED = {"crime": "robbery", "because": WHY}


@pytest.fixture
def filed(make, people):
    """filed(listed): a request under USE-1, submitted for that offense of the list."""

    def one(listed: str, offense: str = "As the list says"):
        request, actor = make.request(state="draft"), people.actor("d.lark")
        with unit_of_work():
            values = make.values(facts={**FACTS["USE-1"], "listed": listed, "offense": offense})
            requests.save_draft(request, actor, values)
        make.submit(request)
        return request

    return one


def confirm(request, people, **stated) -> None:
    with unit_of_work():
        actor = people.actor(request.discussing_supervisor.name)
        shown = [one.id for one in earlier_refusals(request)]
        requests.confirm_discussion(request, actor, request.private["answers"], shown, stated)


def refused(request, people, **stated) -> str:
    with pytest.raises(Refused) as refusal:
        confirm(request, people, **stated)
    db.session.rollback()
    return refusal.value.rule_id


@pytest.mark.clause("CAP-9")
def test_a_violation_goes_on_only_with_the_crime_its_supervisor_states(filed, people) -> None:
    request = filed("disorderly_conduct")
    assert (request.offense_class, request.stated_class) == ("violation", None)
    assert refused(request, people) == "crime_stated"
    assert explain(request, "accept", people.actor("k.rowan")).rule_id == "discussion_confirmed"
    confirm(request, people, **STATED)
    kept = request.private["stated_crime"]
    assert (kept["crime"], kept["because"], kept["by"]) == ("robbery", WHY, request.discussing_supervisor.display_name)
    assert request.stated_class == "felony"
    event = db.session.query(AuditEvent).filter_by(event="request.crime_stated").one()
    assert event.actor_id == request.discussing_supervisor_id
    assert json.loads(event.keys) == {"crime": "robbery", "class": "violation"}
    shown = dict(basis_answers(request))
    assert shown["Offense, from the list"] == "Disorderly conduct (violation)"
    assert any(WHY in str(answer) for label, answer in _use(request).facts if label.startswith("Crime suspected"))
    assert explain(request, "accept", people.actor("k.rowan"), use="USE-1", shown=()) is None


@pytest.mark.clause("CAP-9")
def test_no_other_statement_and_no_other_route_lets_a_violation_through_bypass(filed, make, people) -> None:
    request = filed("other_violation")
    for stated in ({"crime": "trespass", "because": WHY}, {"crime": "robbery", "because": "robbery"}, {"crime": ""}):
        assert refused(request, people, **stated) == "crime_stated"
    # a confirmation that was written without the statement, and a statement by somebody else, give no basis
    examiner = people.actor("k.rowan")
    request.discussion_confirmed_at = request.submitted_at
    request.examiner_id = examiner.id
    with db.session.no_autoflush:
        for said in (None, {**STATED, "by": "Sam", "by_id": request.requester_id, "at": "2026-11-22"}):
            request.seal(stated_crime=said)
            asked = {"use": "USE-1", "shown": ()}
            assert explain(request, "accept", examiner, **asked).rule_id == "crime_on_record"
    db.session.rollback()


@pytest.mark.clause("CAP-9")
def test_a_statement_ends_with_the_filing_it_was_made_for_bypass(filed, make, people) -> None:
    """Sent back and filed again for another violation, the statement of before carries nothing."""
    request = filed("disorderly_conduct")
    with unit_of_work():
        request.seal(stated_crime={**STATED, "by": "x", "by_id": request.discussing_supervisor_id, "at": "2026-11-22"})
        actor = people.actor(request.discussing_supervisor.name)
        requests.deny_discussion(request, actor, "The place is not the one that was discussed.")
    make.submit(request)
    assert request.private.get("stated_crime") is None
    assert refused(request, people) == "crime_stated"


@pytest.mark.clause("CAP-9")
def test_figures_count_by_class_and_requests_of_before_were_not_asked(filed, make) -> None:
    filed("robbery")
    old = make.request(state="submitted")
    with unit_of_work():
        facts = {name: said for name, said in old.private["facts"].items() if name != "listed"}
        old.seal(facts=facts)
        old.offense_class = None
        audit.record("request.saved", old, actor=None, fields=["facts"])
    assert dict(basis_answers(old))["Offense, from the list"] == "Not asked then"
    year = requests_by_class()[0]
    assert (year.classes["felony"], year.before, year.stated) == (1, 1, 0)
