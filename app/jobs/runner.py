"""Runs one job: takes a lease, keeps it alive, does the work, closes the row."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import structlog
from flask import Flask, current_app
from sqlalchemy import or_, update

from app.domain.algorithms import networks
from app.extensions import db, settings
from app.jobs.registry import HANDLERS, JobFailed, Retry, Unfinished
from app.models.base import now, rows_touched
from app.models.engine import Job
from app.outbox.kinds import KINDS, delay
from app.outbox.send import send
from app.unit_of_work import Conflict, after_commit, unit_of_work

log = structlog.get_logger()
_application: list[Flask] = []


def bind(app: Flask) -> None:
    """Give this process the application its jobs run in."""
    _application[:] = [app]


def run(uid: str) -> None:
    """Entry point of the queue. A job that is done, leased by another worker or not yet due is left alone."""
    with _application[0].app_context():
        perform(uid)


def owner() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def perform(uid: str) -> None:
    """Claim and run a job in the current application context."""
    if not _claim(uid):
        return
    row = db.session.query(Job).filter_by(uid=uid).one()
    kind = HANDLERS[row.kind]
    networks.follow()
    try:
        with _heartbeat(uid):
            kind.handler(row)
    except Unfinished:
        _go_on(uid, KINDS[row.kind].queue)
    except JobFailed as failure:
        _fail(uid, str(failure))
    except (Retry, Conflict) as trouble:
        _again(uid, str(trouble))
    except Exception as trouble:
        log.exception("job_crashed", job=uid, kind=row.kind)
        _again(uid, f"unexpected fault: {type(trouble).__name__}")
    else:
        _close(uid)


def _claim(uid: str) -> bool:
    moment = now()
    free = or_(
        (Job.state == "queued") & (Job.not_before <= moment), (Job.state == "running") & (Job.lease_until < moment)
    )
    with unit_of_work() as rows:
        claimed = rows.execute(
            update(Job)
            .where(Job.uid == uid, free)
            .values(state="running", lease_until=moment + _lease(), lease_owner=owner(), attempts=Job.attempts + 1)
        )
        return rows_touched(claimed) == 1


def _lease() -> timedelta:
    return timedelta(seconds=settings().lease_seconds)


@contextmanager
def _heartbeat(uid: str) -> Iterator[None]:
    """Renew the lease from a thread while the handler works; a killed process renews nothing."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    stop = threading.Event()

    def beat() -> None:
        while not stop.wait(settings_lease / 3):
            try:
                with app.app_context(), unit_of_work() as rows:
                    rows.execute(
                        update(Job).where(Job.uid == uid, Job.state == "running").values(lease_until=now() + _lease())
                    )
            except Exception:
                log.exception("heartbeat_failed", job=uid)

    settings_lease = settings().lease_seconds
    thread = threading.Thread(target=beat, name=f"lease-{uid[:8]}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=5)


def _close(uid: str) -> None:
    with unit_of_work() as rows:
        rows.execute(
            update(Job).where(Job.uid == uid).values(state="done", finished_at=now(), error=None, lease_owner=None)
        )


def _go_on(uid: str, queue: str) -> None:
    """Put the job behind those that wait; its next turn is a first try."""
    with unit_of_work() as rows:
        waiting = {"state": "queued", "attempts": 0, "lease_until": None, "lease_owner": None, "sent_at": None}
        rows.execute(update(Job).where(Job.uid == uid).values(**waiting, not_before=now()))
        after_commit(lambda: send(queue, uid))


def _again(uid: str, trouble: str) -> None:
    row = db.session.query(Job).filter_by(uid=uid).one()
    if row.attempts >= KINDS[row.kind].tries:
        _fail(uid, trouble)
        return
    with unit_of_work():
        row.state, row.lease_until, row.lease_owner, row.sent_at = "queued", None, None, None
        row.not_before, row.error = now() + delay(row.attempts), trouble[:300]


def _fail(uid: str, cause: str) -> None:
    row = db.session.query(Job).filter_by(uid=uid).one()
    kind = HANDLERS[row.kind]
    with unit_of_work():
        row.state, row.finished_at, row.error, row.lease_owner = "failed", now(), cause[:300], None
    if kind.on_failure is not None:
        kind.on_failure(row, cause)
