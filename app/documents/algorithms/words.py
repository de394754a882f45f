"""The numbers of an evaluation in words, the same on the command line and in the report."""

from __future__ import annotations

from typing import Any


def say(found: Any) -> str:
    """Return a share with its interval in percent; found has value, low and high, as attributes or keys."""
    if found is None:
        return "–"
    value, low, high = (
        (found["value"], found["low"], found["high"])
        if isinstance(found, dict)
        else (found.value, found.low, found.high)
    )
    inside = "no interval" if low is None or high is None else f"{100 * low:.1f} to {100 * high:.1f}"
    return f"{100 * value:.1f} % ({inside})"
