"""A real worker process with PostgreSQL and a real Redis: work is done once, whatever is killed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis as redis_client
from flask import Flask
from sqlalchemy import select, text

from app.calendar import today
from app.domain.algorithms import registry as algorithms
from app.domain.identification import verbs as identification
from app.extensions import db
from app.models import Candidate, Job, Search
from app.outbox import ask
from app.unit_of_work import unit_of_work
from config.settings import Settings
from demo.people import person
from demo.services import start_worker
from tests.conftest import People, models_directory, run_due_jobs
from tests.request_factory import RequestFactory
from tests.services.portal import on_servers, portal

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.skipif(
        not (models_directory() / "centerface.onnx").is_file(),
        reason="the face models are not installed (flask matching models install)",
    ),
]
AGAIN_WITHIN_SECONDS = 30


@pytest.fixture
def settings(session_settings, postgresql_url: str, redis_url: str, tmp_path: Path) -> Settings:
    data = tmp_path / "data"
    return on_servers(session_settings, data, database_url=postgresql_url, redis_url=redis_url, lease_seconds=4)


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    with portal(settings) as made:
        yield made


@pytest.fixture
def searching(app: Flask) -> Callable[[], str]:
    """searching() -> the uid of a search that was just started."""
    make = RequestFactory(app, People(), run_due_jobs)
    make.enrol([person(seed) for seed in (7, 21, 22, 23)])

    def start() -> str:
        request = make.request(state="probe_selected")
        examiner = make.people.actor("k.rowan")
        with unit_of_work():
            return identification.start_search(request, examiner, algorithms.status(today())).uid

    return start


def wait_for(what: Callable[[], bool], seconds: float, every: float = 0.02) -> None:
    """Wait until something holds; fails after `seconds`."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        db.session.rollback()
        if what():
            return
        time.sleep(every)
    raise AssertionError(f"waited {seconds} seconds in vain")


def job_of(uid: str) -> Job:
    return db.session.scalars(select(Job).where(Job.subject_id == uid, Job.kind == "search")).one()


def finished(uid: str) -> bool:
    return db.session.scalars(select(Search.state).where(Search.uid == uid)).one() == "finished"


def done_once(uid: str) -> None:
    """One list of different people, one step, one event."""
    db.session.rollback()
    people = db.session.scalars(select(Candidate.person_id).join(Search).where(Search.uid == uid)).all()
    assert len(people) == len(set(people)) == 4
    assert db.session.scalar(text("SELECT count(*) FROM transition WHERE verb = 'finish_search'")) == 1
    assert db.session.scalar(text("SELECT count(*) FROM audit_event WHERE event = 'request.searched'")) == 1


@pytest.mark.clause("SRC-1", "CAP-6")
def test_a_search_is_done_by_a_real_worker(app, settings, searching, redis_url):
    uid = searching()
    assert job_of(uid).sent_at is not None, "it is in the queue"
    assert redis_client.Redis.from_url(redis_url).llen("rq:queue:search") == 1
    with start_worker(settings):
        wait_for(lambda: job_of(uid).state == "done", 60)
    done_once(uid)


@pytest.mark.clause("SRC-1", "CAP-5")
def test_a_worker_killed_in_mid_search_loses_nothing(app, settings, searching):
    """A row lock holds the worker in mid-search, so that the kill always comes in between."""
    uid = searching()
    holder = db.engine.connect()
    holder.exec_driver_sql("SELECT 1 FROM search WHERE uid = %s FOR UPDATE", (uid,))
    try:
        with start_worker(settings) as worker:
            wait_for(lambda: job_of(uid).state == "running", 60)
            os.kill(worker.pid, signal.SIGKILL)
            wait_for(lambda: not worker.alive(), 10)
    finally:
        holder.rollback()
        holder.close()
    db.session.rollback()
    assert not finished(uid)
    assert job_of(uid).state == "running", "nobody tidied up after the dead worker"
    with start_worker(settings):
        wait_for(lambda: finished(uid), AGAIN_WITHIN_SECONDS)
        wait_for(lambda: job_of(uid).state == "done", 10)
    assert job_of(uid).attempts == 2
    done_once(uid)


@pytest.mark.clause("SRC-1")
def test_an_emptied_redis_loses_nothing(app, settings, searching, redis_url):
    uid = searching()
    redis_client.Redis.from_url(redis_url).flushall()
    with start_worker(settings):
        wait_for(lambda: finished(uid), AGAIN_WITHIN_SECONDS)
        wait_for(lambda: job_of(uid).state == "done", 10)
    done_once(uid)


@pytest.mark.clause("SRC-1")
def test_asking_twice_is_one_job(app, searching):
    """The unique key of a piece of work holds between two connections as well."""
    uid = searching()
    with unit_of_work():
        assert ask("search", uid, f"search:{uid}").uid == job_of(uid).uid
    assert db.session.query(Job).filter_by(subject_id=uid).count() == 1


@pytest.mark.clause("CAP-6")
def test_two_workers_on_the_same_job_leave_one_list(app, settings, searching):
    from app.outbox.send import send

    uid = searching()
    row = job_of(uid)
    name, key = row.queue, row.uid
    db.session.rollback()
    for _ in range(5):
        send(name, key)
    with start_worker(settings, 1), start_worker(settings, 2):
        wait_for(lambda: job_of(uid).state == "done", 60)
        time.sleep(1)
    assert job_of(uid).attempts == 1
    done_once(uid)
