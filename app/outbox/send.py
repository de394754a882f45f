"""RQ carries ids, as JSON, never pickles."""

from __future__ import annotations

from flask import current_app
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from app.extensions import settings

#: in the order a worker looks: a search waits for nothing but other searches
QUEUES = ("search", "images", "documents", "mail", "gallery")
#: no queue: rows that processes of a command take up by themselves (app.jobs.gallery.import_workers), and no sweep sends
LOCAL = "local"
#: what every message says it is; a worker refuses all others and imports nothing by a message's word
ENTRY = "app.jobs.runner.run"
#: RQ's own limit is a backstop; the lease decides
TIMEOUT_SECONDS = 600


def connection() -> Redis:
    """The application's Redis connection (one pool)."""
    made = current_app.extensions.get("redis")
    if made is None:
        made = Redis.from_url(settings().redis_url, socket_connect_timeout=5, health_check_interval=30)
        current_app.extensions["redis"] = made
    return made


def queue(name: str) -> Queue:
    return Queue(name, connection=connection(), serializer=JSONSerializer, default_timeout=TIMEOUT_SECONDS)


def send(name: str, uid: str) -> None:
    """Put a job's uid on its queue and note that it was sent. Raises redis.RedisError when the queue is down."""
    from app.jobs.sweeper import mark_sent

    queue(name).enqueue(ENTRY, uid, result_ttl=0, failure_ttl=3600)
    mark_sent(uid)
