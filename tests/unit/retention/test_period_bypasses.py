"""Ways around the periods of case records and files, each refused or told (RET-1 to RET-10)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from app.calendar import today
from app.domain.requests import outcomes
from app.domain.retention import disposals, people_files
from app.domain.retention import verbs as retention
from app.domain.retention.known import known_of
from app.extensions import db
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from tests.retention_factory import CASE, KEEPER, LONG_AGO, SOURCE, RetentionFactory


@pytest.fixture
def keep(make, people) -> RetentionFactory:
    return RetentionFactory(make, people)


@pytest.fixture
def keeper(people):
    return people.actor(KEEPER)


@pytest.fixture
def post_arrest(make, people):
    """post_arrest(case): a request of the case in which an arrest is reported."""

    def report(case_number: str):
        request = make.request("reported", case_number=case_number)
        facts = {"arrest_number": "M26600002", "arrested_on": f"{today()}", "arrested_time": "00:01"}
        facts |= {"ground": "on_warrant", "record_in": "Arrest report 26-1", "record_by": "Officer Heron"}
        facts |= {"record_on": f"{today()}", "record_time": "00:02"}
        written(outcomes.report_arrest, request, people.actor(request.requester.name), facts)
        return request

    return report


def years_ago(years: int) -> date:
    day = today()
    return day.replace(year=day.year - years, day=min(day.day, 28))


def refused(what, *args, **kwargs) -> str:
    with pytest.raises(Refused) as refusal, unit_of_work():
        what(*args, **kwargs)
    return refusal.value.rule_id


def written(what, *args, **kwargs):
    with unit_of_work():
        return what(*args, **kwargs)


# By wording ------------------------------------------------------------------------------------------------


@pytest.mark.clause("RET-1", "RET-11")
def test_a_homicide_confirmed_as_a_violation_is_told_to_whoever_approves_bypass(keep, keeper):
    """One records officer names another class than the court's: not without words, nor past the two approvers."""
    record = keep.record("closed", classes=("homicide",))
    assert refused(retention.classify, record, keeper, ("violation",), "–") == "difference_reasoned"
    keep.classify(record, ("violation",))
    item = keep.disposal("proposed", targets=[record]).items[0]
    told = item.known["contradictions"]
    assert any("“Homicide”" in one and "“Violation or traffic infraction”" in one for one in told), told


@pytest.mark.clause("RET-1", "RET-11")
def test_a_small_disposition_after_a_reopening_hides_no_homicide_bypass(keep, keeper):
    """Reopened and disposed of anew, the rules propose the small class by themselves: no difference, yet it is told."""
    record = keep.record("closed", classes=("homicide",))
    written(retention.reopen, record, keeper, LONG_AGO + timedelta(days=1), "An appeal was brought.")
    keep.close(record, LONG_AGO + timedelta(days=2))
    written(retention.classify, record, keeper, ("violation",))
    assert any("“Homicide”" in one for one in known_of(record).contradictions)
    keep.classify(record, ("homicide", "violation"))
    assert known_of(record).contradictions == (), "nothing contradicts once the class is confirmed"


@pytest.mark.clause("RET-1")
@pytest.mark.parametrize(
    ("event", "days_later"),
    [("located", -1), ("recovered_or_destroyed", 3), ("warrant_ended", 3)],
    ids=["found before they went missing", "a firearm instead", "a warrant instead"],
)
def test_no_other_event_ends_the_search_for_a_missing_person_bypass(keep, keeper, event, days_later):
    record = keep.record("closed", classes=("missing_person", "violation"))
    written(retention.record_event, record, keeper, event, LONG_AGO + timedelta(days=days_later))
    assert refused(retention.record_event, record, keeper, "located", today() + timedelta(days=1)) == "day_in_order"
    keep.classify(record, ("missing_person", "violation"))
    assert retention.standing_of(record).status == "permanent"
    assert refused(disposals.propose, keeper, [record], "It was found.") == "every_item_due"


# By repeating ----------------------------------------------------------------------------------------------


@pytest.mark.clause("RET-2", "RET-11")
def test_closing_again_in_the_past_ends_no_ten_years_sooner_bypass(keep, keeper):
    record = keep.record(classes=("arson_4",), closed_on=years_ago(11))
    assert retention.not_due(record) is None
    written(retention.reopen, record, keeper, years_ago(2), "Restitution is sought again.")
    assert refused(retention.close_case, record, keeper, "restitution_ended", years_ago(11)) == "day_in_order"
    written(retention.close_case, record, keeper, "restitution_ended", years_ago(2))
    keep.classify(record, ("arson_4",))
    standing = retention.standing_of(record)
    assert (standing.status, standing.earliest) == ("upcoming", years_ago(2).replace(year=years_ago(2).year + 10))


@pytest.mark.clause("RET-8")
def test_the_juvenile_opened_a_second_time_with_an_older_birth_shortens_nothing_bypass(keep, keeper):
    """The first file stays; whoever is linked is not linked again without the mark; the youngest decides."""
    record = keep.record(classes=("juvenile",), reason="without_arrest")
    young = keep.person(record, "Ash Fennel", "witness", born_on=years_ago(12), juvenile=True)
    due = retention.standing_of(record).earliest
    keep.person(record, "Ash Fennel", "witness", born_on=years_ago(40), juvenile=True)
    assert refused(people_files.link, young, record, keeper, "witness", juvenile=False) == "unknown_is_kept"
    standing = retention.standing_of(record)
    assert (standing.status, standing.earliest) == ("upcoming", due)
    written(people_files.change_file, young, keeper, days={"born_on": None})
    assert retention.standing_of(record).status == "unknown", "a birth made unknown keeps the record too"


@pytest.mark.clause("RET-11", "USE-8")
def test_a_case_with_an_arrest_is_not_closed_for_want_of_one_bypass(keep, keeper, make, post_arrest):
    """The reason starts the clock: an arrest under any number of the matter says otherwise, before and after."""
    record = keep.record("open")
    request = post_arrest(record.case_number)
    assert refused(retention.close_case, record, keeper, "without_arrest", today()) == "closing_fits_arrests"
    written(retention.close_case, record, keeper, "prosecution_concluded", today())
    assert request.arrests and not any("No arrest" in one for one in known_of(record).contradictions)


@pytest.mark.clause("RET-11", "USE-8")
def test_an_arrest_reported_after_such_a_closing_is_told_to_whoever_decides_bypass(keep, keeper, post_arrest):
    record = keep.record("open")
    written(retention.close_case, record, keeper, "without_arrest", today())
    post_arrest(record.case_number)
    assert any("an arrest was reported" in one for one in known_of(record).contradictions)


# By splitting ----------------------------------------------------------------------------------------------


@pytest.mark.clause("RET-6", "RET-10")
def test_the_file_of_the_youngest_child_is_not_disposed_of_first_bypass(keep, keeper):
    """Without her file the older child alone would decide: the file goes only with its record, which is kept."""
    record = keep.record(classes=("child_victims_act",))
    keep.person(record, "Wren Sorrel", "victim", born_on=years_ago(60), child_victim=True)
    assert retention.not_due(record) is None
    young = keep.person(record, "Lark Sorrel", "victim", born_on=years_ago(30), child_victim=True)
    for targets in ([young], [record, young], [record]):
        assert refused(disposals.propose, keeper, targets, "The child is grown.") == "every_item_due"
    assert refused(people_files.open_file, record, keeper, "Lark Sorrel", "suspect", child_victim=True)
    assert retention.standing_of(record).status == "upcoming"


@pytest.mark.clause("RET-10", "RET-9")
def test_a_witness_called_a_suspect_elsewhere_does_not_go_before_the_case_bypass(keep, keeper):
    """As a suspect long dead the file would be due by itself; the case in which they are a witness keeps it."""
    kept = keep.record(case_number=CASE, classes=("other_felony",))
    other = keep.record(case_number="2026-075-00077")
    file = keep.person(kept, "Robin Quill", "witness", died_on=date(2010, 1, 5))
    assert refused(disposals.propose, keeper, [file], "Died long ago.") == "every_item_due"
    written(people_files.link, file, other, keeper, "suspect")
    assert refused(disposals.propose, keeper, [file], "Died long ago.") == "every_item_due"
    disposal = written(disposals.propose, keeper, [other], "Its period has run.")
    assert [item.target for item in disposal.items] == [other], "the file does not come along"


# By waiting, and by the worker's own door ------------------------------------------------------------------


@pytest.mark.clause("RET-4", "RET-11")
def test_the_worker_spares_what_became_a_misdemeanor_after_both_approvals_bypass(keep, keeper):
    """Proposed and approved as a violation of two years ago; the court's word comes before the job runs."""
    record = keep.record(closed_on=years_ago(2))
    disposal = keep.disposal("approved", targets=[record])
    written(retention.record_disposition, record, keeper, "misdemeanor", years_ago(2), SOURCE)
    keep.classify(record, ("misdemeanor", "violation"))
    keep.execute()
    db.session.expire_all()
    assert record.state == "classified" and retention.standing_of(record).status == "upcoming"
    assert [item.state for item in disposal.items] == ["spared"]


@pytest.mark.clause("RET-7", "RET-11")
def test_an_investigation_taken_up_again_is_not_ended_by_its_old_closing_bypass(keep, keeper, make):
    """Five years after "no offense" the record is due; a request under the number, zeros left out, begins it anew."""
    record = keep.record(classes=("no_offense_adult",), reason="without_arrest", closed_on=years_ago(6))
    disposal = keep.disposal("once_approved", targets=[record])
    filed = make.request(state="submitted", case_number="2026-075-1234")
    assert filed.case_number == record.case_number
    assert refused(disposals.approve, disposal, keep.people.actor("y.hazel"), password_confirmed=True) == (
        "every_item_due"
    )
    make.withdraw(filed)
    assert retention.standing_of(record).status == "open", "not even once that request has ended"
    assert refused(retention.close_case, record, keeper, "without_arrest", years_ago(6))


# By a typed day of the past --------------------------------------------------------------------------------


@pytest.mark.clause("RET-8", "RET-9", "RET-11")
def test_a_felony_filed_today_is_not_due_today_by_a_person_who_was_a_juvenile_long_ago_bypass(keep, keeper, make):
    """Nobody aged 36 on the day of the matter is a juvenile in it, and no suspect died before it."""
    make.request("withdrawn", case_number=CASE)
    record = keep.record("open")
    written(retention.record_disposition, record, keeper, "juvenile", today(), SOURCE)
    written(retention.close_case, record, keeper, "without_arrest", today())
    written(retention.classify, record, keeper, ("juvenile",))
    keep.person(record, "Ash Fennel", "witness", born_on=date(1990, 1, 1), juvenile=True)
    suspect = keep.person(record, "Ira Longgone", "suspect", died_on=date(2010, 5, 5))
    assert retention.standing_of(record).status == "unknown"
    assert refused(disposals.propose, keeper, [record], "Its period has run.") == "every_item_due"
    told = known_of(record).contradictions
    assert "is marked as a juvenile and turned 18 on 1 Jan 2008; the matter is of 21 Nov 2026." in told[0]
    assert "is a suspect and died on 5 May 2010; the matter is of 21 Nov 2026." in told[1]
    young = next(link.file for link in record.people if link.juvenile)
    written(people_files.change_file, young, keeper, days={"born_on": date(2008, 11, 22)})
    standing = retention.standing_of(record)
    assert standing.status == "upcoming"
    assert standing.earliest >= today() + timedelta(days=365), "no day sooner than a year after the request"
    assert retention.standing_of(suspect).status == "unknown"


@pytest.mark.clause("RET-1", "RET-11")
def test_endings_that_cannot_be_are_told_to_whoever_decides_bypass(keep, keeper, make, post_arrest):
    make.request("withdrawn", case_number=CASE)
    record = keep.record("open")
    written(retention.record_event, record, keeper, "located", today())
    written(retention.close_case, record, keeper, "prosecution_concluded", today())
    told = " ".join(known_of(record).contradictions)
    assert "“Missing person located” of" in told
    assert "and no arrest in this matter was reported." in told
    assert "and a request of the case was filed on" in told
    post_arrest(CASE)
    told = " ".join(known_of(record).contradictions)
    assert "no arrest in this matter" not in told
    assert "and an arrest was reported on" in told
