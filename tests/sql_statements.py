"""A recorder of the SQL statements executed while something runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from app.extensions import db


@contextmanager
def recorded() -> Iterator[list[tuple[str, Any]]]:
    """Yield a list that collects (statement, its values) of everything executed inside, in order."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool) -> None:
        asked.append((statement, values))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def queries(asked: list[tuple[str, Any]]) -> list[str]:
    """Return the statements alone, without those that open a transaction or set SQLite up."""
    return [statement for statement, _ in asked if not statement.startswith(("BEGIN", "PRAGMA"))]
