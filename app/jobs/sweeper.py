"""Finds work that was lost: rows never sent, sent into a queue that was emptied, or leased by a worker that died."""

from __future__ import annotations

from datetime import timedelta

import structlog
from redis.exceptions import RedisError
from sqlalchemy import or_, select

from app.extensions import db, settings
from app.models.base import now
from app.models.engine import Job
from app.outbox import send as rq_queue
from app.outbox.kinds import LOCAL

log = structlog.get_logger()


def lost() -> list[tuple[str, str]]:
    """Return (queue, uid) of each row that may have been lost. Sending one twice does no harm."""
    moment = now()
    unsure = moment - timedelta(seconds=settings().lease_seconds)
    waiting = (Job.state == "queued") & (Job.not_before <= moment)
    abandoned = (Job.state == "running") & (Job.lease_until < moment)
    not_on_its_way = Job.sent_at.is_(None) | (Job.sent_at < unsure)
    rows = db.session.execute(
        select(Job.queue, Job.uid).where(or_(waiting, abandoned), not_on_its_way, Job.queue != LOCAL).order_by(Job.id)
    )
    return [(row.queue, row.uid) for row in rows]


def sweep() -> int:
    """Send every lost row again; returns how many. A queue that is down is logged; the next sweep tries again."""
    found = lost()
    db.session.rollback()
    for name, uid in found:
        try:
            rq_queue.send(name, uid)
        except RedisError as error:
            log.warning("queue_unreachable", error=str(error))
            return 0
    return len(found)
