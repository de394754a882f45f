"""The limits of the rules that no form asks for, written down apart from them: `limits.toml` beside this module.

`python -m tests.rules.bound_table --write` writes it anew after a rule changed; whoever does reads the difference.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from app.policy import policy
from app.policy.bounds import bounds
from app.policy.types import Policy
from tests.rules.fact_table import give, toml_of

TABLE = Path(__file__).with_name("limits.toml")
#: the kinds of rule that a test of test_bounds.py goes through row by row
KINDS = ("QualityRule", "Edit", "Preparation", "Column", "Source", "Basis", "Priority", "Outcome")
_HEAD = "# The limits of the rules that no form asks for: a copy apart from them, so that none goes without a test.\n"


def stated(rules: Policy) -> dict[str, Any]:
    """Path and field -> what the rules of today say."""
    rows = (bound for bound in bounds(rules) if type(bound.table).__name__ in KINDS)
    found = {f"{bound.path}.{bound.field}": getattr(bound.table, bound.field) for bound in rows}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()}


def written() -> dict[str, Any]:
    """The same, as the table has it."""
    return tomllib.loads(TABLE.read_text(encoding="utf-8"))


def page(rules: Policy) -> str:
    """The table that the rules of today would give."""
    return _HEAD + "\n" + "".join(f'"{name}" = {toml_of(value)}\n' for name, value in stated(rules).items())


if __name__ == "__main__":
    give(TABLE, page(policy()))
