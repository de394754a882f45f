"""Every period holds the disposal itself: at the proposal, at each approval, at the erasure (RET-1 to RET-8).

The calculation has tests of its own; these ask what the engine answers to whoever would dispose of a record too early.
The years stand here as the published policy has them, not as the rule file does.
"""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from app.access.actor import system_actor
from app.calendar import today
from app.domain.retention import disposals
from app.extensions import db
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from app.workflow import explain
from tests.retention_factory import KEEPER, SECOND, RetentionFactory

ALL = ("RET-1", "RET-2", "RET-3", "RET-4", "RET-5", "RET-6", "RET-7", "RET-8", "RET-11")
#: class -> years after the closing; None: never on a closing alone
YEARS = {
    "homicide": None,
    "missing_person": None,
    "arson_4": 10,
    "non_fatal": 10,
    "other_felony": 25,
    "misdemeanor": 5,
    "violation": 1,
    "child_victims_act": None,
    "no_offense_adult": 5,
    "juvenile": None,
}


def years_ago(years: int) -> date:
    day = today()
    return day.replace(year=day.year - years, day=min(day.day, 28))


@pytest.fixture
def keep(make, people):
    return RetentionFactory(make, people)


def refused_by(subject, verb, actor, **facts) -> str | None:
    refusal = explain(subject, verb, actor, **facts)
    return refusal.rule_id if refusal else None


@pytest.mark.clause(*ALL)
@pytest.mark.parametrize("name", YEARS)
def test_no_record_is_proposed_or_erased_before_the_end_of_its_period(keep, people, name):
    years = YEARS[name]
    early = years_ago(years or 40) + timedelta(days=35 if years else 0)
    record = keep.record(classes=(name,), closed_on=early)
    proposer = people.actor(KEEPER)
    with pytest.raises(Refused) as refused, unit_of_work():
        disposals.propose(proposer, [record], "Early.")
    assert refused.value.rule_id == "every_item_due"
    executing = keep.disposal("executing", targets=[keep.record(case_number="2026-075-00077")])
    with db.session.no_autoflush:
        executing.items[0].case_record_id = record.id
        executing.items[0].case_record = record
        assert refused_by(record, "dispose", system_actor(), disposal=executing.number) == "record_due"
    db.session.rollback()


@pytest.mark.clause("RET-2", "RET-3", "RET-4", "RET-5", "RET-7", "RET-11")
@pytest.mark.parametrize("name", [name for name, years in YEARS.items() if years])
def test_a_record_whose_period_has_run_may_be_disposed_of(keep, people, name):
    record = keep.record(classes=(name,), closed_on=years_ago(YEARS[name]) - timedelta(days=35))
    with unit_of_work():
        disposal = disposals.propose(people.actor(KEEPER), [record], "Its period has run.")
    assert refused_by(disposal, "approve", people.actor(SECOND), password_confirmed=True) is None


@pytest.mark.clause("RET-3", "RET-11")
def test_an_approval_asks_for_the_period_again_bypass(keep, people):
    """Proposed as a violation; then the court's word of a felony arrives: neither approval passes on the old class."""
    from app.domain.retention import verbs as retention

    record = keep.record(classes=("violation",), closed_on=years_ago(3))
    disposal = keep.disposal("once_approved", targets=[record])
    with unit_of_work():
        retention.record_disposition(record, people.actor(KEEPER), "other_felony", years_ago(3))
    second = people.actor(SECOND)
    assert refused_by(disposal, "approve", second, password_confirmed=True) == "every_item_due"
    keep.classify(record, ("other_felony",))
    assert refused_by(disposal, "approve", second, password_confirmed=True) == "every_item_due", "25 years, not 3"
