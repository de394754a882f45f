"""AUD-5: the event of a step is recorded by the workflow alone, or the check of the trail misses the step."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from app.policy.types import Policy

APP = Path(__file__).resolve().parents[2] / "app"


def recorded() -> dict[str, str]:
    """The events that code outside the workflow records by name -> where."""
    found = {}
    for path in APP.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"audit.record", "record"} and node.args:
                named = node.args[0]
                if isinstance(named, ast.Constant):
                    found[str(named.value)] = f"{path.relative_to(APP)}:{node.lineno}"
    return found


@pytest.mark.clause("AUD-5", "AUD-6")
def test_no_event_of_a_step_is_recorded_beside_the_workflow(rules: Policy) -> None:
    steps = {rule.event for flow in rules.workflows.values() for rule in flow.transitions}
    found = recorded()
    assert len(found) > 30
    assert {name: where for name, where in found.items() if name in steps} == {}
