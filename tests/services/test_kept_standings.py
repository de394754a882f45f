"""Lists that are counted and paged by PostgreSQL, and standings that two units change at once."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.access.sessions import TOKEN, accept_terms
from app.domain.requests import verbs as requests
from app.domain.retention.recalculation import recalculate
from app.extensions import db
from app.models import FRRequest, StoredStanding
from app.unit_of_work import unit_of_work
from tests.bulk_rows import Crowd
from tests.conftest import People, session_token
from tests.eligibility_check import check_kept
from tests.retention_factory import RetentionFactory
from tests.services.test_postgresql import app, make, together  # noqa: F401  (fixtures)

# ruff: noqa: F811  (a fixture that a test names is not a redefinition)
pytestmark = pytest.mark.timeout(300)


def test_every_crowded_page_is_served(app):
    people = People()
    crowd = Crowd(*(people.account(name).id for name in ("d.lark", "k.rowan", "s.alder")))
    crowd.records(120)
    for state in ("peer_reviewed", "nominated", "approved", "negative", "reported", "documented"):
        crowd.requests(state, 30)
    for state in ("submitted", "approved", "released"):
        crowd.disclosures(state, 30)
    for name, address in (
        ("b.juniper", "/"),
        ("y.hazel", "/"),
        ("b.juniper", "/retention"),
        ("b.juniper", "/retention?list=all&page=2"),
        ("b.juniper", "/retention?list=upcoming"),
        ("y.hazel", "/retention/recalculations"),
        ("c.hawthorn", "/final-review"),
        ("c.hawthorn", "/final-review?show=undelivered"),
        ("c.hawthorn", "/workload"),
        ("c.hawthorn", "/workload?show=overdue"),
        ("c.hawthorn", "/workload?show=unassigned"),
        ("c.hawthorn", "/workload/figures"),
        ("c.hawthorn", "/searches"),
        ("s.alder", "/discussions"),
        ("y.hazel", "/disclosures?show=waiting"),
        ("d.lark", "/disclosures"),
    ):
        account = people.account(name)
        token = session_token(account)
        accept_terms(account)
        client = app.test_client()
        with client.session_transaction() as session:
            session[TOKEN] = token
        assert client.get(address).status_code == 200, (name, address)


@pytest.mark.clause("RET-11")
def test_of_two_requests_that_end_at_once_the_second_sees_the_first_ended(app, make):
    keep = RetentionFactory(make, make.people)
    record = keep.record(request="submitted")
    make.request(state="submitted", case_number=record.case_number)
    keep.set_back(record.case_number)
    numbers = list(db.session.scalars(select(FRRequest.number)))
    actor, reason = make.people.actor("d.lark"), "The person has been identified by the victim."

    def end(number: str):
        def work() -> None:
            with unit_of_work():
                request = db.session.scalars(select(FRRequest).where(FRRequest.number == number)).one()
                requests.withdraw(request, actor, reason)

        return work

    assert together(*(end(number) for number in numbers), app=app) == [None, None]
    db.session.rollback()
    assert db.session.scalars(select(StoredStanding.status)).all() == ["disposable"]
    check_kept()
    assert recalculate().different == 0
