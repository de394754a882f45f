"""What happened to a subject of the workflow engine."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from app.extensions import db
from app.models.engine import Transition


def steps_of(subject: Any) -> list[Transition]:
    """Every step of the subject, oldest first."""
    rows = select(Transition).where(
        Transition.subject_type == subject.subject_type, Transition.subject_id == subject.id
    ).order_by(Transition.id)  # fmt: skip
    return list(db.session.scalars(rows))
