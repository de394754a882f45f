"""A finished search comes to a conclusion: its time, who is told, and what waits for it (SRC-7)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.domain.retention import verbs as retention
from app.domain.retention.eligibility import today
from app.domain.workload import reminders
from app.domain.workload.conclusions import awaited, conclude_by, escalates_at
from app.extensions import db
from app.models import Account, CaseRecord, FRRequest
from app.models.base import now
from app.policy import policy
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from tests.drawn_gallery import needs_models
from tests.events_and_notices import events, notified

pytestmark = needs_models
WATCHING = ["c.hawthorn", "v.osprey"]


@pytest.fixture
def at(monkeypatch):
    """at(moment): reminders are given as of then."""
    return lambda moment: monkeypatch.setattr(reminders, "now", lambda: moment)


@pytest.fixture(autouse=True)
def _people(people):
    for name in (*WATCHING, "h.larch"):
        people.account(name)


def refused_by(act) -> str:
    with pytest.raises(Refused) as refused, unit_of_work():
        act()
    db.session.rollback()
    return refused.value.rule_id


def told(*kinds: str) -> dict[str, list[str]]:
    return {kind: notified(kind) for kind in kinds if notified(kind)}


KINDS = ("conclusion_due", "conclusion_late", "conclusion_overdue")


@pytest.mark.clause("SRC-7")
def test_the_time_of_a_conclusion_is_that_of_its_priority():
    """The hours stand here too: one that is gone from the rules is missed."""
    hours = {name: priority.conclude_hours for name, priority in policy().request.priorities.items()}
    assert hours == {"threat_to_life": 2, "violent_felony": 24, "other": 72}
    assert policy().request.conclusion.escalate_hours == 24


@pytest.mark.clause("SRC-7", "AUD-2")
def test_who_has_the_work_and_who_asked_are_told_then_supervisors_and_integrity_officers(make, at):
    request = make.request(state="under_examination")
    finished = request.current_search.finished_at
    due = conclude_by(request)
    assert due == finished + timedelta(hours=72)
    at(due)
    reminders.remind()
    assert told(*KINDS) == {}
    at(due + timedelta(minutes=1))
    reminders.remind()
    first = {"conclusion_due": ["k.rowan"], "conclusion_late": ["d.lark"]}
    assert told(*KINDS) == first
    at(finished + timedelta(hours=96))
    reminders.remind()
    assert told(*KINDS) == first, "not yet"
    at(escalates_at(request) + timedelta(minutes=1))
    reminders.remind()
    everybody = sorted([*WATCHING, *integrity()])
    assert told(*KINDS) == {**first, "conclusion_overdue": everybody}
    assert integrity(), "nobody watches over the supervisors"
    reminders.remind()
    assert told(*KINDS) == {**first, "conclusion_overdue": everybody}, "told twice"
    assert {event["reminder"] for event in events("request.reminded")} >= set(KINDS)


def integrity() -> list[str]:
    return sorted(account.name for account in db.session.query(Account) if "integrity_officer" in account.roles)


@pytest.mark.clause("SRC-7")
@pytest.mark.parametrize("state", ["searched", "nominated", "peer_reviewed", "continued", "approved", "superseded"])
def test_a_conclusion_is_waited_for_in_every_state_after_the_search_bypass(make, at, state):
    """Waiting: no state between search and report lets it lie, and none is reminded of by nobody."""
    request = make.request(state=state)
    assert awaited(request) is not None and not awaited(request).late
    at(conclude_by(request) + timedelta(minutes=1))
    reminders.remind()
    assert notified("conclusion_due") and notified("conclusion_late") == ["d.lark"]


@pytest.mark.clause("SRC-7")
@pytest.mark.parametrize("state", ["documented", "probe_selected", "reported", "closed", "unexamined"])
def test_none_is_waited_for_before_a_search_and_after_an_end(make, at, state):
    request = make.request(state=state)
    assert awaited(request) is None
    assert db.session.query(FRRequest).filter(FRRequest.is_inconclusive()).count() == 0
    at(now() + timedelta(days=365))
    reminders.remind()
    assert told(*KINDS) == {}


@pytest.mark.clause("SRC-7")
def test_another_search_after_a_continuation_begins_no_time_anew_bypass(make):
    request = make.request(state="continued")
    due = conclude_by(request)
    make.select(request)
    assert request.state == "probe_selected"
    assert conclude_by(request) == due, "the first search is still without a conclusion"
    assert db.session.query(FRRequest).filter(FRRequest.is_inconclusive()).one() is request
    make.search(request)
    make.run_jobs()
    assert len([search for search in request.searches if search.state == "finished"]) == 2
    assert conclude_by(request) == due


@pytest.mark.clause("SRC-7")
def test_a_recalled_report_is_no_conclusion_any_more_bypass(make):
    request = make.request(state="superseded")
    assert conclude_by(request) == request.reports[-1].recalled_at + timedelta(hours=72)


# The case ---------------------------------------------------------------------------------------------------


def case_of(request) -> CaseRecord:
    return db.session.query(CaseRecord).filter_by(case_number=request.case_number).one()


@pytest.mark.clause("SRC-7", "RET-11")
def test_a_case_is_not_closed_while_a_search_of_it_is_open(make, people):
    request, keeper = make.request(state="under_examination"), people.actor("b.juniper")
    record = case_of(request)
    assert refused_by(lambda: retention.close_case(record, keeper, "without_arrest", today())) == "searches_concluded"
    make.conclude(request)
    assert request.state == "negative"
    assert (
        refused_by(lambda: retention.close_case(record, keeper, "without_arrest", today())) == "searches_concluded"
    ), "the report is not in the case file"
    make.run_jobs()
    with unit_of_work():
        retention.close_case(record, keeper, "without_arrest", today())
    assert record.state == "closed"


@pytest.mark.clause("SRC-7", "RET-11")
def test_nor_classified_when_it_was_closed_before_the_search_was_asked_for_bypass(make, people):
    first, keeper = make.request(state="closed"), people.actor("b.juniper")
    record = case_of(first)
    with unit_of_work():
        retention.close_case(record, keeper, "without_arrest", today())
    second = make.request(state="searched", case_number=first.case_number, seed=8)
    classify = lambda: retention.classify(record, keeper, ["violation"], "As the file says.")  # noqa: E731
    assert refused_by(classify) == "searches_concluded"
    make.end_unexamined(second)
    with unit_of_work():
        classify()
    assert record.state == "classified"


@pytest.mark.clause("SRC-7", "RET-11")
def test_recording_the_outcome_of_one_request_does_not_close_the_case_of_another_bypass(make, people):
    """Another route: the investigator ends a request of the case; the case itself stays open for the other one."""
    first = make.request(state="reported")
    make.request(state="searched", case_number=first.case_number, seed=8)
    make.close(first)
    assert first.state == "closed"
    record, keeper = case_of(first), people.actor("b.juniper")
    assert refused_by(lambda: retention.close_case(record, keeper, "without_arrest", today())) == "searches_concluded"
