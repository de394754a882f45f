"""What lists keep, or ask of the database at once, is what the rules say of each thing by itself, in all the world."""

from __future__ import annotations

import pytest

from app.access.actor import actor_of
from app.access.directory import lookup
from app.access.scoping import visible
from app.blueprints.approval.queue import PARTS
from app.calendar import today
from app.domain.disclosures.overview import task, waiting_for
from app.domain.examination.conditions import nominee_left
from app.domain.identification.separations import read_together
from app.domain.retention.recalculation import recalculate
from app.domain.workload import verbs as workload
from app.domain.workload.overview import deadline, deadline_in_sql
from app.extensions import db
from app.models import Account, Disclosure, FRRequest, StoredStanding
from app.models.base import now
from app.workflow.registry import SEPARATIONS
from tests.eligibility_check import check_kept
from tests.sweep.personas import PERSONAS

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def actors(world):
    """Every persona as an actor, in the open application context."""
    with world.app.app_context():
        found = {}
        for persona, name in PERSONAS.items():
            account = db.session.query(Account).filter_by(name=name).one_or_none() if name else None
            if account is not None:
                found[persona] = actor_of(account, lookup(name).roles, today())
        yield found


@pytest.mark.clause("RET-11")
def test_every_record_stands_in_the_lists_as_the_rules_have_it(world):
    with world.app.app_context():
        assert db.session.query(StoredStanding).count() >= 7
        check_kept()
        assert recalculate().different == 0
        check_kept()


@pytest.mark.clause("ACC-12", "EXT-7")
def test_what_waits_for_a_person_is_what_is_their_task(actors):
    checked_count = 0
    for persona, actor in actors.items():
        rows = db.session.scalars(visible(Disclosure, actor).order_by(Disclosure.state_since, Disclosure.id))
        one_by_one = [row.number for row in rows if task(row, actor)]
        assert [row.number for row in db.session.scalars(waiting_for(actor))] == one_by_one, persona
        checked_count += len(one_by_one)
    assert checked_count > 3


def test_the_parts_of_the_final_review_are_disjoint_and_whole(actors):
    actor = actors["supervisor"]
    listed = {name: list(db.session.scalars(PARTS[name].rows(actor)).unique()) for name in PARTS if name != "repeats"}
    for name, state in (("waiting", "peer_reviewed"), ("peers", "nominated"), ("undelivered", "negative")):
        wanted = set(db.session.scalars(visible(FRRequest, actor).where(FRRequest.state == state)))
        assert {one for one in listed[name] if one.state == state} == {
            one for one in wanted if name != "undelivered" or not nominee_left(one)
        }
    assert not {one.id for one in listed["waiting"]} & {one.id for one in listed["undelivered"]}


@pytest.mark.clause("SRC-4", "SRC-5")
def test_separations_read_together_are_those_asked_one_by_one(world):
    with world.app.app_context():
        requests = list(db.session.query(FRRequest))
        names = ("requester", "examiner", "peer", "supervisor", "discussing_supervisor")
        one_by_one = [{name: SEPARATIONS[name](request) for name in names} for request in requests]
        with read_together(requests):
            together = [{name: SEPARATIONS[name](request) for name in names} for request in requests]
        assert together == one_by_one
        assert any(len(parts["examiner"]) for parts in together)


def test_the_database_has_the_same_deadline_as_the_program(world):
    with world.app.app_context():
        for request, due in db.session.execute(db.select(FRRequest, deadline_in_sql())):
            assert due == pytest.approx(deadline(request).timestamp(), abs=0.002)


def test_the_open_work_is_what_is_unanswered_by_due_time(actors):
    actor = actors["supervisor"]
    rows = [one for one in db.session.scalars(visible(FRRequest, actor)) if one.has("due")]
    moment = now()
    found = list(db.session.scalars(workload.open_work(actor, set(), moment)))
    assert found == sorted(rows, key=lambda one: (deadline(one), one.id))
    amount = workload.count_open_work(actor, set(), moment)
    assert (amount.open, amount.overdue) == (len(rows), sum(moment > deadline(one) for one in rows))
    gone = {one.examiner_id for one in rows if one.examiner_id}
    assert workload.count_open_work(actor, gone, moment).unassigned == len(rows)
    free = [one for one in rows if one.examiner_id is None or one.state == "continued"]
    assert (
        amount.unassigned
        == len(free)
        == len(list(db.session.scalars(workload.open_work(actor, set(), moment, show="unassigned"))))
    )
