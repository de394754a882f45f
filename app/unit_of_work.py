"""One unit of work: the only place that commits.

A request or job reads freely, does its slow work, then opens one `unit_of_work()`, changes rows, records events, and
leaves; it commits once or not at all, and effects (queueing, say) happen only after the commit. Measured: on SQLite a
chain of events stays unbroken under several writers only with BEGIN IMMEDIATE.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from flask import g, has_app_context
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from app.audit.chain import EVENT_TABLE, write_pending
from app.extensions import db
from app.policy import policy

log = structlog.get_logger()

WRITE = re.compile(
    r"(?<!for )(?<!no key )\b(?:insert\s+(?:or\s+\w+\s+)?into|update(?:\s+or\s+\w+)?|delete\s+from|replace\s+into"
    r"|merge\s+into|truncate(?:\s+table)?|copy|alter\s+table|drop\s+table)\s+(?:only\s+|if\s+exists\s+)?"
    r"(?:[\"`\[]?\w+[\"`\]]?\.)?[\"`\[]?(\w+)",
    re.IGNORECASE,
)

#: what follows from the rows that changed and is brought up to date with them, before the commit: an area of the domain
#: adds its own
BEFORE_COMMIT: list[Callable[[Session], None]] = []

#: readers and one writer side by side; durable commits; deleted bytes are overwritten
PRAGMAS = ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL", "busy_timeout=20000", "secure_delete=ON")


class UnrecordedChange(RuntimeError):
    """Rows changed and no audit event was recorded; the transaction is refused (a fault of ours, never of the user)."""


class Conflict(Exception):
    """Raised when somebody else changed the subject first; nothing of this attempt was kept."""


class NestedUnit(RuntimeError):
    """Raised when a unit of work is opened inside another: the inner commit would break the outer's promise."""


def tables_written(statement: str) -> set[str]:
    """The tables a statement changes, read from its text with string literals and comments taken out."""
    text = re.sub(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/", " ", statement, flags=re.DOTALL)
    return {name.lower() for name in WRITE.findall(text)} - {"set", "of", "nowait", "skip"}


def install_write_guard(engine: Engine) -> None:
    """Watch every statement at cursor level (ORM hooks miss bulk and raw SQL); refuse a commit without an event."""

    @event.listens_for(engine, "connect")
    def _prepare(raw: Any, _record: Any) -> None:
        if engine.dialect.name != "sqlite":
            return
        raw.isolation_level = None  # we say BEGIN ourselves
        cursor = raw.cursor()
        for pragma in PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.info["changed"] = set()
        connection.info["recorded"] = 0
        if engine.dialect.name == "sqlite":
            writing = connection.get_execution_options().get("writing", False)
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    @event.listens_for(engine, "before_cursor_execute")
    def _watch(connection: Connection, _c: Any, statement: str, _p: Any, _x: Any, _m: Any) -> None:
        written = tables_written(statement)
        if EVENT_TABLE in written:
            connection.info["recorded"] = connection.info.get("recorded", 0) + 1
        connection.info.setdefault("changed", set()).update(written - {EVENT_TABLE})

    @event.listens_for(engine, "commit")
    def _refuse_unrecorded(connection: Connection) -> None:
        changed = _recorded_tables(connection)
        if changed and not connection.info.get("recorded"):
            raise UnrecordedChange(f"no audit event accompanies the change of {', '.join(sorted(changed))}")


def _recorded_tables(connection: Connection) -> set[str]:
    """The tables changed in the open transaction whose change must be recorded by an event."""
    return {table for table in connection.info.get("changed", set()) if table not in policy().exempt_tables}


def in_unit() -> bool:
    """Tell whether a unit of work is open."""
    return bool(db.session().info.get("unit"))


def of_this_reading() -> dict[Any, Any]:
    """Return what was found so far in this reading transaction, so that a page finds it once.

    Inside a unit of work, where rows change, nothing is remembered.
    """
    session = db.session()
    reading = None if in_unit() else session.get_transaction()
    if reading is None:
        return {}
    kept = session.info.get("reading")
    if kept is None or kept[0] is not reading:
        kept = session.info["reading"] = (reading, {})
    found: dict[Any, Any] = kept[1]
    return found


def end_reading() -> None:
    """End the reading transaction, so that whoever waits from here on holds nothing of the database.

    A reader who stays keeps SQLite's log from being emptied, and with that every disposal and sealing from its end.
    Objects stay usable and are read again. Without an application context there is nothing to let go.
    """
    if not has_app_context():
        return
    if in_unit():
        raise RuntimeError("nobody waits inside a unit of work: everybody else who writes would wait too")
    db.session.rollback()


def wait(seconds: float) -> None:
    """Sleep, holding nothing of the database: the only place of the portal that sleeps."""
    end_reading()
    time.sleep(seconds)


def after_commit(effect: Callable[[], object]) -> None:
    """Do something once the unit of work has committed; never when it has not. Failures are logged, not raised."""
    session = db.session()
    if not session.info.get("unit"):
        raise RuntimeError("after_commit needs an open unit of work")
    session.info["effects"].append(effect)


def _commit(session: Session) -> None:
    changed = bool(session.connection().info.get("changed"))
    try:
        session.commit()
    except DBAPIError:
        g.saved = "unknown"
        raise
    if changed:
        g.saved = "yes"


@contextmanager
def unit_of_work() -> Iterator[Session]:
    """Commit everything once on leaving, or nothing when an exception leaves.

    Objects read before are refreshed, for they are read again under the write lock. What became of it is noted in
    ``g.saved`` ("yes", or "unknown" when the connection broke in the commit itself), so that an error page that follows
    in the same request can say it.
    Raises Conflict when a versioned row changed meanwhile, UnrecordedChange when rows changed without an event.
    """
    session = db.session()
    if session.info.get("unit"):
        raise NestedUnit("a unit of work is already open")
    session.rollback()  # ends the reading transaction; everything loaded is read again
    session.info["unit"] = True
    session.info["effects"] = []
    session.info["events"] = []
    session.info["touched"] = set()
    try:
        session.connection(execution_options={"writing": True})
        yield session
        session.flush()
        for follow in BEFORE_COMMIT:
            follow(session)
        session.flush()
        write_pending(session)  # the chain lock is taken last
        _commit(session)
        effects = session.info["effects"]
    except StaleDataError as error:
        session.rollback()
        raise Conflict("somebody else changed this first") from error
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info["unit"] = False
        session.info["events"] = []
        session.info["touched"] = set()
    for effect in effects:
        try:
            effect()
        except Exception:
            # the outbox row is committed: the sweeper sends what could not be sent now
            log.exception("effect_after_commit_failed")
