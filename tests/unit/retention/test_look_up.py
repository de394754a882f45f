"""A look at the arrest records grows old between the proposal and the erasure (RET-9)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from app.calendar import today
from app.domain.retention import disposals, people_files
from app.domain.retention.eligibility import not_due, standing_of
from app.domain.retention.recalculation import differences, recalculate
from app.extensions import db
from app.policy import policy
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from demo.people import person
from tests.drawn_gallery import needs_models
from tests.retention_factory import FIRST, KEEPER, SECOND, RetentionFactory

pytestmark = pytest.mark.clause("RET-9")
BORN = date(1930, 1, 2)


@pytest.fixture
def keep(make, people) -> RetentionFactory:
    return RetentionFactory(make, people)


def look_up(keep: RetentionFactory, file, day: date) -> None:
    with unit_of_work():
        people_files.change_file(file, keep.people.actor(KEEPER), days={"arrests_checked_on": day})


@pytest.fixture
def pair(keep):
    """A case record that is due, and the file of its suspect of 96, looked up today."""
    record = keep.record()
    return record, keep.person(record, "Ira Longgone", "suspect", born_on=BORN, arrests_checked_on=today())


OLD = timedelta(days=policy().retention.files["file_suspect"].look_up_days + 1)


def test_a_look_up_of_1995_proves_nothing_when_it_is_marked_bypass(keep, pair):
    record, file = pair
    assert not_due(file) is None
    for day in (date(1995, 1, 1), today() - OLD):
        look_up(keep, file, day)
        with pytest.raises(Refused) as refused:
            keep.disposal("proposed", targets=[record, file])
        assert refused.value.rule_id == "every_item_due"
        assert "looked up again" in standing_of(file).why.sentence
    look_up(keep, file, today())
    assert keep.disposal("proposed", targets=[record, file]).state == "proposed"


@pytest.mark.parametrize("state", ["proposed", "once_approved"])
def test_it_is_asked_again_at_each_approval_bypass(keep, pair, state):
    """By waiting: what was fresh at the proposal is old when somebody approves."""
    record, file = pair
    disposal = keep.disposal(state, targets=[record, file])
    look_up(keep, file, today() - OLD)
    approver = {"proposed": FIRST, "once_approved": SECOND}[state]
    with pytest.raises(Refused) as refused, unit_of_work():
        disposals.approve(disposal, keep.people.actor(approver), password_confirmed=True)
    assert refused.value.rule_id == "every_item_due"


def test_and_at_the_erasure_where_the_file_is_spared_bypass(keep, pair):
    record, file = pair
    disposal = keep.disposal("approved", targets=[record, file])
    look_up(keep, file, today() - OLD)
    keep.execute()
    db.session.expire_all()
    assert file.disposed_at is None and file.private["name"] == "Ira Longgone"
    assert [item.state for item in disposal.items if item.person_file is file] == ["spared"]


@needs_models
def test_an_arrest_photograph_in_the_repository_says_otherwise_than_whoever_looked_bypass(keep, make):
    photo = make.enrol([person(41)])[0]
    record = keep.record()
    parts = {"born_on": BORN, "arrests_checked_on": today(), "gallery_person": photo.person}
    file = keep.person(record, "Ira Longgone", "suspect", **parts)
    arrested = today() - timedelta(days=400)
    with unit_of_work():
        from app import audit

        photo.taken_on = arrested
        audit.record("gallery.embedded", algorithm="tests", photos=1)
    assert not_due(file).rule_id == "look_up_recent" and "arrest photograph" in not_due(file).sentence
    with pytest.raises(Refused):
        keep.disposal("proposed", targets=[record, file])
    with unit_of_work():
        photo.taken_on = today() - timedelta(days=6 * 366)
        audit.record("gallery.embedded", algorithm="tests", photos=1)
    assert not_due(file) is None


def test_a_look_up_that_grew_old_overnight_is_no_fault_of_the_lists(keep, pair, monkeypatch):
    _, file = pair
    assert standing_of(file).status == "disposable"
    from app.domain.retention import recalculation

    monkeypatch.setattr(recalculation, "today", lambda: today() + OLD)
    recalculate()
    assert db.session.scalars(differences()).all() == []
    monkeypatch.undo()
    recalculate()
