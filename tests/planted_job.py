"""A module that a planted message would have a worker import: importing or calling it leaves a trace."""

from __future__ import annotations

import os
from pathlib import Path

TRACES = Path(os.environ.get("PLANTED_TRACES", os.devnull))


def leave(*_said: object) -> None:
    """Write down that somebody called this."""
    TRACES.open("a").write("called\n")


TRACES.open("a").write("imported\n")
