"""A disposal comes to its certificate beside a running demonstration: real processes, nobody in the way (RET-11)."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import time

import pytest
from sqlalchemy import select

from app.extensions import db
from app.extensions import settings as here
from app.models import Disposal, Job
from config.embedded import Embedded
from demo.services import ROOT, start_redis, start_scheduler, start_worker
from tests import staying_demonstration
from tests.drawn_gallery import needs_models
from tests.retention_factory import RetentionFactory

pytestmark = [needs_models, pytest.mark.long, pytest.mark.timeout(300)]

#: without anybody in the way it takes a few seconds; a first try that has to wait for a reader takes ten by itself
WITHIN_SECONDS = 90


@pytest.fixture
def settings(settings):
    """As every test's, with a Redis of its own and a short lease."""
    return dataclasses.replace(settings, redis_url=Embedded(settings.data_dir).redis_url, lease_seconds=4)


@pytest.mark.clause("RET-11", "ACC-10")
def test_a_disposal_is_certified_in_a_running_demonstration(app, make, people):
    keep = RetentionFactory(make, people)
    disposal = keep.disposal("approved", targets=[keep.record(request="withdrawn")])
    number = disposal.number
    db.session.remove()
    environment = {**os.environ, **here().environment(), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", staying_demonstration.__name__]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as demonstration:
        try:
            assert demonstration.stdout.readline().strip() == "stays"
            with start_redis(here()), start_scheduler(here()), start_worker(here()):
                assert _state_of(number, "disposed", WITHIN_SECONDS) == "disposed", _job_of(number).error
            assert demonstration.poll() is None, "the demonstration ended by itself"
        finally:
            demonstration.kill()
    job, ended = _job_of(number), db.session.scalars(select(Disposal).where(Disposal.number == number)).one()
    assert ended.certificate_sha256
    assert (job.state, job.attempts, job.error) == ("done", 1, None), "nobody kept the log from being emptied"


def _state_of(number: str, wanted: str, seconds: float) -> str:
    """The state of the disposal, once it is the wanted one or the time is over."""
    until = time.monotonic() + seconds
    while True:
        state = db.session.scalars(select(Disposal.state).where(Disposal.number == number)).one()
        db.session.remove()
        if state == wanted or time.monotonic() > until:
            return state
        time.sleep(0.2)


def _job_of(number: str) -> Job:
    return db.session.scalars(select(Job).where(Job.kind == "disposal", Job.subject_id == number)).one()
