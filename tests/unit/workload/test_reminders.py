"""Reminders: to whom, when, and never twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app import audit
from app.domain.workload import reminders
from app.domain.workload import verbs as workload
from app.domain.workload.overview import deadline
from app.extensions import db
from app.models import AuditEvent, Notification
from app.models.base import now
from app.policy import policy
from app.unit_of_work import unit_of_work
from tests.events_and_notices import notified

URGENT = {"priority": "threat_to_life", "priority_reason": "A message names tomorrow morning."}


@pytest.fixture
def at(monkeypatch):
    """at(moment): reminders are given as of then."""
    return lambda moment: monkeypatch.setattr(reminders, "now", lambda: moment)


@pytest.fixture(autouse=True)
def _supervisors(people):
    for name in ("c.hawthorn", "v.osprey"):
        people.account(name)


@pytest.mark.clause("AUD-2", "REQ-1")
def test_whoever_has_a_request_is_told_once_when_its_time_has_passed(make, people, at):
    request = make.request(state="discussed")
    actor = people.actor("k.rowan")
    with unit_of_work():
        workload.take(request, actor)
    at(deadline(request) - timedelta(minutes=1))
    assert reminders.remind() == 0
    at(deadline(request) + timedelta(minutes=1))
    assert reminders.remind() == 1
    assert reminders.remind() == 0, "told twice"
    assert notified("past_due") == ["k.rowan"]
    events = db.session.query(AuditEvent).filter_by(event="request.reminded").all()
    assert [event.subject_id for event in events] == [request.number]


@pytest.mark.clause("AUD-2")
def test_what_nobody_has_is_told_to_the_supervisors(make, at):
    request = make.request(state="discussed")
    at(deadline(request) + timedelta(minutes=1))
    reminders.remind()
    assert notified("past_due") == ["c.hawthorn", "v.osprey"]


@pytest.mark.clause("AUD-2", "USE-6")
def test_a_threat_to_life_does_not_lie_unassigned(make, people, at):
    minutes = policy().request.priorities["threat_to_life"].unassigned_minutes
    urgent = make.request(state="discussed", values=URGENT)
    make.request(state="discussed", case_number="2026-075-04321")
    at(urgent.state_since + timedelta(minutes=minutes, seconds=-5))
    assert reminders.remind() == 0
    at(urgent.state_since + timedelta(minutes=minutes, seconds=5))
    assert reminders.remind() == 2
    assert reminders.remind() == 0
    assert notified("lies_unassigned") == ["c.hawthorn", "v.osprey"]
    assert {row.subject_key for row in db.session.query(Notification).filter_by(kind="lies_unassigned")} == {
        urgent.number
    }


@pytest.mark.clause("AUD-2")
def test_an_assigned_threat_to_life_is_nobodys_reminder_before_its_time(make, people, at):
    urgent = make.request(state="discussed", values=URGENT)
    actor = people.actor("k.rowan")
    with unit_of_work():
        workload.take(urgent, actor)
    at(urgent.state_since + timedelta(hours=1))
    assert reminders.remind() == 0


@pytest.mark.parametrize("state", ["withdrawn", "refused", "awaiting_images"])
def test_what_does_not_wait_for_the_unit_is_not_reminded_of(make, at, state):
    make.request(state=state, values=URGENT)
    at(now() + timedelta(days=30))
    assert reminders.remind() == 0


def test_the_command_reminds(app, make, monkeypatch):
    request = make.request(state="discussed", values=URGENT)
    with unit_of_work():
        request.submitted_at = request.state_since = now() - timedelta(hours=3)
        audit.record("request.saved", request, fields=["submitted_at"])
    answer = app.test_cli_runner().invoke(args=["jobs", "remind"])
    assert (answer.exit_code, answer.output) == (0, "4 reminders given\n")
