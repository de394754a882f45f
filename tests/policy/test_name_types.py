"""app/policy/names.py is what the rules say today."""

from __future__ import annotations

from pathlib import Path

from app.policy import Policy
from app.policy.name_types import names_module

NAMES = Path(__file__).resolve().parents[2] / "app" / "policy" / "names.py"


def test_the_types_of_names_are_those_of_the_rules(rules: Policy) -> None:
    assert NAMES.read_text(encoding="utf-8") == names_module(rules), "run: flask policy names --write"
