"""The sending of job ids to RQ as JSON, never as pickles."""

from __future__ import annotations

from flask import current_app
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import update

from app.extensions import settings
from app.models.base import now
from app.models.engine import Job
from app.unit_of_work import unit_of_work

#: what every message says it is; a worker refuses all others and imports nothing by a message's word
ENTRY = "app.jobs.runner.run"
#: RQ's own limit is a backstop; the lease decides
TIMEOUT_SECONDS = 600


def connection() -> Redis:
    """Return the application's Redis connection (one pool)."""
    made = current_app.extensions.get("redis")
    if made is None:
        made = Redis.from_url(settings().redis_url, socket_connect_timeout=5, health_check_interval=30)
        current_app.extensions["redis"] = made
    return made


def queue(name: str) -> Queue:
    return Queue(name, connection=connection(), serializer=JSONSerializer, default_timeout=TIMEOUT_SECONDS)


def send(name: str, uid: str) -> None:
    """Put a job's uid on its queue and note that it was sent. Raises redis.RedisError when the queue is down."""
    queue(name).enqueue(ENTRY, uid, result_ttl=0, failure_ttl=3600)
    mark_sent(uid)


def mark_sent(uid: str) -> None:
    """Note that a job is on its way, so that no sweep sends it again too soon."""
    with unit_of_work() as rows:
        rows.execute(update(Job).where(Job.uid == uid).values(sent_at=now()))
