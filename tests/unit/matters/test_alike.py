"""Proposals on the same place and text: found however a matter is told twice, opening nothing (REQ-2, RET-11)."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import msgspec
import pytest

from app.access.scoping import visible
from app.domain.matters import comparison, evidence, links, numbers, proposals
from app.domain.requests import verbs as requests
from app.extensions import db, stores
from app.models import AuditEvent, CaseNumber, FRRequest, MatterLink
from app.models.base import now
from app.policy import policy
from app.unit_of_work import unit_of_work
from tests.disclosure_factory import set_back
from tests.policy.matters.test_passages import CYRILLIC, OTHER, TEXT, shuffled
from tests.request_factory import picture
from tests.retention_factory import RetentionFactory
from tests.sql_statements import queries, recorded

FIRST, SECOND, THIRD = "2026-075-01234", "DB-2026-4711", "DB-2026-4712"
PLACE = "120 Fulton Street"


def found() -> dict[frozenset[str], list[str]]:
    """What is proposed, by the pair of numbers."""
    rows = db.session.query(MatterLink).populate_existing()
    return {frozenset((row.first.number, row.second.number)): row.because for row in rows}


def decline(people) -> None:
    officer = people.actor("b.juniper")
    row = db.session.query(MatterLink).filter(MatterLink.ended_at.is_(None)).one()
    with unit_of_work():
        links.decline(row.first, officer, row, "Two robberies of one evening, two matters.")


BOTH = frozenset((FIRST, SECOND))


# The same text --------------------------------------------------------------------------------------------


@pytest.mark.clause("REQ-2", "RET-11", "ACC-11")
@pytest.mark.parametrize(
    "text",
    [TEXT, shuffled(TEXT).replace(".", ";"), TEXT.translate(CYRILLIC), TEXT.replace("Fulton Street", "Fulton St")],
    ids=["as it was", "shuffled", "look-alike letters", "spelled otherwise"],
)
def test_the_same_text_under_another_number_and_account_proposes_one_matter_bypass(filed, people, text):
    filed(FIRST, TEXT)
    second = filed(SECOND, text, requester="m.heron")
    assert found() == {BOTH: ["text"]}
    assert numbers.of_matter(FIRST) == {FIRST}, "a proposal links nothing"
    seen = {one.number for one in db.session.scalars(visible(FRRequest, people.actor("m.heron")))}
    assert seen == {second.number}, "and opens nothing"


PADDING = (
    "Nothing else is known of this person at present, and the squad has looked at recordings of the whole week "
    "before in which nobody of that description appears. Two officers went from door to door between noon and "
    "four, spoke to eleven residents and to the driver of a delivery van, and were told of no vehicle. The owner "
    "keeps no list of guests, and the cleaners had gone home by then. Latent prints were lifted from the door "
    "frame and sent to the laboratory on Monday, which answers in ten days. "
)


@pytest.mark.clause("REQ-2", "RET-11")
@pytest.mark.parametrize("whole_first", [True, False])
def test_a_text_that_is_split_over_two_requests_is_found_bypass(filed, whole_first):
    """Each part is padded until it shares too little by itself; together they tell the same."""
    half, quarter = TEXT.index("A camera"), TEXT.index("When the clerk")
    if whole_first:
        filed(FIRST, TEXT)
    filed(SECOND, PADDING + TEXT[:quarter])
    assert found() == {}, "too little of it yet"
    filed(SECOND, PADDING.upper() + TEXT[quarter:half])
    if not whole_first:
        filed(FIRST, TEXT[:half] + OTHER)
    assert found() == {BOTH: ["text"]}


@pytest.mark.clause("REQ-2")
def test_a_text_moved_from_the_narrative_to_the_basis_is_found_bypass(filed):
    filed(FIRST, TEXT)
    filed(SECOND, "What happened, and why the person must be identified, is told below in full.", why=TEXT)
    assert found() == {BOTH: ["text"]}


@pytest.mark.clause("REQ-2")
def test_another_text_of_the_same_words_proposes_nothing(filed):
    filed(FIRST, TEXT)
    filed(SECOND, OTHER)
    assert found() == {}


# The same place -------------------------------------------------------------------------------------------


@pytest.mark.clause("REQ-2", "RET-11")
@pytest.mark.parametrize(
    "parts",
    [
        {"place": "120 FULTON ST., Brooklyn"},
        {"place": "One hundred twenty Fulton Street", "day": "2026-11-22"},
        {"when_where": "21 November 2026, about 22:40, in front of 120 Fulton St"},
    ],
    ids=["otherwise written", "the day after", "told in another answer"],
)
def test_the_same_place_on_the_same_days_proposes_one_matter_bypass(filed, parts):
    filed(FIRST, TEXT, place=PLACE)
    filed(SECOND, OTHER, requester="m.heron", **parts)
    assert found() == {BOTH: ["place"]}


@pytest.mark.clause("REQ-2")
def test_another_day_another_house_or_no_place_proposes_nothing(filed):
    filed(FIRST, TEXT, place=PLACE)
    filed(SECOND, OTHER, place=PLACE, day="2026-11-23")
    filed(THIRD, "Of this third matter nothing is known but what the two officers saw there.", place="122 Fulton St")
    assert found() == {}


@pytest.mark.clause("REQ-2")
def test_premises_and_crossings_count_as_places(filed):
    filed(FIRST, TEXT, place="Fulton St & Nostrand Ave")
    filed(SECOND, OTHER, place="Nostrand Avenue, corner of Fulton")
    assert found() == {BOTH: ["place"]}


# When, and how many ----------------------------------------------------------------------------------------


@pytest.mark.clause("REQ-2", "RET-11")
def test_waiting_within_the_days_of_the_rule_is_found_and_nothing_older_is_opened_bypass(filed, make, run_jobs):
    days = policy().request.proposal.window_days
    first = filed(FIRST, TEXT)
    set_back(first, submitted_at=now() - timedelta(days=days + 1))
    second = filed(SECOND, TEXT)
    assert found() == {}
    assert [one.request for one in comparison.window()] == [second.number]
    set_back(second, submitted_at=now() - timedelta(days=days - 1))
    filed(THIRD, TEXT)
    assert found() == {frozenset((SECOND, THIRD)): ["text"]}


@pytest.fixture
def rule(monkeypatch):
    """rule(most_compared=2): another rule in this test."""

    def turn(**changes: int) -> None:
        own = policy()
        changed = msgspec.structs.replace(own.request.proposal, **changes)
        turned = dataclasses.replace(own, request=dataclasses.replace(own.request, proposal=changed))
        for module in (comparison, proposals):
            monkeypatch.setattr(module, "policy", lambda: turned)

    return turn


@pytest.mark.clause("REQ-2")
def test_no_more_requests_are_opened_than_the_rule_says_the_last_filed_first(filed, rule):
    made = [filed(number, f"{OTHER} Of {number} no more is known.") for number in (FIRST, SECOND, THIRD)]
    assert len(list(comparison.window())) == 3
    rule(most_compared=2)
    assert {one.request for one in comparison.window()} == {one.number for one in made[1:]}


@pytest.mark.clause("REQ-2")
def test_a_comparison_asks_the_database_as_often_for_many_requests_as_for_few(filed):
    first = filed(FIRST, TEXT)
    asked = []
    for number in (SECOND, THIRD, "DB-2026-4713", "DB-2026-4714"):
        filed(number, f"{OTHER} Of {number} no more is known.")
        db.session.expire_all()
        with recorded() as statements:
            comparison.evidence_for(db.session.get(FRRequest, first.id))
        asked.append(len(queries(statements)))
    assert len(set(asked)) == 1
    assert asked[0] <= 12


@pytest.mark.clause("REQ-2", "RET-11")
def test_of_many_numbers_the_strongest_are_proposed_and_the_others_at_the_next_request(filed, people):
    most = 5
    several = [f"DB-2026-{4700 + one}" for one in range(most + 2)]
    for at, number in enumerate(several):
        filed(number, TEXT, place=PLACE if at == 0 else "")
    db.session.query(MatterLink).count()
    before = set(found())
    filed(FIRST, TEXT, place=PLACE)
    new = set(found()) - before
    assert len(new) == most
    assert frozenset((FIRST, several[0])) in new, "place and text are more than text"
    nearest = {frozenset((FIRST, number)) for number in several[-(most - 1) :]}
    assert nearest <= new, "then the nearest by filing"
    filed(FIRST, TEXT, place=PLACE)
    assert {frozenset((FIRST, number)) for number in several} <= set(found())


# What people decided ---------------------------------------------------------------------------------------


@pytest.mark.clause("REQ-2", "RET-11")
def test_what_was_declined_does_not_come_back_on_the_same_evidence(filed, people):
    filed(FIRST, TEXT, place=PLACE)
    filed(SECOND, OTHER, place="120 Fulton St")
    decline(people)
    filed(SECOND, f"{OTHER} The squad asks once more.", place="120 Fulton St., Brooklyn")
    filed(FIRST, TEXT, place=PLACE)
    assert [row.standing for row in db.session.query(MatterLink)] == ["declined"]


@pytest.mark.clause("REQ-2", "RET-11")
def test_a_weak_proposal_that_was_declined_hides_no_stronger_one_bypass(filed, people):
    """A decoy: half a text is filed so that the proposal is declined, then the whole one."""
    filed(FIRST, TEXT)
    filed(SECOND, TEXT[: TEXT.index("A camera")])
    decline(people)
    filed(SECOND, TEXT)
    rows = db.session.query(MatterLink).order_by(MatterLink.id).all()
    assert [(row.standing, row.because) for row in rows] == [("declined", ["text"]), ("proposed", ["text"])]
    decline(people)
    filed(SECOND, OTHER, place=PLACE)
    assert db.session.query(MatterLink).count() == 2
    filed(FIRST, OTHER.replace("two women", "three women"), place=PLACE)
    assert db.session.query(MatterLink).order_by(MatterLink.id.desc()).first().because == ["place", "text"]


@pytest.mark.clause("REQ-2", "RET-11")
def test_a_link_made_and_ended_by_hand_keeps_the_portal_from_proposing_nothing_bypass(filed, people):
    filed(FIRST, TEXT)
    officer = people.actor("b.juniper")
    number = db.session.query(CaseNumber).filter_by(number=FIRST).one()
    with unit_of_work():
        row = links.link(number, officer, SECOND, "The squad's case of the same robbery.")
    with unit_of_work():
        links.part(number, officer, row, "It was the wrong squad case after all.")
    filed(SECOND, TEXT)
    assert [one.standing for one in db.session.query(MatterLink).order_by(MatterLink.id)] == ["parted", "proposed"]


@pytest.mark.clause("REQ-2")
def test_more_evidence_is_added_to_the_open_proposal_and_stays_through_the_link(filed, people):
    filed(FIRST, TEXT)
    filed(SECOND, TEXT)
    (row,) = db.session.query(MatterLink)
    version = row.first.version
    filed(SECOND, OTHER, place=PLACE)
    filed(FIRST, "Of this matter nothing is known but what the two officers saw there.", place=PLACE)
    db.session.expire_all()
    assert (row.because, row.standing) == (["place", "text"], "proposed")
    assert row.first.version > version, "whoever has the page open is told"
    officer = people.actor("b.juniper")
    with unit_of_work():
        links.accept(row.first, officer, row, "The squad's case of the same robbery.")
    assert {one.kind for one in evidence.of_link(row)} == {"place", "text"}
    assert links.reasons_of(row) == ("The squad's case of the same robbery.",)
    kinds = [event.keys for event in db.session.query(AuditEvent).filter_by(event="matter.proposed")]
    assert len(kinds) == 2


# What is never compared ------------------------------------------------------------------------------------


@pytest.mark.clause("LIM-7", "ACC-11")
@pytest.mark.parametrize("order", [(True, False), (False, True), (True, True)])
def test_a_reserved_request_is_compared_with_nothing_bypass(filed, make, run_jobs, order):
    """Neither its text, its place nor its photograph makes a proposal, whichever is filed first."""
    answers = dict.fromkeys(policy().request.prohibitions, "no")
    for number, political in zip((FIRST, SECOND), order, strict=True):
        parts = {"requester": "i.kestrel", "supervisor": "l.wren"} if political else {}
        stated = {"answers": answers | {policy().request.reserved.id: "yes" if political else "no"}}
        request = filed(number, TEXT, place=PLACE, state="draft", values=stated, **parts)
        # of both the same photograph, but for an ordinary request after a reserved one, which would not be taken
        make.image(request, picture(9) if order[0] and not political else None)
        make.submit(request)
        run_jobs()
    assert found() == {}


@pytest.mark.clause("ACC-11", "RET-11")
def test_a_draft_what_was_sent_back_to_it_and_what_was_erased_are_compared_with_nothing_bypass(
    filed, people, make, run_jobs
):
    filed(FIRST, TEXT, state="draft")
    denied = filed(SECOND, TEXT)
    supervisor = people.actor("s.alder")
    with unit_of_work():
        requests.deny_discussion(denied, supervisor, "This was never discussed with me at all.")
    gone = filed(THIRD, TEXT)
    stores().keys.destroy(gone.key_id)
    db.session.expunge_all()
    filed("DB-2026-4713", TEXT)
    assert found() == {}


@pytest.mark.clause("RET-11")
def test_what_is_disposed_of_before_the_proposal_is_made_is_not_proposed_bypass(filed, make, people):
    filed(FIRST, TEXT)
    second = filed(SECOND, OTHER)
    likeness = {FIRST: [evidence.Evidence("text", (second.number, "FR-2020-000001"), ("1",), 90)]}
    with unit_of_work():
        assert proposals.propose(second, likeness) == 0
    assert found() == {}


@pytest.mark.clause("RET-11", "ACC-10")
def test_the_evidence_of_a_proposal_goes_with_either_case(filed, make, people):
    filed(FIRST, TEXT, state="withdrawn")
    filed(SECOND, TEXT, state="withdrawn")
    (row,) = db.session.query(MatterLink)
    key, keep = row.key_id, RetentionFactory(make, people)
    assert evidence.of_link(row)[0].marks
    keep.disposal("disposed", targets=[keep.record(case_number=FIRST)])
    assert stores().keys.is_destroyed(key)
    db.session.refresh(row)
    assert (row.sealed, evidence.of_link(row)) == (None, [evidence.Evidence("text")])


# Requests of before ----------------------------------------------------------------------------------------


@pytest.mark.clause("REQ-2")
def test_the_command_compares_what_is_filed_already_and_proposes_it_once(filed, app, monkeypatch):
    with monkeypatch.context() as without:
        without.setattr(requests, "_compare", lambda _: None)
        filed(FIRST, TEXT, place=PLACE)
        filed(SECOND, TEXT, place=PLACE)
        filed(THIRD, OTHER)
    assert found() == {}
    first = app.test_cli_runner().invoke(args=["matters", "propose"])
    assert first.exit_code == 0, first.output
    assert "3 requests compared; 1 proposal made or added to." in first.output
    assert found() == {BOTH: ["place", "text"]}
    again = app.test_cli_runner().invoke(args=["matters", "propose"])
    assert "3 requests compared; 0 proposals made or added to." in again.output
