"""The entries that `components/timeline.html` shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """An entry of a timeline; `rule` is the rule it happened under, or the clause, `policy_version` that of its day."""

    at: datetime
    title: str
    by: str
    detail: str
    rule: Any
    policy_version: str = ""
