"""A worker runs job rows and nothing that a message names, and goes on to the next message.

Whoever can write to Redis can plant a message. The queue is a real one; the worker is the real class in this process,
and once the real process.
"""

from __future__ import annotations

import dataclasses
import json
import pickle
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from redis import Redis
from rq import Callback, Queue
from rq.serializers import JSONSerializer
from sqlalchemy import select

from app import outbox
from app.extensions import db
from app.jobs import runner
from app.jobs.messages import MESSAGE_BYTES, Worker, uid_in
from app.jobs.registry import HANDLERS, Handling
from app.models import Job
from app.models.base import new_uid
from app.outbox.kinds import KINDS, QUEUES, Kind
from app.outbox.send import ENTRY, connection, queue, send
from app.unit_of_work import unit_of_work
from config.embedded import Embedded
from demo.services import start_redis, start_worker
from tests.conftest import models_directory

pytestmark = pytest.mark.timeout(120)
KIND, QUEUE = "test_planted", "documents"
UID = "0" * 32


@pytest.fixture
def settings(settings):
    """As every test's, with a Redis of its own."""
    return dataclasses.replace(settings, redis_url=Embedded(settings.data_dir).redis_url)


@pytest.fixture
def redis(app, settings) -> Iterator[Redis]:
    with start_redis(settings):
        yield connection()


@pytest.fixture
def ran(monkeypatch, app) -> list[str]:
    """The uids of the job rows that were run, each by the handler of its kind."""
    done: list[str] = []
    monkeypatch.setitem(KINDS, KIND, Kind(KIND, QUEUE, tries=1))
    monkeypatch.setitem(HANDLERS, KIND, Handling(lambda row: done.append(row.uid), None))
    runner.bind(app)
    return done


@pytest.fixture
def traces(tmp_path, monkeypatch) -> Callable[[], str]:
    """traces() -> what was imported or called by a message's word."""
    path = tmp_path / "traces"
    monkeypatch.setenv("PLANTED_TRACES", str(path))
    monkeypatch.delitem(sys.modules, "tests.planted_job", raising=False)
    return lambda: path.read_text() if path.exists() else ""


def ask() -> str:
    """A job row; sent to the queue on the commit."""
    with unit_of_work():
        return outbox.ask(KIND, "subject", once=new_uid()).uid


def work() -> None:
    """Let a worker take what is in the queues, until they are empty."""
    db.session.remove()
    names = [queue(name) for name in QUEUES]
    Worker(names, connection=connection(), serializer=JSONSerializer).work(burst=True, logging_level="WARNING")


def plant(redis: Redis, data: Any, id: str = "planted", **fields: Any) -> None:
    """A message as RQ would read it: its data, its other fields, and its id on the list."""
    packed = data if isinstance(data, bytes) else zlib.compress(json.dumps(data).encode())
    redis.hset(f"rq:job:{id}", mapping={"data": packed, "status": "queued", "origin": QUEUE} | fields)
    redis.rpush(f"rq:queue:{QUEUE}", id)


LEAVE = "tests.planted_job.leave"
CALLBACKS = {f"{when}_callback_name": LEAVE for when in ("success", "failure", "stopped")}
BOMB = zlib.compress(b"[" + b" " * 50_000_000)


@pytest.mark.parametrize(
    "data",
    [
        [LEAVE, None, [], {}],
        [LEAVE, None, [UID], {}],
        ["os.mkdir", None, ["TRACES"], {}],
        ["subprocess.run", None, [["touch", "TRACES"]], {}],
        ["eval", None, ["__import__('tests.planted_job')"], {}],
        ["app.jobs.runner.perform", None, [UID], {}],
        ["leave", "tests.planted_job", [], {}],
        [ENTRY, "tests.planted_job", [UID], {}],
        [ENTRY, None, [UID, LEAVE], {}],
        [ENTRY, None, [], {"uid": UID}],
        [ENTRY, None, [UID], {"uid": UID}],
        [ENTRY, None, [{"uid": UID}], {}],
        [ENTRY, None, ["' OR 1=1 --"], {}],
        [ENTRY, None, [UID + "\n"], {}],
        [ENTRY, None, [UID]],
        {"func": LEAVE},
        "words",
        b"",
        b"\x80garbage",
        json.dumps([ENTRY, None, [UID], {}]).encode(),
        zlib.compress(b"[" * 4000),
        zlib.compress(pickle.dumps((LEAVE, None, (), {}))),
        zlib.compress(b"x" * MESSAGE_BYTES * 2),
        BOMB,
    ],
    ids=lambda data: repr(data)[:40],
)
def test_what_is_no_message_of_ours_is_dropped_and_the_worker_goes_on(redis, ran, traces, tmp_path, capsys, data):
    if isinstance(data, list):
        data = json.loads(json.dumps(data).replace("TRACES", str(tmp_path / "made")))
    plant(redis, data, **CALLBACKS)
    uid = ask()
    work()
    assert (traces(), (tmp_path / "made").exists()) == ("", False)
    assert ran == [uid]
    assert not redis.exists("rq:job:planted")
    assert "message_refused" in capsys.readouterr().out


def test_a_message_of_ours_with_everything_that_rq_would_follow_runs_its_row_alone(redis, ran, traces):
    """Callbacks, addresses to tell, repeats, retries, dependents, a rate, a time limit: none is read."""
    asked: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        log_message = staticmethod(lambda *_: None)

    server = HTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/told"
    webhooks = [{"url": address, "job_status": status} for status in ("finished", "failed")]
    uid = ask()
    redis.delete(f"rq:queue:{QUEUE}")
    plant(redis, [LEAVE, None, [], {}], id="dependent", **CALLBACKS)
    redis.delete(f"rq:queue:{QUEUE}")
    redis.sadd("rq:job:planted:dependents", "dependent")
    plant(
        redis,
        [ENTRY, None, [uid], {}],
        **CALLBACKS,
        webhooks=json.dumps(webhooks),
        repeats_left=9,
        repeat_intervals="[0]",
        retries_left=9,
        timeout="0",
        ttl="x",
        result_ttl="x",
        created_at="x",
        status="x",
        dependency_ids='["dependent"]',
        rate_limit_key="k",
        rate_limit_concurrency="x",
        group_id="g",
        meta=LEAVE,
    )
    work()
    server.shutdown()
    assert ran == [uid]
    assert (traces(), asked) == ("", [])
    assert db.session.scalars(select(Job.attempts).where(Job.uid == uid)).one() == 1
    assert not redis.exists("rq:job:planted")


def test_planted_in_the_registries_that_rq_tends_nothing_is_run(redis, ran, traces):
    """Scheduled, started long ago, failed, deferred: a worker's start would look at them."""
    for registry in ("scheduled", "wip", "failed", "deferred", "finished", "canceled", "ready"):
        for id in ("planted", "planted:execution"):
            redis.zadd(f"rq:{registry}:{QUEUE}", {id: 1})
    plant(redis, [LEAVE, None, [], {}], **CALLBACKS, status="started")
    redis.delete(f"rq:queue:{QUEUE}")
    uid = ask()
    work()
    assert (ran, traces()) == ([uid], "")


def test_what_is_no_id_and_what_is_no_hash_stop_nobody(redis, ran):
    redis.rpush(f"rq:queue:{QUEUE}", b"\xff\xfe", "../planted", "", "gone", "text", "planted:tests.planted_job.leave")
    redis.set("rq:job:text", "words")
    uid = ask()
    work()
    assert ran == [uid]


def test_a_message_without_a_row_or_of_an_unknown_row_does_nothing(redis, ran):
    plant(redis, [ENTRY, None, [UID], {}])
    uid = ask()
    work()
    assert ran == [uid]


def test_a_command_over_redis_is_not_taken(redis, ran):
    """RQ's workers listen to a channel on which they can be told to stop."""
    names = [queue(name) for name in QUEUES]
    worker = Worker(names, connection=connection(), serializer=JSONSerializer)
    ask()
    db.session.remove()
    worker.work(burst=True, logging_level="WARNING")
    assert worker.pubsub is None
    assert len(ran) == 1


def test_a_row_that_breaks_the_worker_leaves_it_working(redis, ran, monkeypatch, capsys):
    first, second = ask(), ask()
    run = runner.run

    def breaking(uid: str) -> None:
        if uid == first:
            raise RuntimeError("the database went away")
        run(uid)

    monkeypatch.setattr(runner, "run", breaking)
    work()
    assert ran == [second]
    assert "job_not_run" in capsys.readouterr().out


def test_what_is_sent_is_what_is_read(redis, app):
    send("documents", UID)
    [id] = redis.lrange("rq:queue:documents", 0, -1)
    assert uid_in(redis.hget(b"rq:job:" + id, "data")) == UID


@pytest.mark.long
@pytest.mark.skipif(
    not (models_directory() / "centerface.onnx").is_file(),
    reason="the face models are not installed (flask matching models install)",
)
def test_the_real_process_runs_no_planted_name(redis, settings, traces, tmp_path):
    """Enqueued with RQ's own client, as somebody would who has a connection to the queue."""
    planted = Queue(QUEUE, connection=redis, serializer=JSONSerializer)
    planted.enqueue("os.mkdir", str(tmp_path / "made"))
    planted.enqueue("subprocess.run", ["touch", str(tmp_path / "touched")])
    planted.enqueue(LEAVE, on_success=Callback(LEAVE), on_failure=Callback(LEAVE))
    with unit_of_work():
        uid = outbox.ask("warn_of_lapse", "x", once=new_uid()).uid
    db.session.rollback()
    with start_worker(settings) as worker:
        until = time.monotonic() + 60
        while db.session.scalars(select(Job.state).where(Job.uid == uid)).one() != "done":
            assert time.monotonic() < until
            db.session.rollback()
            time.sleep(0.05)
        assert worker.alive()
    assert not (tmp_path / "made").exists()
    assert not (tmp_path / "touched").exists()
    assert traces() == ""
    assert worker.log.read_text().count("message_refused") == 3
