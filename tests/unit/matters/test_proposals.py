"""Proposals on the same photograph: made when a request is filed, decided by people, opening nothing."""

from __future__ import annotations

import pytest

from app.access.scoping import visible
from app.domain.matters import links, numbers
from app.extensions import db
from app.models import CaseNumber, FRRequest, MatterLink
from app.unit_of_work import unit_of_work
from tests.policy.matters.test_passages import OTHER, TEXT

FIRST, SECOND = "2026-075-01234", "DB-2026-4711"


@pytest.mark.clause("REQ-2", "AUD-1")
def test_the_same_photograph_under_another_number_proposes_one_matter_bypass(filed, make, people, run_jobs):
    filed(FIRST, TEXT, seed=31)
    draft = filed(SECOND, OTHER, seed=31, state="draft", requester="m.heron", place="Another Street 9")
    assert db.session.query(MatterLink).count() == 0, "a draft is its investigator's alone"
    make.submit(draft)
    run_jobs()
    row = db.session.query(MatterLink).one()
    assert (row.standing, row.because) == ("proposed", ["photograph"])
    assert {row.first.number, row.second.number} == {FIRST, SECOND}
    assert numbers.of_matter(FIRST) == {FIRST}, "a proposal links nothing"
    seen = {one.number for one in db.session.scalars(visible(FRRequest, people.actor("m.heron")))}
    assert seen == {draft.number}


@pytest.mark.clause("REQ-2")
def test_another_photograph_proposes_nothing_and_what_was_declined_is_not_proposed_again(filed, people):
    filed(FIRST, TEXT, seed=31)
    filed("DB-2026-1", OTHER, seed=32)
    assert db.session.query(MatterLink).count() == 0
    said = "Of this matter nothing is known but what the two officers saw there."
    filed(SECOND, said, seed=31, requester="m.heron", place="Another Street 9")
    row, officer = db.session.query(MatterLink).one(), people.actor("b.juniper")
    number = db.session.query(CaseNumber).filter_by(number=SECOND).one()
    with unit_of_work():
        links.decline(number, officer, row, "The same film, shown by two shops on two days.")
    filed(SECOND, said.upper(), seed=31, place="A third place 7")
    assert [one.standing for one in db.session.query(MatterLink)] == ["declined"]
