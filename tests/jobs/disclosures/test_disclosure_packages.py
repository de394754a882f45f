"""Packages: fetched once, built again with a reason, lapsing, and failing (EXT-7, ACC-12)."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from app.calendar import end_of, today
from app.domain.disclosures import verbs as disclosures
from app.extensions import db, stores
from app.jobs.disclosures.lapses import lapse
from app.models import Job
from app.models.base import now
from app.policy import policy
from app.unit_of_work import unit_of_work
from tests.disclosure_factory import refused, set_back
from tests.drawn_gallery import needs_models
from tests.events_and_notices import events_of, notified

pytestmark = needs_models


@pytest.mark.clause("EXT-7", "ACC-12")
def test_a_package_is_fetched_once(disclose, people):
    disclosure, asker = disclose("fetched"), people.actor("d.lark")
    with refused("package_single_use"), unit_of_work():
        disclosures.begin_fetch(disclosure, asker, None)
    with refused("package_single_use"), unit_of_work():
        disclosures.fetch(disclosure, people.actor("d.lark"), None)
    assert policy().rule("package_single_use").authority == ("EXT-7", "ACC-12")
    assert events_of(disclosure.number).count("disclosure.fetched") == 1


@pytest.mark.clause("EXT-7", "ACC-12")
def test_a_download_that_was_begun_is_one_persons_in_one_session(disclose, people):
    disclosure, asker, records = disclose("released"), people.actor("d.lark"), people.actor("p.aspen")
    with unit_of_work():
        disclosures.begin_fetch(disclosure, asker, "one")
    for actor, session in ((asker, "another"), (asker, None), (records, "one"), (records, "another")):
        with refused("download_free"), unit_of_work():
            disclosures.begin_fetch(disclosure, actor, session)
        with refused("download_begun"), unit_of_work():
            disclosures.fetch(disclosure, actor, session)
    with unit_of_work():
        disclosures.begin_fetch(disclosure, asker, "one")
    assert events_of(disclosure.number).count("disclosure.fetch_begun") == 1, "begun again, it is the same download"
    assert disclosure.current_package.fetched_at is None and disclosure.state == "released"
    with unit_of_work():
        disclosures.fetch(disclosure, asker, "one")
    assert disclosure.current_package.fetched_by_id == asker.id


@pytest.mark.clause("EXT-7")
def test_another_package_is_free_whoever_began_to_download_the_one_before(disclose, people):
    disclosure, records = disclose("released"), people.actor("p.aspen")
    with unit_of_work():
        disclosures.begin_fetch(disclosure, people.actor("d.lark"), "one")
    with unit_of_work():
        disclosures.reissue(disclosure, records, "The session ended before the package had arrived.")
    disclose.build(disclosure)
    with unit_of_work():
        disclosures.begin_fetch(disclosure, records, "another")


@pytest.mark.clause("EXT-7")
def test_a_download_that_was_begun_lapses_with_the_package(disclose, people):
    disclosure = disclose("released")
    with unit_of_work():
        disclosures.begin_fetch(disclosure, people.actor("d.lark"), "one")
    past = now() - timedelta(hours=80)
    set_back(disclosure.current_package, built_at=past, expires_at=past + timedelta(hours=72))
    with refused("package_fresh"), unit_of_work():
        disclosures.fetch(disclosure, people.actor("d.lark"), "one")
    assert lapse() == 1
    db.session.refresh(disclosure)
    assert disclosure.state == "expired" and not stores().blobs.exists(disclosure.current_package.blob_id)


@pytest.mark.clause("EXT-7")
def test_another_package_needs_a_reason_and_a_decision_in_force(disclose, people):
    disclosure, asker = disclose("fetched"), people.actor("d.lark")
    with refused("reason_given"), unit_of_work():
        disclosures.reissue(disclosure, asker, " ")
    with unit_of_work():
        disclosures.reissue(disclosure, asker, "The first copy was lost in the mail.")
    disclose.build(disclosure)
    assert [package.number for package in disclosure.packages] == [1, 2]
    assert disclosure.current_package.fetched_at is None
    with refused("download_begun"), unit_of_work():
        disclosures.fetch(disclosure, asker, None)
    disclose.fetch(disclosure)
    set_back(disclosure.current_decision, release_by=today() - timedelta(days=1))
    with refused("decision_in_force"), unit_of_work():
        disclosures.reissue(disclosure, asker, "The second copy was lost, too.")


@pytest.mark.clause("EXT-7")
def test_decisions_and_packages_lapse_by_themselves(disclose, people):
    late = disclose("approved")
    set_back(late, release_by=today() - timedelta(days=1))
    unfetched, fetched, fresh = disclose("released"), disclose("fetched"), disclose("released")
    past = now() - timedelta(hours=80)
    for disclosure in (unfetched, fetched):
        set_back(disclosure.current_package, built_at=past, expires_at=past + timedelta(hours=72))
    blob = unfetched.current_package.blob_id
    with refused("package_fresh"), unit_of_work():
        disclosures.begin_fetch(unfetched, people.actor("d.lark"), None)
    with unit_of_work():
        assert disclosures.expire_due() == 2
    assert [d.state for d in (late, unfetched, fetched, fresh)] == ["expired", "expired", "released", "released"]
    assert not stores().blobs.exists(blob), "nobody can fetch it any more"
    assert stores().blobs.exists(fresh.current_package.blob_id)
    with unit_of_work():
        assert disclosures.expire_due() == 0
    with unit_of_work():
        disclosures.reissue(unfetched, people.actor("d.lark"), "The courier came a day late.")
    assert unfetched.state == "releasing", "the decision itself is still in force"
    assert set(notified("disclosure_expired")) == {"d.lark"}


@pytest.mark.clause("EXT-7")
def test_the_package_never_outlives_the_decision(disclose):
    disclosure = disclose("released", release_by=today())
    last = disclosure.current_package.expires_at
    assert last == end_of(today())
    assert (last.astimezone(ZoneInfo("America/New_York")) + timedelta(microseconds=-1)).date() == today()
    assert last <= now() + timedelta(days=1, hours=1)


@pytest.mark.clause("EXT-7")
def test_a_package_that_could_not_be_built_leaves_the_approval(disclose, people):
    disclosure = disclose("releasing")
    with unit_of_work():
        disclosures.fail_release(disclosure, "An original is damaged.")
    assert (disclosure.state, disclosure.packages) == ("approved", [])
    assert disclosure.private["release_failure"] == "An original is damaged."
    assert set(notified("disclosure_failed")) == {"d.lark", "b.juniper"}
    with unit_of_work():
        again = disclosures.release(disclosure, people.actor("d.lark"))
    jobs = db.session.scalars(select(Job).where(Job.kind == "disclosure_package")).all()
    assert len(jobs) == 2 and again in jobs
