"""The settings as one Markdown page, generated from their declarations: ``python -m config.table --write``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import MISSING
from pathlib import Path

from config.declaring import Declared, bounds, declared, written
from config.settings import Settings

PAGE = Path(__file__).resolve().parents[1] / "docs" / "settings.md"

_HEAD = """# Settings

Generated from `config/settings.py` by `python -m config.table --write`; a test compares. All are variables of the
environment, read once per process and checked as a whole: every fault is told at once, a line each. What is **set** by
the department has no default in casework; a demonstration then takes its own file, socket, port or random secret.
"""


def settings_page() -> str:
    """Every setting in the order of its declaration: variable, default, meaning with what is allowed."""
    rows = [f"| `{one.variable}` | {_default(one)} | {_meaning(one)} |" for one in declared(Settings)]
    return "\n".join([_HEAD, "| variable | default | meaning |", "|---|---|---|", *rows, ""])


def _default(one: Declared) -> str:
    if one.origin.otherwise:
        return one.origin.otherwise
    if one.default is MISSING:
        return "**set**"
    return f"`{written(one.default)}`" if one.default not in (None, "") else ""


def _meaning(one: Declared) -> str:
    allowed = bounds(one.type)
    return f"{one.origin.meaning} ({allowed})" if allowed.startswith("a whole number") else one.origin.meaning


def main(arguments: Sequence[str]) -> int:
    """Prints the page, or writes it where ``--write`` is said."""
    if list(arguments) not in ([], ["--write"]):
        print("usage: python -m config.table [--write]", file=sys.stderr)
        return 2
    if arguments:
        PAGE.write_text(settings_page(), encoding="utf-8")
    else:
        print(settings_page(), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
