"""The audit trail's front door: an event joins the transaction of the change that it records."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import g, has_request_context, request
from sqlalchemy.orm import Session

from app.audit.chain import canonical, write_pending
from app.clauses import enforces
from app.extensions import db
from app.policy import policy
from app.policy.names import EventName


class _Nobody:
    """A person who asked not to be named: the event carries neither account nor session."""

    id = None


#: the actor of a report whose writer is not to be named (LIM-9)
NOBODY = _Nobody()


class UnknownEvent(RuntimeError):
    """An event that is not in the catalogue, or with other keys than the catalogue says (a fault of ours)."""


def _subject(subject: Any) -> tuple[str | None, str | None]:
    if subject is None:
        return None, None
    return getattr(subject, "subject_type", subject.__tablename__), str(getattr(subject, subject.lookup))


@enforces("ACC-11")
def record(event: EventName, subject: Any = None, *, actor: Any = None, **keys: Any) -> None:
    """Record an event of the catalogue in the open unit of work.

    `keys` must be exactly those of the catalogue: ids and digests, never names or faces. `actor` defaults to whoever
    is signed in. Raises UnknownEvent, or RuntimeError outside a unit of work.
    """
    session = db.session()
    if not session.info.get("unit"):
        raise RuntimeError(f"{event} recorded outside a unit of work")
    session.info["events"].append(_draft(event, subject, actor, keys))


def viewed(event: EventName, subject: Any = None, *, actor: Any = None, **keys: Any) -> None:
    """Record that something was looked at, in a short transaction of its own, before it is shown.

    For requests that only read: they hold no write lock while they work.
    """
    with Session(db.engine) as session:
        session.connection(execution_options={"writing": True})
        session.info["events"] = [_draft(event, subject, actor, keys)]
        write_pending(session)
        session.commit()


def sent(event: EventName, subject: Any = None, *, actor: Any = None, **keys: Any) -> None:
    """Record, as `viewed` does, that a file is handed out; HEAD asks only about it, and nothing is handed out."""
    if not (has_request_context() and request.method == "HEAD"):
        viewed(event, subject, actor=actor, **keys)


def _draft(event: EventName, subject: Any, actor: Any, keys: dict[str, Any]) -> dict[str, Any]:
    entry = policy().event(event)
    if set(keys) != set(entry.keys):
        raise UnknownEvent(f"{event} carries {sorted(entry.keys)}, was given {sorted(keys)}")
    if actor is None and has_request_context():
        actor = g.get("actor")
    subject_type, subject_id = _subject(subject)
    return {
        "at": datetime.now(UTC).isoformat(timespec="microseconds"),
        "event": event,
        "actor_id": getattr(actor, "id", None),
        "session_id": g.get("session_uid") if has_request_context() and actor is not NOBODY else None,
        "subject_type": subject_type,
        "subject_id": subject_id,
        "keys": canonical(keys),
        "policy_version": policy().version,
    }
