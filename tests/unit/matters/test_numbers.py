"""Numbers as people type them: one number is one case, whatever its zeros, strokes and letters (REQ-2)."""

from __future__ import annotations

from datetime import date

import pytest

from app import audit
from app.access.actor import system_actor
from app.domain.disclosures import verbs as disclosures
from app.domain.disclosures.register import Filters, rows
from app.domain.identification.lineage import SAME_CASE, earlier_searches
from app.domain.matters import numbers
from app.domain.requests import verbs as requests
from app.domain.requests.verbs import DraftValues
from app.domain.retention.eligibility import filed_on, requests_of
from app.extensions import db
from app.models import CaseNumber, CaseRecord
from app.unit_of_work import unit_of_work
from tests.retention_factory import RetentionFactory

ZEROS, NONE, MORE = "2026-075-01234", "2026-075-1234", "2026-075-001234"


@pytest.mark.clause("REQ-2", "AUD-1")
def test_zeros_left_out_make_no_second_case_bypass(make):
    first = make.request(state="searched", case_number=ZEROS, seed=31)
    second = make.request(state="probe_selected", case_number=NONE, seed=32)
    assert (second.case_number, second.typed_number) == (ZEROS, NONE)
    record = db.session.query(CaseRecord).one()
    assert requests_of(record) == [first, second]
    assert filed_on(record) is not None
    found = earlier_searches(second.current_search)
    assert [(one.request, one.related_by) for one in found] == [(first, (SAME_CASE,))]


@pytest.mark.clause("REQ-2")
def test_a_draft_keeps_what_was_typed_beside_the_number_it_is(make, people):
    request = make.empty(case_number=" db-2026-04711 ")
    assert (request.case_number, request.typed_number) == ("DB-2026-4711", "db-2026-04711")
    actor = people.actor("d.lark")
    with unit_of_work():
        requests.save_draft(request, actor, DraftValues(case_number="DB-2026-4711"))
    assert request.typed_number == "db-2026-04711", "the page shows the number as it stands: nobody typed it anew"
    with unit_of_work():
        requests.save_draft(request, actor, DraftValues(case_number=MORE))
    assert (request.case_number, request.typed_number) == (ZEROS, MORE)


@pytest.mark.clause("REQ-2", "RET-11")
def test_a_number_that_stands_otherwise_from_before_is_found_by_its_form(make, people):
    """Rows of before keep the number they have; what is typed today finds them and begins no case beside them."""
    with unit_of_work():
        audit.record("retention.recalculated", None, actor=system_actor(), day="2026-01-01", compared=0, different=0)
        db.session.add(CaseNumber(number=NONE, canonical=ZEROS, scheme="complaint-number"))
    for typed in (ZEROS, NONE, MORE, "2026-075- 1234"):
        assert numbers.known(typed) == NONE
    request = make.request(state="submitted", case_number=ZEROS)
    assert (request.case_number, db.session.query(CaseRecord).one().case_number) == (NONE, NONE)


@pytest.mark.clause("REQ-2", "ACC-6")
def test_a_disclosure_is_from_the_case_however_its_number_is_typed_bypass(make, people):
    make.request(state="accepted", case_number=ZEROS)
    actor = people.actor("d.lark")
    with unit_of_work():
        disclosure = disclosures.create_draft(actor, MORE)
    assert (disclosure.case_number, disclosure.typed_number) == (ZEROS, MORE)
    with unit_of_work():
        audit.record("disclosure.saved", disclosure, actor=actor, fields=["submitted_at"])
        disclosure.submitted_at = disclosure.created_at
    officer = people.actor("b.juniper")
    assert db.session.scalars(rows(Filters(case_number=NONE), officer)).all() == [disclosure]


@pytest.mark.clause("REQ-2", "RET-11")
def test_a_request_under_other_zeros_reopens_what_was_due_bypass(make, people):
    """Filing under another form of the number leaves no record behind that could be disposed of meanwhile."""
    record = RetentionFactory(make, people).record(request="withdrawn", case_number=ZEROS)
    make.request(state="submitted", case_number=NONE)
    assert db.session.query(CaseRecord).one() is record
    assert filed_on(record) > date(2015, 3, 2)
