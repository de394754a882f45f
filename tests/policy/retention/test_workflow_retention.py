"""Case records, holds and disposals: the engine against the table, and each condition asked of the engine itself.

The expectations of the first part are read from the policy files; what is tested is that nothing passes `advance`
beside them. The second part is written from the clauses: each test spoils one thing and asks what the engine answers.
"""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.access.actor import Actor, system_actor
from app.domain.retention import disposals, erasure, holds
from app.domain.retention import verbs as retention
from app.domain.retention.eligibility import today
from app.extensions import db
from app.models import CaseRecord, DisposalItem
from app.models.retention import HOLD_STATES, RECORD_STATES
from app.models.retention import STATES as DISPOSAL_STATES
from app.policy import policy
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from app.workflow import advance, explain
from app.workflow.engine import check_separations
from tests.retention_factory import FIRST, KEEPER, LONG_AGO, MAKERS, SECOND, RetentionFactory

STATES = {"case_record": RECORD_STATES, "hold": HOLD_STATES, "disposal": DISPOSAL_STATES}
ROWS = [row for subject in STATES for row in policy().workflow(subject).transitions]
#: part -> who holds it in what `RetentionFactory` makes
PARTS = {"hold_placer": KEEPER, "disposal_proposer": KEEPER, "disposal_first_approver": FIRST}
SUBJECT = {row.id: subject for subject in STATES for row in policy().workflow(subject).transitions}


@pytest.fixture
def keep(make, people):
    return RetentionFactory(make, people)


def somebody(account, *, without: str = "") -> Actor:
    """A person with every capability there is but one."""
    every = frozenset(policy().capabilities) - {without}
    return Actor(account.id, account.name, "", "", "", frozenset(), every, frozenset({"fr"}), "present")


def refused_by(subject, verb, actor, **facts) -> str | None:
    refusal = explain(subject, verb, actor, **facts)
    return refusal.rule_id if refusal else None


# The engine against the table ---------------------------------------------------------------------------------


def test_the_tables_and_the_database_know_the_same_states():
    for subject, states in STATES.items():
        assert {state.id for state in policy().workflow(subject).states} == set(states)


@pytest.mark.clause("RET-11", "ACC-7")
@pytest.mark.parametrize(
    ("subject", "state"), [(s, state) for s, states in STATES.items() for state in states], ids=str
)
def test_every_verb_is_refused_where_the_table_does_not_list_it_and_needs_its_capability(keep, people, subject, state):
    row, flow = MAKERS[subject](keep, state), policy().workflow(subject)
    stranger = people.account("c.hawthorn")
    for verb in sorted({step.verb for step in flow.transitions}):
        listed = next((step for step in flow.transitions if step.verb == verb and state in step.sources), None)
        if listed is None:
            with pytest.raises(Refused) as refusal, unit_of_work():
                advance(row, verb, somebody(stranger))
            assert refusal.value.rule_id in {step.id for step in flow.transitions if step.verb == verb}
        else:
            with pytest.raises(Refused) as refusal, unit_of_work():
                advance(row, verb, somebody(stranger, without=listed.capability))
            assert refusal.value.rule_id == listed.capability
        assert row.state == state


@pytest.mark.clause("RET-11")
@pytest.mark.parametrize(
    ("row", "part"),
    [(row, part) for row in ROWS for part in row.separations],
    ids=lambda value: getattr(value, "id", value),
)
def test_every_separation_keeps_the_same_person_out_whatever_they_may_do(keep, people, row, part):
    subject = MAKERS[SUBJECT[row.id]](keep, "once_approved" if part == "disposal_first_approver" else row.sources[0])
    with pytest.raises(Refused) as refusal:
        check_separations(row, subject, somebody(people.account(PARTS[part])))
    assert refusal.value.rule_id == part
    check_separations(row, subject, somebody(people.account("c.hawthorn")))


@pytest.mark.clause("RET-11")
def test_the_parts_that_must_differ_are_separated():
    """Written here from the clause and the issue, not read from the table."""
    listed = {row.id: set(row.separations) for row in ROWS}
    assert listed["WF-disposal-approve-first"] >= {"disposal_proposer"}
    assert listed["WF-disposal-approve-second"] >= {"disposal_proposer", "disposal_first_approver"}
    assert listed["WF-disposal-decline"] >= {"disposal_proposer"}
    assert listed["WF-hold-release"] >= {"hold_placer"}
    due = {row.id: set(row.conditions) for row in ROWS}
    for step in ("WF-disposal-propose", "WF-disposal-approve-first", "WF-disposal-approve-second"):
        assert due[step] >= {"every_item_due", "files_with_their_records"}
    assert due["WF-case-dispose"] >= {"record_due", "disposal_approved_twice"}
    for step in ("WF-disposal-approve-first", "WF-disposal-approve-second"):
        assert "password_confirmed" in due[step]


# Three people --------------------------------------------------------------------------------------------------


@pytest.mark.clause("RET-11")
def test_nobody_approves_what_they_proposed_nor_anything_twice(keep, people):
    disposal = keep.disposal("proposed")
    proposer, first, second = (people.actor(name) for name in (KEEPER, FIRST, SECOND))
    assert proposer.can("disposal.approve"), "the capability alone would let them"
    assert refused_by(disposal, "approve", proposer, password_confirmed=True) == "disposal_proposer"
    assert refused_by(disposal, "decline", proposer, reason="No.") == "disposal_proposer"
    keep.approve(disposal, FIRST)
    assert refused_by(disposal, "approve", first, password_confirmed=True) == "disposal_first_approver"
    with pytest.raises(Refused), unit_of_work():
        disposals.approve(disposal, first, password_confirmed=True)
    with pytest.raises(Refused), unit_of_work():
        disposals.approve(disposal, proposer, password_confirmed=True)
    assert (disposal.state, disposal.second_approver_id) == ("once_approved", None)
    assert refused_by(disposal, "approve", second, password_confirmed=True) is None
    disposal.first_approver_id = None
    with db.session.no_autoflush:
        assert refused_by(disposal, "approve", first, password_confirmed=True) == "disposal_first_approver"
    db.session.rollback()


@pytest.mark.clause("RET-11")
@pytest.mark.parametrize(
    ("columns", "check"),
    [
        ("first_approver_id = proposed_by_id", "proposer_is_not_first_approver"),
        ("second_approver_id = proposed_by_id", "proposer_is_not_second_approver"),
        ("second_approver_id = first_approver_id", "approvers_differ"),
        ("first_approver_id = NULL", "first_before_second"),
        ("second_approver_id = NULL", "executed_is_approved_twice"),
        ("state = 'disposed'", "disposed_is_certified"),
    ],
)
def test_the_database_refuses_a_disposal_without_three_people_and_a_certificate(keep, columns, check):
    disposal = keep.disposal("approved")
    with pytest.raises(IntegrityError, match=check), unit_of_work() as rows:
        rows.execute(text(f"UPDATE disposal SET {columns} WHERE id = {disposal.id}"))


@pytest.mark.clause("RET-11")
def test_nobody_releases_their_own_hold(keep, people):
    hold = keep.hold(keep.record())
    placer = people.actor(KEEPER)
    assert placer.can("hold.release")
    assert refused_by(hold, "release", placer, reason="Over.") == "hold_placer"
    with pytest.raises(Refused), unit_of_work():
        holds.release(hold, placer, "Over.")
    assert (hold.state, hold.released_by_id) == ("placed", None)
    with pytest.raises(IntegrityError, match="placer_does_not_release"), unit_of_work() as rows:
        rows.execute(text("UPDATE legal_hold SET state = 'released', released_by_id = placed_by_id, released_at = 0"))
    assert refused_by(hold, "release", people.actor(FIRST)) == "reason_given"
    with unit_of_work():
        holds.release(hold, people.actor(FIRST), "Over.")
    assert hold.state == "released"


# Conditions of a case record -----------------------------------------------------------------------------------


@pytest.mark.clause("RET-11")
def test_a_case_is_closed_for_one_of_the_four_reasons_on_a_day_that_has_come(keep, people):
    record, keeper = keep.record("open"), people.actor(KEEPER)
    facts = {"kind": "closed", "reason": "settled", "day": LONG_AGO}
    assert refused_by(record, "close_case", keeper, **facts) is None
    assert refused_by(record, "close_case", keeper, **{**facts, "reason": "tired"}) == "closure_reason_known"
    assert refused_by(record, "close_case", keeper, **{**facts, "day": None}) == "day_in_order"
    tomorrow = today() + timedelta(days=1)
    assert refused_by(record, "close_case", keeper, **{**facts, "day": tomorrow}) == "day_in_order"
    keep.close(record)
    earlier = {"kind": "reopened", "reason": "Appeal.", "day": LONG_AGO - timedelta(days=1)}
    assert refused_by(record, "reopen", keeper, **earlier) == "day_in_order"
    assert refused_by(record, "reopen", keeper, **{**earlier, "day": LONG_AGO, "reason": " "}) == "reason_given"
    assert refused_by(record, "reopen", keeper, **{**earlier, "day": LONG_AGO}) is None


@pytest.mark.clause("RET-1", "RET-11")
def test_only_known_dispositions_and_events_are_recorded_and_they_stale_the_class(keep, people):
    record, keeper = keep.record("classified"), people.actor(KEEPER)
    facts = {"kind": "event", "value": "located", "day": LONG_AGO}
    assert refused_by(record, "record_history", keeper, **facts) is None
    for wrong in ({"value": "homicide"}, {"kind": "disposition"}, {"value": "guessed"}, {"kind": "closed"}):
        assert refused_by(record, "record_history", keeper, **{**facts, **wrong}) == "history_line_known"
    assert retention.standing_of(record).status == "disposable"
    with unit_of_work():
        retention.record_disposition(record, keeper, "other_felony", LONG_AGO)
    assert record.state == "closed"
    assert retention.standing_of(record).status == "unclassified"
    with unit_of_work():
        retention.reopen(record, keeper, today(), "An appeal was granted.")
    assert (record.state, retention.standing_of(record).status) == ("open", "open")


@pytest.mark.clause("RET-11")
def test_a_class_is_confirmed_on_the_history_as_it_stands_and_a_difference_is_reasoned(keep, people):
    record, keeper = keep.record("closed"), people.actor(KEEPER)
    facts = {"classes": ["violation"], "proposed": ["violation"], "history_seen": len(record.history), "reason": ""}
    assert refused_by(record, "classify", keeper, **facts) is None
    assert refused_by(record, "classify", keeper, **{**facts, "classes": []}) == "classes_known"
    assert refused_by(record, "classify", keeper, **{**facts, "classes": ["murder"]}) == "classes_known"
    assert refused_by(record, "classify", keeper, **{**facts, "history_seen": 1}) == "history_unchanged"
    other = {**facts, "classes": ["misdemeanor"]}
    assert refused_by(record, "classify", keeper, **other) == "difference_reasoned"
    assert refused_by(record, "classify", keeper, **{**other, "reason": "As pleaded."}) is None
    for args in ((["misdemeanor"], ""), ([], "why")):
        with pytest.raises(Refused), unit_of_work():
            retention.classify(record, keeper, *args)
    assert (record.state, record.classified_by_id, record.classes) == ("closed", None, [])


# Conditions of a disposal --------------------------------------------------------------------------------------


@pytest.mark.clause("RET-11")
def test_a_record_is_erased_only_in_an_executing_disposal_of_three_people(keep, people):
    record, portal = keep.record(), system_actor()
    assert refused_by(record, "dispose", portal) == "disposal_approved_twice"
    approved = keep.disposal("approved", targets=[record])
    assert refused_by(record, "dispose", portal, disposal=approved.number) == "disposal_approved_twice"
    other = keep.disposal("executing")
    assert refused_by(record, "dispose", portal, disposal=other.number) == "disposal_approved_twice"
    with unit_of_work():
        erasure.begin(approved)
    assert refused_by(record, "dispose", portal, disposal=approved.number) is None
    with db.session.no_autoflush:
        approved.second_approver_id = approved.first_approver_id
        assert refused_by(record, "dispose", portal, disposal=approved.number) == "disposal_approved_twice"
        approved.second_approver_id = None
        assert refused_by(record, "dispose", portal, disposal=approved.number) == "disposal_approved_twice"
    db.session.rollback()
    keep.hold(record)
    assert refused_by(record, "dispose", portal, disposal=approved.number) == "record_due"


SPOILED = {
    "a hold": lambda keep, record: keep.hold(record),
    "an open request": lambda keep, record: keep.make.empty(case_number=record.case_number),
    "a new line of history": lambda keep, record: keep_history(keep, record),
}


def keep_history(keep: RetentionFactory, record: CaseRecord) -> None:
    with unit_of_work():
        retention.record_disposition(record, keep.people.actor(KEEPER), "homicide", LONG_AGO)


@pytest.mark.clause("RET-1", "RET-11")
@pytest.mark.parametrize("what", SPOILED)
def test_every_approval_asks_anew_whether_everything_is_due(keep, people, what):
    record, later = keep.record(case_number="2026-075-00001"), keep.record(case_number="2026-075-00002")
    proposed, once = keep.disposal(targets=[record]), keep.disposal("once_approved", targets=[later])
    for target in (record, later):
        SPOILED[what](keep, target)
    second = people.actor(SECOND)
    for disposal in (proposed, once):
        assert refused_by(disposal, "approve", second, password_confirmed=True) == "every_item_due"
        with pytest.raises(Refused), unit_of_work():
            disposals.approve(disposal, second, password_confirmed=True)
    assert [proposed.state, once.state] == ["proposed", "once_approved"]


@pytest.mark.clause("RET-5", "RET-11")
def test_nothing_is_proposed_before_its_day(keep, people):
    proposer = people.actor(KEEPER)
    recent = keep.record(closed_on=today() - timedelta(days=300), case_number="2026-075-00001")
    for early in (recent, keep.record("closed", case_number="2026-075-00002")):
        with pytest.raises(Refused) as refusal, unit_of_work():
            disposals.propose(proposer, [early], "Early.")
        assert refusal.value.rule_id == "every_item_due"
    with pytest.raises(Refused) as refusal, unit_of_work():
        disposals.propose(proposer, [], "An empty list.")
    assert refusal.value.rule_id == "records_chosen"
    due = keep.record(case_number="2026-075-00003")
    keep.disposal(targets=[due])
    with pytest.raises(Refused) as refusal, unit_of_work():
        disposals.propose(proposer, [due], "Twice.")
    assert refusal.value.rule_id == "records_chosen"


@pytest.mark.clause("RET-9", "RET-10")
def test_a_file_is_not_proposed_without_the_records_it_belongs_to(keep, people):
    record, proposer = keep.record(), people.actor(KEEPER)
    suspect = keep.person(record, role="suspect", died_on=date(2010, 5, 5))
    assert retention.standing_of(suspect).status == "disposable"
    with pytest.raises(Refused) as refusal, unit_of_work():
        disposals.propose(proposer, [suspect], "Alone.")
    assert refusal.value.rule_id == "files_with_their_records"
    disposal = keep.disposal("proposed", targets=[suspect, record])
    assert [item.target for item in disposal.items] == [record, suspect], "records first"


@pytest.mark.clause("RET-11")
def test_approval_needs_the_password_and_withdrawal_the_proposer(keep, people):
    disposal = keep.disposal("proposed")
    for given in ({}, {"password_confirmed": False}, {"password_confirmed": "yes"}):
        assert refused_by(disposal, "approve", people.actor(FIRST), **given) == "password_confirmed"
    assert refused_by(disposal, "decline", people.actor(FIRST)) == "reason_given"
    assert refused_by(disposal, "withdraw", people.actor(FIRST), reason="Mine?") == "actor_proposed_it"
    assert refused_by(disposal, "withdraw", people.actor(KEEPER)) == "reason_given"
    assert refused_by(disposal, "withdraw", people.actor(KEEPER), reason="A mistake.") is None


@pytest.mark.clause("RET-11")
def test_a_disposal_ends_when_everything_is_done_and_certified(keep):
    disposal, portal = keep.disposal("executing"), system_actor()
    assert refused_by(disposal, "finish", portal) == "every_item_done"
    with db.session.no_autoflush:
        for item in disposal.items:
            item.state = "erased"
        assert refused_by(disposal, "finish", portal) == "certificate_stored"
    db.session.rollback()


@pytest.mark.clause("RET-11")
def test_a_request_goes_only_with_its_case_record_and_a_record_begins_anew_only_when_all_is_erased(keep, make):
    request = make.request(state="withdrawn", case_number="2026-075-00001")
    record = db.session.query(CaseRecord).one()
    assert refused_by(request, "dispose", system_actor(), disposal="DP-1") == "case_record_disposed"
    keep.close(record)
    keep.classify(record)
    keep.disposal("disposed", targets=[record])
    assert refused_by(record, "begin_again", system_actor()) is None
    with db.session.no_autoflush:
        db.session.query(DisposalItem).one().state = "erasing"
        db.session.execute(text("UPDATE disposal_item SET state = 'erasing', erased_at = NULL"))
        assert refused_by(record, "begin_again", system_actor()) == "erasure_finished"
    db.session.rollback()
