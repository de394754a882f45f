"""The first rows of a list and how many there are: what a page shows of a list that is not its only one."""

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
        """How many are not shown."""
        return self.total - len(self.items)


def count(rows: Select[Any]) -> int:
    """How many rows a statement would give."""
    return db.session.scalar(select(func.count()).select_from(rows.order_by(None).options().subquery())) or 0


def first_rows(rows: Select[Any], most: int = FIRST) -> FirstRows:
    """The first rows of a statement; the others are counted alone."""
    items = db.session.scalars(rows.limit(most)).unique().all()
    return FirstRows(items, len(items) if len(items) < most else count(rows))


def newest(rows: Select[Any], most: int) -> FirstRows:
    """The first rows of a statement that nobody wants counted."""
    items = db.session.scalars(rows.limit(most)).unique().all()
    return FirstRows(items, len(items))
