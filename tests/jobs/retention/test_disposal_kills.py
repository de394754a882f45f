"""A disposal killed at any step, by SIGKILL too, executed twice at once, or kept from its end: nothing is lost."""

from __future__ import annotations

import dataclasses
import os
import signal
import threading
import time
from collections.abc import Callable

import pytest
from sqlalchemy import select, text

from app.domain.retention import disposals, erasure, holds
from app.domain.retention import verbs as retention
from app.extensions import db, stores
from app.extensions import settings as here
from app.jobs import runner
from app.jobs.registry import Retry
from app.jobs.retention import disposals as disposal_job
from app.models import (
    AuditEvent,
    Disposal,
    DisposalItem,
    Job,
    Notification,
)
from app.outbox.kinds import KINDS
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from config.embedded import Embedded
from demo.services import start_redis, start_worker
from tests import erasure_search
from tests.disposal_runs import CASE, Killed, chain_faults, killing, request_of, run
from tests.drawn_gallery import needs_models
from tests.erasure_search import ErasureSearch
from tests.retention_factory import KEEPER, RetentionFactory

pytestmark = [needs_models, pytest.mark.timeout(240)]


@pytest.fixture
def settings(settings):
    """As every test's, with a Redis of its own and a short lease."""
    return dataclasses.replace(settings, redis_url=Embedded(settings.data_dir).redis_url, lease_seconds=4)


@pytest.fixture
def keep(make, people):
    return RetentionFactory(make, people)


@pytest.mark.clause("RET-11", "ACC-10")
def test_a_disposal_killed_at_every_step_ends_complete(keep, monkeypatch):
    record = keep.record(request="withdrawn", case_number=CASE)
    victim = keep.person(record)
    sought = ErasureSearch().of_record(record).of_file(victim).of_request(request_of(record))
    disposal = keep.disposal("approved", targets=[record])
    events = []
    for owner, name, after, nth in (
        (erasure, "begin", False, 1),
        (erasure, "mark", False, 1),
        (erasure, "mark", True, 1),  # decided, and rolled back
        (erasure, "destroy", False, 1),  # decided; nothing destroyed yet
        (stores().keys, "destroy", True, 1),  # one key of two
        (stores().blobs, "destroy", False, 1),  # every key, no file
        (stores().blobs, "destroy", True, 2),
        (erasure, "delete_rows", True, 1),  # rows gone, and rolled back
        (erasure, "delete", False, 1),
        (erasure, "delete", True, 1),
        (erasure, "mark", False, 2),  # the first record done, the second untouched
        (erasure, "destroy", False, 2),
        (erasure, "delete", False, 2),
        (erasure, "scrub", False, 1),
        (erasure, "scrub", True, 1),
        (disposal_job, "render_certificate", True, 1),
        (disposal_job, "keep", False, 1),
    ):
        with monkeypatch.context() as patch:
            killing(patch, owner, name, after=after, nth=nth)
            try:
                run(disposal)
            except Killed:
                events.append((name, after, nth))
            db.session.rollback()
    assert len(events) == 17, events
    assert disposal.state == "executing"
    run(disposal)
    db.session.rollback()
    assert disposal.state == "disposed"
    assert {item.state for item in disposal.items} == {"erased"}
    assert erasure_search.found({**sought.stored, **sought.plain}) == {}
    done = [event for event in db.session.query(AuditEvent) if event.event.startswith("disposal.item_erased")]
    assert len(done) == 2, "each record was erased once"
    assert chain_faults() == []
    run(disposal)
    assert db.session.query(AuditEvent).filter_by(event="disposal.finished").count() == 1


@pytest.mark.clause("RET-11")
def test_two_workers_at_once_erase_each_record_once(app, keep):
    records = [keep.record(request="withdrawn", case_number=f"2026-075-0000{n}") for n in range(1, 4)]
    disposal = keep.disposal("approved", targets=records)
    faults: list[BaseException] = []

    def again_while_the_other_reads() -> None:
        """As the runner does. One worker's cleaning may well outlast the other's patience on a busy machine."""
        for _ in range(10):
            try:
                return run(disposal_job.disposal_by_number(number))
            except Retry:
                db.session.rollback()
        raise AssertionError("Ten times in a row somebody was still reading.")

    def work() -> None:
        with app.app_context():
            try:
                again_while_the_other_reads()
            except BaseException as fault:  # whatever it is, the test must tell
                faults.append(fault)
            finally:
                db.session.remove()

    number = disposal.number
    db.session.rollback()
    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert faults == []
    db.session.rollback()
    assert disposal.state == "disposed"
    count = db.session.query(AuditEvent).filter
    assert count(AuditEvent.event == "disposal.item_erased").count() == 3
    assert count(AuditEvent.event == "disposal.certified").count() == 1
    assert len(list(stores().blobs.iter_ids())) == 1, "one certificate, nothing else"
    assert chain_faults() == []


@pytest.mark.clause("RET-11")
def test_once_the_erasure_began_nothing_can_be_held_or_submitted_any_more(keep, people, monkeypatch):
    record = keep.record(request="withdrawn", case_number=CASE)
    disposal = keep.disposal("approved", targets=[record])
    killing(monkeypatch, erasure, "destroy", after=False)
    with pytest.raises(Killed):
        run(disposal)
    assert record.state == "disposed"
    with pytest.raises(Refused) as refusal, unit_of_work():
        holds.place(record, people.actor(KEEPER), "litigation", "Too late.")
    assert refusal.value.rule_id == "hold_wins"
    with pytest.raises(Refused) as refusal, unit_of_work():
        retention.case_record_for(CASE)
    assert refusal.value.rule_id == "erasure_finished"


@pytest.mark.clause("RET-11")
def test_a_reader_who_stays_makes_the_job_wait(app, keep, monkeypatch):
    disposal = keep.disposal("approved", targets=[keep.record(case_number=CASE)])
    reader = db.engine.connect()
    reader.execute(text("SELECT count(*) FROM account")).all()
    monkeypatch.setattr(erasure, "BUSY_SECONDS", 0.1)
    with pytest.raises(Retry):
        run(disposal)
    assert disposal.state == "executing"
    reader.close()
    run(disposal)
    assert disposal.state == "disposed"


@pytest.mark.clause("RET-11")
def test_a_disposal_that_gave_up_is_told_and_can_be_asked_for_again(keep, monkeypatch):
    disposal = keep.disposal("approved", targets=[keep.record(case_number=CASE)])
    with monkeypatch.context() as patch:
        patch.setattr(erasure, "scrub", lambda: (_ for _ in ()).throw(erasure.StillRead("Somebody reads.")))
        first = disposals.ask_for_execution(disposal)
        with unit_of_work():
            first.attempts = KINDS["disposal"].tries - 1
        runner.perform(first.uid)
    assert (first.state, first.error, disposal.state) == ("failed", "Somebody reads.", "executing")
    notices = db.session.query(Notification).filter_by(kind="disposal_failed", subject_key=disposal.number).count()
    assert notices == 3, "the proposer and those who may approve"
    with unit_of_work():
        assert disposals.ask_for_execution(disposal).uid != first.uid
    keep.execute()
    assert disposal.state == "disposed"
    with unit_of_work():
        again = disposals.ask_for_execution(disposal)
    assert again.state == "done", "what ended is not executed again"


@pytest.mark.clause("RET-11", "ACC-10")
@pytest.mark.long
def test_a_real_worker_killed_half_way_is_finished_by_the_next(keep):
    records = [keep.record(request="withdrawn", case_number=f"2026-075-1000{n}") for n in range(8)]
    sought = ErasureSearch()
    for record in records:
        sought.of_record(record).of_request(request_of(record))
    assert erasure_search.missing(sought.stored) == []
    disposal = keep.disposal("approved", targets=records)
    disposal_id, uid = disposal.id, db.session.scalars(select(Job.uid).where(Job.kind == "disposal")).one()

    def states() -> list[str]:
        db.session.rollback()
        return sorted(db.session.scalars(select(DisposalItem.state)))

    def ended() -> bool:
        return db.session.scalars(select(Disposal.state).where(Disposal.id == disposal_id)).one() == "disposed"

    def wait_for(what: Callable[[], bool], seconds: float) -> None:
        until = time.monotonic() + seconds
        while not what():
            db.session.rollback()  # a reader who stays would keep the database's log from being emptied
            assert time.monotonic() < until, (states(), db.session.query(Job).filter_by(uid=uid).one().error)
            time.sleep(0.01)

    with start_redis(here()):
        with start_worker(here()) as worker:
            wait_for(lambda: "erased" in states(), 60)
            os.kill(worker.pid, signal.SIGKILL)
            left = states()
            assert "pending" in left or "erasing" in left, "it was over before the worker could be killed"
        with start_worker(here()):
            wait_for(ended, 60)
    db.session.rollback()
    assert states() == ["erased"] * 8
    assert erasure_search.found({**sought.stored, **sought.plain}) == {}
    assert chain_faults() == []
