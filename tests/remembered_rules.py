"""The rule files as tables, read once in the process: tests change one of seventy and load them all."""

from __future__ import annotations

import pickle
import tomllib
from functools import cache
from types import SimpleNamespace
from typing import Any

from app.policy import reading


@cache
def _tables(text: str) -> bytes:
    return pickle.dumps(tomllib.loads(text))


def _loads(text: str) -> dict[str, Any]:
    return pickle.loads(_tables(text))


def remember_rules() -> None:
    """From now on a text that was read before is read from memory, each time into tables of its own."""
    reading.tomllib = SimpleNamespace(loads=_loads, TOMLDecodeError=tomllib.TOMLDecodeError)
