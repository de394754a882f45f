"""Case records from their first request to their class; people, holds, proposals (RET-1 to RET-11)."""

from __future__ import annotations

from datetime import date

import pytest

from app.domain.retention import verbs as retention
from app.extensions import db
from app.models import CaseRecord
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from tests.retention_factory import CASE, RetentionFactory


@pytest.fixture
def keep(make, people):
    return RetentionFactory(make, people)


def refused(what, *args, **kwargs) -> str:
    with pytest.raises(Refused) as refusal, unit_of_work():
        what(*args, **kwargs)
    return refusal.value.rule_id


@pytest.mark.clause("RET-11")
def test_a_case_record_begins_with_its_first_submitted_request(make):
    make.request(state="draft", case_number=CASE)
    assert db.session.query(CaseRecord).count() == 0
    make.request(state="submitted", case_number=CASE)
    make.request(state="withdrawn", case_number=CASE)
    record = db.session.query(CaseRecord).one()
    assert (record.case_number, record.state) == (CASE, "open")
    assert retention.standing_of(record).status == "open"


@pytest.mark.clause("RET-11", "RET-5")
def test_a_case_goes_from_open_to_closed_to_classified_and_is_due(keep):
    record = keep.record("open", request="withdrawn")
    keep.close(record)
    assert retention.standing_of(record).status == "unclassified"
    assert retention.propose_classes(record).classes == ("violation",)
    keep.classify(record)
    standing = retention.standing_of(record)
    assert (record.state, standing.status, standing.earliest) == ("classified", "disposable", date(2016, 3, 2))


@pytest.mark.clause("RET-11", "RET-5")
def test_a_disposal_is_proposed_approved_twice_and_executed(keep, people):
    record = keep.record(request="withdrawn")
    victim = keep.person(record)
    disposal = keep.disposal("proposed", targets=[record])
    assert [item.target for item in disposal.items] == [record, victim], "the file goes with its only record"
    keep.approve(disposal, "p.aspen")
    keep.approve(disposal, "y.hazel")
    assert disposal.state == "approved"
    keep.execute()
    assert (disposal.state, record.state) == ("disposed", "disposed")
    assert {item.state for item in disposal.items} == {"erased"}
    request = retention.requests_of(record)[0]
    assert (request.state, request.sealed, request.images) == ("disposed", None, [])
    assert victim.sealed is None and victim.links == []
