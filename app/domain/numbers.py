"""The numbers that people read (FR-2026-000012, R-2026-000003), drawn inside the transaction that uses them."""

from __future__ import annotations

from app.calendar import today
from app.extensions import db
from app.models.engine import Counter


def draw(series: str) -> str:
    """Draw the next number of a series in this year. Needs an open unit of work, whose lock keeps numbers unique."""
    name = f"{series}-{today():%Y}"
    return f"{name}-{take_turn(name):06d}"


def take_turn(series: str) -> int:
    """Return the next number of a series; whoever asks for one until this unit of work has ended waits for that.

    Needs an open unit of work. What is read after it was not written by another who takes turns in the series.
    """
    row = db.session.get(Counter, series, with_for_update=True)
    if row is None:
        row = Counter(series=series, value=0)
        db.session.add(row)
    row.value += 1
    db.session.flush()
    return row.value
