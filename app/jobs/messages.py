"""The queue's messages: a worker takes from one the id of a job row, and nothing else it may say.

Whoever can write to Redis can write a message, and RQ imports and calls what one names: a function, callbacks for its
success, failure and stop, addresses to be told. So a message is read here, not by RQ: from its data alone, which must
be exactly what `app.outbox.send.send` writes. Then the row decides what is done. Of RQ remain the queues and the
worker's life: signals, heartbeat, registration, reconnecting.
"""

from __future__ import annotations

import json
import re
import zlib
from typing import Any

import structlog
from redis.exceptions import ResponseError
from rq import Queue, SimpleWorker, worker_registration
from rq.exceptions import NoSuchJobError
from rq.job import Job
from rq.timeouts import JobTimeoutException
from rq.worker import WorkerStatus

from app.jobs import runner
from app.models.base import now
from app.outbox.send import ENTRY, TIMEOUT_SECONDS

log = structlog.get_logger()

UID = re.compile(r"[0-9a-f]{32}")
MESSAGE_BYTES = 4096


def uid_in(data: bytes) -> str | None:
    """Return the uid of a job row in a message's data; None when the message is not exactly one of ours."""
    try:
        inflating = zlib.decompressobj()
        message = json.loads(inflating.decompress(data, MESSAGE_BYTES))
    except (zlib.error, ValueError, RecursionError):
        return None
    match message:
        case [entry, None, [str(uid)], dict(named)] if entry == ENTRY and not named and UID.fullmatch(uid):
            return None if inflating.unconsumed_tail or not inflating.eof else uid
    return None


class Message(Job):
    """A message of the queue, gone from Redis once it was read: the row is the truth; what is lost is sent again."""

    uid: str

    def refresh(self) -> None:
        """Read the uid, and nothing else. A message that is not one of ours counts as gone; RQ goes on to the next."""
        try:
            size = self.connection.hstrlen(self.key, "data")
            data = self.connection.hget(self.key, "data") if size <= MESSAGE_BYTES else b""
        except ResponseError:
            data = b""  # the key holds no message at all
        self.connection.delete(self.key)
        uid = uid_in(data.encode() if isinstance(data, str) else data) if data is not None else None
        if uid is None:
            if data is not None:
                log.warning("message_refused", message=self.id[:40])
            raise NoSuchJobError(f"{self.id} is no message of ours")
        self.uid = uid


class Worker(SimpleWorker):
    """A worker that runs job rows in its own process, and takes no commands over Redis."""

    job_class = Message

    def dequeue_job_and_maintain_ttl(self, *args: Any, **kwargs: Any) -> tuple[Job, Queue] | None:
        while True:
            try:
                return super().dequeue_job_and_maintain_ttl(*args, **kwargs)
            except ValueError as error:
                # what stood in the list was no id of a message; it is taken off by now
                log.warning("message_refused", message=type(error).__name__)

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Run the job row that the message names. The time limit is a backstop; the lease decides."""
        assert isinstance(job, Message)  # job_class
        self.set_state(WorkerStatus.BUSY)
        self.heartbeat(TIMEOUT_SECONDS + 60)
        try:
            with self.death_penalty_class(TIMEOUT_SECONDS, JobTimeoutException, job_id=job.id):
                runner.run(job.uid)
        except Exception:
            log.exception("job_not_run", job=job.uid)
        finally:
            self.set_state(WorkerStatus.IDLE)

    def run_maintenance_tasks(self) -> None:
        """Forget workers that died. Registries of jobs are not tended: nothing of ours enters one."""
        for queue in self.queues:
            worker_registration.clean_worker_registry(queue)
        self.last_cleaned_at = now()  # type: ignore[assignment]  # RQ gives it the type of its first value, None

    def subscribe(self) -> None:
        """Listen to no channel."""
