"""RET-11: what a person types of a case is held against what the portal knows, and whoever decides sees both."""

from __future__ import annotations

from datetime import date

import pytest

from app.calendar import today
from app.domain.retention import verbs as retention
from app.domain.retention.known import known_of
from app.models import CaseRecord
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from tests.retention_factory import LONG_AGO, SOURCE, RetentionFactory

CASE, KEEPER = "2026-075-04711", "b.juniper"


@pytest.fixture
def keep(make, people):
    return RetentionFactory(make, people)


def filed_today(make) -> CaseRecord:
    """The record of a robbery whose request was filed today and has ended."""
    make.request("withdrawn", case_number=CASE)
    with unit_of_work():
        return retention.case_record_for(CASE)


@pytest.mark.clause("RET-11")
def test_a_case_is_not_closed_before_its_request_was_filed_nor_below_the_suspicion_without_a_source_bypass(
    make, people
):
    record, actor = filed_today(make), people.actor(KEEPER)
    for source in ("", "x", "x" * 30, "DA letter"):
        with pytest.raises(Refused, match=r"^disposition_sourced: "), unit_of_work():
            retention.record_disposition(record, actor, "violation", today(), source)
    with unit_of_work():
        retention.record_disposition(record, actor, "violation", today(), SOURCE)
    with pytest.raises(Refused, match=r"^closing_after_filing: "), unit_of_work():
        retention.close_case(record, actor, "prosecution_concluded", date(2019, 5, 2))
    with unit_of_work():
        retention.close_case(record, actor, "prosecution_concluded", today())
    with unit_of_work():
        retention.classify(record, actor, ["violation"])
    assert retention.standing_of(record).status == "upcoming"
    known = known_of(record)
    assert known.suspected == ("Any other felony",)
    unlikely, sudden, said = known.contradictions
    assert "and no arrest in this matter was reported" in unlikely
    assert "and a request of the case was filed" in sudden
    assert said.startswith("“Violation or traffic infraction” of ")
    assert said.endswith("is below “Any other felony”, which a request suspected; its source is printed with it.")
    assert [source.split(": ", 1)[1] for source in known.sources] == [SOURCE]


@pytest.mark.clause("RET-11")
def test_a_closing_recorded_first_does_not_outlast_a_request_filed_afterwards_bypass(keep, make):
    record = keep.record("classified", case_number=CASE)
    assert retention.standing_of(record).status == "disposable"
    filed_today(make)
    standing = retention.standing_of(record)
    assert standing.status == "open"
    assert "lies before a request of the case was filed" in " ".join(one.sentence for one in standing.why.children)
    assert any("Last request filed" in said for said in known_of(record).contradictions)


@pytest.mark.clause("RET-11")
def test_both_approvers_and_the_certificate_see_class_days_and_contradictions_first(keep, sign_in):
    record = keep.record("classified", request="withdrawn", case_number=CASE)
    disposal = keep.disposal("proposed", targets=[record])
    for approver in ("p.aspen", "y.hazel"):
        shown = sign_in(approver).get(f"/retention/disposals/{disposal.number}").text
        assert "Class suspected by the requests" in shown
        assert "is below “Any other felony”" in shown
        assert f": {SOURCE}" in shown, "the source is on the page of whoever approves"
        assert shown.index("Contradictions") < shown.index("Would be erased")
        keep.approve(disposal, approver)
    known = disposal.items[0].known
    assert known["confirmed"] == ["Violation or traffic infraction"]
    assert known["days"][-1] == ["Closing recorded", LONG_AGO.isoformat()]
    assert any("is below" in said for said in known["contradictions"])
    keep.execute()
    assert disposal.state == "disposed"
