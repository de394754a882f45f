"""Helpers that the conditions share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Facts = Mapping[str, Any]


def first(faults: list[Any]) -> str | None:
    """Return the message of the first fault, or None when there is none."""
    return faults[0].message if faults else None
