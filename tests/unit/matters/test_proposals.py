"""Proposals on the same photograph: made when a request is filed, decided by people, opening nothing."""

from __future__ import annotations

import pytest

from app.access.scoping import visible
from app.domain.matters import links, numbers
from app.extensions import db
from app.models import CaseNumber, FRRequest, MatterLink
from app.unit_of_work import unit_of_work

FIRST, SECOND = "2026-075-01234", "DB-2026-4711"


@pytest.mark.clause("REQ-2", "AUD-1")
def test_the_same_photograph_under_another_number_proposes_one_matter_bypass(make, people):
    make.request(state="submitted", case_number=FIRST, seed=31)
    draft = make.request(state="draft", case_number=SECOND, seed=31, requester="m.heron")
    assert db.session.query(MatterLink).count() == 0, "a draft is its investigator's alone"
    make.submit(draft)
    row = db.session.query(MatterLink).one()
    assert (row.standing, row.because) == ("proposed", ["photograph"])
    assert {row.first.number, row.second.number} == {FIRST, SECOND}
    assert numbers.of_matter(FIRST) == {FIRST}, "a proposal links nothing"
    seen = {one.number for one in db.session.scalars(visible(FRRequest, people.actor("m.heron")))}
    assert seen == {draft.number}


@pytest.mark.clause("REQ-2")
def test_another_photograph_proposes_nothing_and_what_was_declined_is_not_proposed_again(make, people):
    make.request(state="submitted", case_number=FIRST, seed=31)
    make.request(state="submitted", case_number="DB-2026-1", seed=32)
    assert db.session.query(MatterLink).count() == 0
    make.request(state="submitted", case_number=SECOND, seed=31, requester="m.heron")
    row, officer = db.session.query(MatterLink).one(), people.actor("b.juniper")
    number = db.session.query(CaseNumber).filter_by(number=SECOND).one()
    with unit_of_work():
        links.decline(number, officer, row, "The same film, shown by two shops on two days.")
    make.request(state="submitted", case_number=SECOND, seed=31, requester="m.heron")
    assert db.session.query(MatterLink).one().standing == "declined"
