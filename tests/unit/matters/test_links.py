"""Links of numbers of one matter: what follows the matter, what a link never opens, and how it ends."""

from __future__ import annotations

from datetime import date

import pytest

from app.access.scoping import visible
from app.domain.disclosures.items import available, check_own_case, offered_to
from app.domain.identification.lineage import SAME_MATTER, earlier_searches
from app.domain.matters import links, numbers
from app.domain.matters.evidence import Evidence
from app.domain.requests.ledger import lead_received
from app.domain.retention import verbs as retention
from app.domain.retention.known import known_of
from app.extensions import db, stores
from app.models import CaseNumber, FRRequest, StoredStanding
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from tests.retention_factory import RetentionFactory

FIRST, SECOND, THIRD = "2026-075-01234", "DB-2026-4711", "DB-2026-4712"
WHY = "The squad's case of the same robbery, as the case system says."


@pytest.fixture
def keep(make, people):
    return RetentionFactory(make, people)


def number(text: str) -> CaseNumber:
    return db.session.query(CaseNumber).filter_by(number=text).one()


@pytest.fixture
def linked(people):
    """Links two numbers as a records officer does."""

    def link(first: str = FIRST, second: str = SECOND, by: str = "b.juniper"):
        actor = people.actor(by)
        with unit_of_work():
            return links.link(number(first), actor, second, WHY)

    return link


def refused(what, *args) -> str:
    with pytest.raises(Refused) as refusal, unit_of_work():
        what(*args)
    return refusal.value.rule_id


def together() -> list[set[str]]:
    """The matters, as sets of numbers."""
    found: dict[str, set[str]] = {}
    for row in db.session.query(CaseNumber).populate_existing():
        found.setdefault(row.matter, set()).add(row.number)
    return sorted(found.values(), key=sorted)


@pytest.mark.clause("AUD-1", "REQ-2")
def test_earlier_searches_follow_the_matter_bypass(make, linked):
    first = make.request(state="searched", case_number=FIRST, seed=31)
    second = make.request(state="probe_selected", case_number=SECOND, seed=32, requester="m.heron")
    assert earlier_searches(second.current_search) == []
    linked()
    assert [(one.request, one.related_by) for one in earlier_searches(second.current_search)] == [
        (first, (SAME_MATTER,))
    ]


@pytest.mark.clause("RET-11")
def test_no_record_goes_while_another_of_its_matter_is_kept_bypass(keep, linked, people):
    """Splitting a matter over two numbers, one of them closed long ago with a small class, disposes of nothing."""
    due = keep.record(case_number=FIRST)
    kept = keep.record(case_number=SECOND, classes=["homicide"])
    assert retention.standing_of(due).status == "disposable"
    linked()
    standing = retention.standing_of(due)
    assert (standing.status, standing.why.rule_id) == ("permanent", "one_matter")
    assert f"Case {SECOND}, of the same matter" in str(standing)
    assert retention.not_due(due).rule_id == "one_matter"
    assert retention.standing_of(kept).why.rule_id != "one_matter"
    stored = {row.case_record.case_number: row.status for row in db.session.query(StoredStanding)}
    assert stored == {FIRST: "permanent", SECOND: "permanent"}, "the lists follow"


@pytest.mark.clause("RET-11")
def test_the_longest_period_of_the_matter_counts_for_every_record(keep, linked):
    short = keep.record(case_number=FIRST)
    keep.record(case_number=SECOND, classes=["other_felony"])
    alone = retention.standing_of(short).earliest
    linked()
    standing = retention.standing_of(short)
    assert standing.earliest > alone
    assert standing.status == ("disposable" if standing.earliest <= retention.today() else "upcoming")


@pytest.mark.clause("RET-11")
def test_a_hold_and_open_work_hold_the_whole_matter(keep, linked, make):
    due, other = keep.record(case_number=FIRST), keep.record(case_number=SECOND)
    linked()
    assert retention.standing_of(due).status == "disposable"
    hold = keep.hold(other)
    assert retention.standing_of(due).status == "held"
    keep_released = keep.hold(keep.record(case_number=THIRD), state="released")
    assert keep_released.state == "released"
    assert hold.state == "placed"
    make.empty(case_number=SECOND)
    assert retention.facts_of(due).open_requests == 1


@pytest.mark.clause("EXT-2", "ACC-11")
def test_a_package_follows_the_matter_and_a_link_opens_nothing_bypass(make, linked, people):
    """The investigator of one number is offered nothing of the other; who discloses from any case has it all."""
    mine = make.request(state="reported", case_number=FIRST)
    make.request(state="reported", case_number=SECOND, requester="m.heron", seed=33)
    investigator, officer = people.actor("d.lark"), people.actor("b.juniper")
    before = {thing.uid for thing in offered_to(FIRST, investigator)}
    seen = {row.number for row in db.session.scalars(visible(FRRequest, investigator))}
    linked()
    assert len(available(FIRST)) == 2 * len(before)
    assert {thing.uid for thing in offered_to(FIRST, investigator)} == before
    assert {thing.uid for thing in offered_to(FIRST, officer)} == {thing.uid for thing in available(FIRST)}
    assert {row.number for row in db.session.scalars(visible(FRRequest, investigator))} == seen == {mine.number}
    with pytest.raises(Refused):
        check_own_case(SECOND, investigator)


@pytest.mark.clause("USE-8")
def test_a_possible_match_counts_as_received_in_the_whole_matter(make, linked):
    make.request(state="reported", case_number=FIRST)
    other = make.request(state="submitted", case_number=SECOND, requester="m.heron", seed=33)
    assert lead_received(other) is None
    linked()
    assert lead_received(other) is not None


@pytest.mark.clause("USE-8")
def test_it_counts_as_received_under_another_number_with_the_same_photograph_bypass(make):
    """By splitting: the arrest is reported in a request of another number, which holds the photograph too."""
    make.request(state="reported", case_number=FIRST)
    other = make.request(state="submitted", case_number=SECOND, requester="m.heron")
    assert lead_received(other) is not None


@pytest.mark.clause("REQ-2", "RET-11")
def test_a_link_that_ends_parts_only_what_it_held_together(keep, linked, people):
    for text in (FIRST, SECOND, THIRD):
        keep.record("open", case_number=text)
    linked()
    last, officer, other = linked(SECOND, THIRD), people.actor("b.juniper"), people.actor("p.aspen")
    assert together() == [{FIRST, SECOND, THIRD}]
    assert refused(links.link, number(FIRST), officer, THIRD, WHY) == "one-matter"
    assert refused(links.part, number(SECOND), officer, last, "wrong") == "one-matter"
    with unit_of_work():
        links.part(number(SECOND), other, last, "The robbery in the station is another matter.")
    assert together() == [{FIRST, SECOND}, {THIRD}]
    assert links.reasons_of(last) == (WHY, "The robbery in the station is another matter.")


@pytest.mark.clause("RET-11")
def test_who_approves_a_disposal_reads_that_a_link_was_ended_bypass(keep, linked, people):
    due = keep.record(case_number=FIRST)
    keep.record("open", case_number=SECOND)
    row, officer = linked(), people.actor("b.juniper")
    assert retention.standing_of(due).status == "open"
    with unit_of_work():
        links.part(number(FIRST), officer, row, "It was the wrong squad case after all.")
    assert retention.standing_of(due).status == "disposable"
    assert any(SECOND in told and "ended the link" in told for told in known_of(due).contradictions)


@pytest.mark.clause("REQ-2")
def test_the_portal_proposes_once_and_people_decide(keep, people):
    for text in (FIRST, SECOND):
        keep.record("open", case_number=text)
    officer = people.actor("b.juniper")
    with unit_of_work():
        row = links.propose(number(SECOND), number(FIRST), [Evidence("number")])
    assert row.standing == "proposed"
    assert together() == [{FIRST}, {SECOND}], "a proposal links nothing"
    with unit_of_work():
        assert links.propose(number(FIRST), number(SECOND), [Evidence("number")]) is None
    with unit_of_work():
        links.decline(number(FIRST), officer, row, "Two robberies of one evening, two matters.")
    with unit_of_work():
        assert links.propose(number(FIRST), number(SECOND), [Evidence("number")]) is None, "it was declined"
    assert refused(links.accept, number(FIRST), officer, row, WHY) == "one-matter"
    with unit_of_work():
        again = links.link(number(FIRST), officer, SECOND, WHY)
    assert again.standing == "linked"


@pytest.mark.clause("REQ-2")
@pytest.mark.parametrize("typed", ["2026-075-1234", "the robbery", "", "2026-75-1"])
def test_what_is_no_other_number_is_not_linked(keep, people, typed):
    keep.record("open", case_number=FIRST)
    assert refused(links.link, number(FIRST), people.actor("b.juniper"), typed, WHY) in {
        "one-matter",
        "complaint-number",
    }


@pytest.mark.clause("REQ-2")
def test_an_arrest_number_can_be_linked_though_no_request_is_filed_under_it(keep, make, linked, people):
    keep.record("open", case_number=FIRST)
    linked(second="m26600001")
    assert numbers.of_matter(FIRST) == {FIRST, "M26600001"}
    with pytest.raises(Refused):
        make.empty(case_number="M26600001")


@pytest.mark.clause("ACC-11", "LIM-7")
def test_an_examiner_knows_only_numbers_under_which_they_know_a_request(make, linked, people):
    make.request(state="submitted", case_number=FIRST)
    make.empty(case_number=SECOND)  # a draft is its investigator's alone
    linked()
    examiner, investigator = people.actor("k.rowan"), people.actor("d.lark")
    assert [row.number for row in db.session.scalars(visible(CaseNumber, examiner))] == [FIRST]
    assert [row.number for row in links.numbers_of(number(FIRST), examiner)] == [FIRST]
    assert links.links_of(number(FIRST), examiner) == []
    (row,) = [line.row for line in links.links_of(number(FIRST), people.actor("b.juniper"))]
    assert refused(links.part, number(FIRST), examiner, row, WHY) == "one-matter"
    assert db.session.scalars(visible(CaseNumber, investigator)).all() == []
    assert refused(links.part, number(FIRST), investigator, row, WHY) == "matter.link"


@pytest.mark.clause("RET-11", "ACC-10")
def test_the_words_of_a_link_go_with_either_case(keep, linked):
    first, second = keep.record(case_number=FIRST), keep.record(case_number=SECOND)
    row = linked()
    key = row.key_id
    keep.disposal("disposed", targets=[first])
    assert (row.sealed, links.reasons_of(row), stores().keys.is_destroyed(key)) == (None, (), True)
    standing = retention.standing_of(second)
    assert (standing.status, standing.earliest) == ("disposable", date(2016, 3, 2)), "what is gone keeps nothing"
