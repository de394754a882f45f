"""The first rows of a list and their total, for pages that show several lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select

from app.extensions import db

FIRST = 25


@dataclass(frozen=True, slots=True)
class FirstRows:
    """The rows a page shows of a list, in the list's order, and how many the list has."""

    items: Sequence[Any]
    total: int

    @property
    def more(self) -> int:
        """Return how many are not shown."""
        return self.total - len(self.items)


def count(rows: Select[Any]) -> int:
    """Count the rows that a statement would return."""
    return db.session.scalar(select(func.count()).select_from(rows.order_by(None).options().subquery())) or 0


def first_rows(rows: Select[Any], most: int = FIRST) -> FirstRows:
    """Read the first rows of a statement and count the others."""
    items = db.session.scalars(rows.limit(most)).unique().all()
    return FirstRows(items, len(items) if len(items) < most else count(rows))


def newest(rows: Select[Any], most: int) -> FirstRows:
    """Read the first rows of a statement without counting the others."""
    items = db.session.scalars(rows.limit(most)).unique().all()
    return FirstRows(items, len(items))
