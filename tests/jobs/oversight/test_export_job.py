"""The file of a long list over a real queue: slice by slice, each behind what came meanwhile."""

from __future__ import annotations

import dataclasses

import pytest
from rq import SimpleWorker
from rq.serializers import JSONSerializer

from app import audit
from app.domain.oversight import exports
from app.domain.oversight.audit_trail import Filter
from app.jobs import handlers
from app.jobs.oversight import exports as export_jobs
from app.jobs.runner import bind
from app.outbox.kinds import QUEUES
from app.outbox.send import connection, queue
from app.unit_of_work import unit_of_work
from config.embedded import Embedded
from demo.services import start_redis


@pytest.fixture
def settings(settings):
    """As every test's, with a Redis of its own."""
    return dataclasses.replace(settings, redis_url=Embedded(settings.data_dir).redis_url)


@pytest.mark.clause("AUD-6")
def test_two_files_are_written_by_turns(app, people, settings, monkeypatch) -> None:
    monkeypatch.setattr(exports, "PART_BYTES", 10_000)
    monkeypatch.setattr(exports, "BATCH", 20)
    monkeypatch.setattr(export_jobs, "SLICE_SECONDS", 0.0)
    write_part, order = exports.write_part, []
    monkeypatch.setattr(exports, "write_part", lambda uid: order.append(uid) or write_part(uid))
    handlers.load()
    bind(app)
    watcher, auditor = people.actor("h.larch"), people.actor("w.sparrow")
    with start_redis(settings):
        with unit_of_work():
            for number in range(300):
                audit.record("audit.anchored", sequence=number)
        with unit_of_work():
            first = exports.ask_for("audit", Filter(), watcher).uid
            second = exports.ask_for("audit", Filter(), auditor).uid
        waiting = [queue(name) for name in QUEUES]
        SimpleWorker(waiting, connection=connection(), serializer=JSONSerializer).work(
            burst=True, logging_level="WARNING"
        )
    assert exports.find(first).ready and exports.find(second).ready
    assert order[:6] == [first, second] * 3, "each takes its place behind the other after every slice"
    assert [exports.find(uid).row.state for uid in (first, second)] == ["done", "done"]
