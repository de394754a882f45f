"""Standings kept for lists: followed with every change, calculated anew each night, never the ground of a decision.

That they are what the rules give is checked after every test of the suite (tests/conftest.py); here is what follows
where a change is not a verb's, and what a difference becomes.
"""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import delete, insert, select, update

from app import audit
from app import calendar as days
from app.domain.retention import disposals, lists, recalculation, stored_eligibility
from app.domain.retention.recalculation import recalculate
from app.extensions import db
from app.jobs.nightly import ask_nightly
from app.models import CaseHistory, CaseRecord, FRRequest, Job, PersonFile, StoredStanding
from app.models.base import now
from app.policy import policy
from app.policy.refused import Refused
from app.unit_of_work import UnrecordedChange, unit_of_work
from tests.eligibility_check import check_kept
from tests.events_and_notices import events
from tests.retention_factory import RetentionFactory
from tests.web.page_reading import soup, text


@pytest.fixture
def keep(make, people) -> RetentionFactory:
    return RetentionFactory(make, people)


@pytest.fixture
def record(keep) -> CaseRecord:
    """A case record that is due."""
    return keep.record()


def row_of(record: CaseRecord) -> StoredStanding:
    db.session.rollback()
    return db.session.scalars(select(StoredStanding).where(StoredStanding.case_record_id == record.id)).one()


def falsify(record: CaseRecord, **values) -> None:
    """Write a standing that the rules do not give, past the program, as of long ago."""
    values = {"calculated_on": date(2020, 1, 1), **values}
    with unit_of_work() as rows:
        rows.execute(update(StoredStanding).where(StoredStanding.case_record_id == record.id).values(**values))


# Followed --------------------------------------------------------------------------------------------------


@pytest.mark.clause("RET-11")
def test_each_change_is_followed_in_its_own_unit(keep, make, people, record):
    assert (row_of(record).status, row_of(record).earliest) == ("disposable", date(2016, 3, 2))
    hold = keep.hold(record)
    assert (row_of(record).status, row_of(record).rule) == ("held", "litigation")
    from app.domain.retention import holds
    from app.domain.retention import verbs as retention

    with unit_of_work():
        holds.release(hold, people.actor("y.hazel"), "The claim was withdrawn.")
    assert row_of(record).status == "disposable"
    request = make.request(state="draft", case_number=record.case_number)
    assert row_of(record).status == "open", "a draft may still be submitted"
    with unit_of_work():
        request.case_number = "2026-075-99999"
        audit.record("request.saved", request, fields=["case_number"])
    assert row_of(record).status == "disposable", "the draft belongs to another case now"
    with unit_of_work():
        retention.reopen(record, people.actor("b.juniper"), date(2026, 1, 2), "An appeal was filed.")
    assert row_of(record).status == "open"
    check_kept()


@pytest.mark.clause("RET-8", "RET-10")
def test_what_is_known_of_a_person_moves_their_cases_and_what_moves_a_case_moves_its_files(keep, people):
    from app.domain.retention import people_files

    record = keep.record(classes=["juvenile"], closed_on=date(2015, 3, 2))
    young = keep.person(record, role="witness", juvenile=True)
    assert row_of(record).status == "unknown", "their day of birth is not known"
    with unit_of_work():
        people_files.change_file(young, people.actor("b.juniper"), days={"born_on": date(2004, 2, 29)})
    assert (row_of(record).status, row_of(record).earliest) == ("disposable", date(2023, 3, 1))
    file = db.session.scalars(select(StoredStanding).where(StoredStanding.person_file_id == young.id)).one()
    assert file.status == "disposable"
    keep.hold(record)
    db.session.refresh(file)
    assert file.status == "held", "the file is kept with its case record"


def test_a_step_that_ends_nothing_calculates_nothing(make, people, monkeypatch):
    from app.domain.requests import verbs as requests

    request = make.request(state="submitted")
    calculated = []
    monkeypatch.setattr(stored_eligibility, "calculate", lambda model, ids, day: calculated.append(model))
    with unit_of_work():
        requests.confirm_discussion(request, people.actor("s.alder"), request.private["answers"])
    assert calculated == []


def test_what_is_disposed_of_is_in_no_list(keep, record):
    victim = keep.person(record)
    keep.disposal("disposed", targets=[record])
    assert db.session.query(StoredStanding).count() == 0
    assert victim.disposed_at is not None
    with unit_of_work():
        from app.domain.retention.verbs import case_record_for

        case_record_for(record.case_number)
    assert row_of(record).status == "open", "a new record under the number of a case that was disposed of"


def test_rows_deleted_by_one_statement_are_followed(record):
    """No verb does it for a record that is kept; whoever writes one need not think of the lists."""
    with unit_of_work() as rows:
        audit.record("person_file.changed", record, file="", fields=[])
        rows.execute(delete(CaseHistory).where(CaseHistory.case_record_id == record.id))
    assert row_of(record).status == "open"


@pytest.mark.parametrize("how", ["updated", "inserted", "raw"])
def test_rows_written_past_the_session_are_refused(record, how):
    line = {
        "uid": "u",
        "created_at": now(),
        "case_record_id": record.id,
        "kind": "reopened",
        "on": date(2026, 1, 1),
        "value": "",
        "recorded_by_id": 1,
    }
    statement = {
        "updated": update(CaseRecord).values(history_seen=0),
        "inserted": insert(CaseHistory).values(line),
        "raw": update(CaseRecord.__table__).values(history_seen=0),
    }[how]
    with pytest.raises(stored_eligibility.Unfollowed, match="case_history" if how == "inserted" else "case_record"):
        with unit_of_work() as rows:
            audit.record("person_file.changed", record, file="", fields=[])
            rows.execute(statement)
    assert row_of(record).status == "disposable", "nothing of it was kept"


def test_a_calculation_is_no_event_but_what_it_follows_from_must_be_one(record):
    with pytest.raises(UnrecordedChange, match="case_record"), unit_of_work():
        record.history_seen = 0
    db.session.expire_all()
    with unit_of_work():
        stored_eligibility.calculate(CaseRecord, [record.id], days.today())


# Lists -----------------------------------------------------------------------------------------------------


@pytest.mark.clause("RET-5", "RET-11")
def test_what_has_a_day_is_due_from_that_day_on_without_a_calculation(keep, people, monkeypatch):
    closed = days.today() - timedelta(days=300)
    record = keep.record(closed_on=closed)
    due = row_of(record).earliest
    assert row_of(record).status == "upcoming"
    actor = people.actor("b.juniper")
    for day, which in ((due - timedelta(days=1), "upcoming"), (due, "due"), (due + timedelta(days=9), "due")):
        counts = lists.counts(actor, day)
        assert {name for name, count in counts.items() if count} == {which, "all"}
        listed = db.session.scalars(lists.rows_of(actor, which, day)).all()
        assert [line.target for line in lists.lines(listed, day)] == [record]
        assert [line.standing.status in lists.LISTS[which] for line in lists.lines(listed, day)]


@pytest.mark.clause("RET-11")
def test_a_kept_standing_never_lets_anything_be_erased(keep, people, sign_in, record):
    keep.hold(record)
    falsify(record, status="disposable", earliest=date(2016, 3, 2))
    page = soup(sign_in("b.juniper").get("/retention"))
    assert "Held" in page.select_one("#records tbody tr").get_text(), "the line says what the rules give now"
    assert "a hold is in force" in text(sign_in("b.juniper").get(f"/retention/cases/{record.case_number}"))
    with pytest.raises(Refused), unit_of_work():
        disposals.propose(people.actor("b.juniper"), [record], "The list says that it is due.")
    recalculate()


@pytest.mark.clause("RET-11")
def test_an_item_approved_twice_is_spared_whatever_the_list_says(keep, people, record):
    disposal = keep.disposal("approved", targets=[record])
    keep.hold(record)
    falsify(record, status="disposable", earliest=date(2016, 3, 2))
    keep.execute()
    assert [item.state for item in disposal.items] == ["spared"]
    assert row_of(record).status == "disposable", "sparing it changed nothing of it: the night mends the list"
    recalculate()
    assert row_of(record).status == "held"


# Each night ------------------------------------------------------------------------------------------------


@pytest.mark.clause("RET-11")
def test_a_change_that_was_not_followed_is_found_recorded_and_shown(keep, sign_in, record):
    keep.person(record)
    falsify(record, status="open", earliest=None, rule="closed_cases_only")
    tally = recalculate()
    assert (tally.compared, tally.different) == (1, 1), "what was calculated today under these rules stands"
    assert events("retention.standing_differed") == [
        {
            "because": "not_followed",
            "before": "open",
            "before_rule": "closed_cases_only",
            "after": "disposable",
            "after_rule": "violation",
        }
    ]
    assert events("retention.recalculated") == [{"day": days.today().isoformat(), "compared": 1, "different": 1}]
    page = text(sign_in("y.hazel").get("/retention/recalculations"))
    assert "1 record compared, 1 differed from the lists." in page
    assert f"Case {record.case_number}" in page
    assert "At work Due Policy clause RET-5 A change was not followed." in page
    assert recalculate().different == 0, "found once"


@pytest.mark.clause("RET-11")
def test_a_record_in_no_list_is_found(record):
    with unit_of_work() as rows:
        rows.execute(delete(StoredStanding))
    assert recalculate().different == 1
    assert events("retention.standing_differed")[0]["before"] == ""
    assert row_of(record).status == "disposable"


@pytest.mark.clause("RET-11")
def test_new_rules_calculate_everything_anew_and_say_what_they_moved(keep, sign_in, record):
    keep.record("open", case_number="2026-075-00002")
    client = sign_in("b.juniper")
    assert "The rules changed" not in text(client.get("/retention"))
    falsify(record, status="permanent", earliest=None, rule="homicide", policy_version="the version before")
    assert "The rules changed" in text(client.get("/retention"))
    assert recalculate().different == 1
    assert events("retention.standing_differed")[0]["because"] == "rules_changed"
    assert "The rules changed" not in text(client.get("/retention"))
    page = text(client.get("/retention/recalculations"))
    assert "Permanent Due Policy clause RET-5 The rules changed." in page


def test_a_first_calculation_and_a_day_that_came_are_no_differences(record):
    falsify(record, status="unknown", earliest=None, rule="unknown_is_kept", policy_version="", calculated_on=None)
    assert recalculate().different == 0, "as a migration leaves it"
    falsify(record, status="upcoming")
    assert recalculate().different == 0, "it was upcoming then"
    assert row_of(record).status == "disposable"


def test_a_calculation_cut_short_goes_on_with_the_rest(keep, monkeypatch):
    for number in range(5):
        keep.record("open", case_number=f"2026-075-0000{number}")
    with unit_of_work() as rows:
        rows.execute(update(StoredStanding).values(policy_version="before", calculated_on=date(2020, 1, 1)))
    monkeypatch.setattr(recalculation, "BATCH", 2)
    whole, calls = recalculation.calculate, []

    def killed(*args):
        calls.append(args)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return whole(*args)

    monkeypatch.setattr(recalculation, "calculate", killed)
    with pytest.raises(KeyboardInterrupt):
        recalculate()
    monkeypatch.setattr(recalculation, "calculate", whole)
    assert recalculate().compared == 1
    assert db.session.query(StoredStanding).filter(StoredStanding.policy_version != policy().version).count() == 0


def test_a_file_that_cannot_be_opened_is_kept_and_stops_nothing(keep, people, app):
    record = keep.record(classes=["juvenile"])
    young = keep.person(record, role="witness", juvenile=True, born_on=date(2000, 1, 1))
    other = keep.record(case_number="2026-075-00002")
    with unit_of_work() as rows:
        audit.record("person_file.changed", young, file=young.uid, fields=[])
        young.sealed = b"damaged"
        rows.flush()
    assert (row_of(record).status, row_of(record).rule) == ("unknown", "unknown_is_kept")
    recalculate()
    assert row_of(other).status == "disposable"
    db.session.execute(delete(StoredStanding))  # what cannot be opened cannot be checked after the test either
    db.session.rollback()
    with unit_of_work() as rows:
        audit.record("person_file.changed", young, file=young.uid, fields=[])
        young.sealed = None


def test_the_night_is_asked_for_once_a_day_and_again_under_new_rules(record, run_jobs, monkeypatch):
    assert ask_nightly() == 2
    assert ask_nightly() == 0
    assert run_jobs() >= 2
    assert len(events("retention.recalculated")) == 1
    tomorrow = days.today() + timedelta(days=1)
    from app.jobs import nightly

    monkeypatch.setattr(nightly, "today", lambda: tomorrow)
    assert ask_nightly() == 2
    once = set(db.session.scalars(select(Job.once).where(Job.kind == "recalculate_standings")))
    assert len(once) == 2
    assert all(policy().version[:16] in name for name in once)


def test_the_command_says_how_many_stood_otherwise(app, record):
    falsify(record, status="open", earliest=None)
    run = app.test_cli_runner().invoke
    assert run(args=["retention", "recalculate"]).output == "1 record compared, 1 stood otherwise.\n"
    assert run(args=["retention", "recalculate"]).output == "0 records compared, 0 stood otherwise.\n"


def test_the_lists_are_read_by_their_indexes(app, people):
    from tests.bulk_rows import asked, plans

    actor, day = people.actor("b.juniper"), days.today()
    with asked() as found:
        lists.counts(actor, day)
        for which in lists.LISTS:
            db.session.scalars(lists.rows_of(actor, which, day).limit(50)).all()
        recalculation.under_other_rules()
    lines = [line for _, plan in plans(found.statements) for line in plan if "stored_standing" in line]
    assert lines
    assert [line for line in lines if "INDEX ix_stored_standing" not in line] == []


def test_every_model_that_a_standing_depends_on_is_watched():
    """The tables that the calculation reads, and no other."""
    read = {FRRequest, CaseRecord, CaseHistory, PersonFile}
    assert read < set(stored_eligibility.DEPENDS)
