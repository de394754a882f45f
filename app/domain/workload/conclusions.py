"""Whether a finished search has come to its conclusion, and by when it must (SRC-7). Only reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.clauses import enforces
from app.models.base import now
from app.models.requests import FRRequest
from app.policy import policy


@dataclass(frozen=True, slots=True)
class Awaited:
    """A conclusion that is waited for: by when, and whether that time has passed."""

    due_at: datetime
    late: bool


def conclude_by(request: FRRequest) -> datetime | None:
    """Return by when the finished search must have come to a conclusion; None when none is waited for."""
    since = request.inconclusive_since
    if since is None:
        return None
    return since + timedelta(hours=policy().request.priorities[request.priority].conclude_hours)


def escalates_at(request: FRRequest) -> datetime | None:
    """Return when more people are told that the conclusion is late; None when none is waited for."""
    due = conclude_by(request)
    return None if due is None else due + timedelta(hours=policy().request.conclusion.escalate_hours)


@enforces("SRC-7")
def awaited(request: FRRequest) -> Awaited | None:
    """Return what is told of the conclusion meanwhile, to everybody who may read the request; None without one."""
    due = conclude_by(request)
    return None if due is None else Awaited(due, now() > due)
