"""The numbers that people read (FR-2026-000012, R-2026-000003), drawn inside the transaction that uses them."""

from __future__ import annotations

from app.calendar import today
from app.extensions import db
from app.models.engine import Counter


def draw(series: str) -> str:
    """Draw the next number of a series in this year. Needs an open unit of work, whose lock keeps numbers unique."""
    name = f"{series}-{today():%Y}"
    row = db.session.get(Counter, name, with_for_update=True)
    if row is None:
        row = Counter(series=name, value=0)
        db.session.add(row)
    row.value += 1
    db.session.flush()
    return f"{name}-{row.value:06d}"
