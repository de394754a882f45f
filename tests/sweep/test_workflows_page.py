"""docs/workflows.md is what the rules say today."""

from __future__ import annotations

from pathlib import Path

from app.policy import policy
from app.policy.workflow_table import diagram, workflows_page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "workflows.md"


def test_the_page_of_workflows_is_what_the_rules_say():
    assert PAGE.read_text(encoding="utf-8") == workflows_page(policy()), "run: flask policy workflows --write"


def test_the_page_names_every_state_verb_and_rule():
    text = PAGE.read_text(encoding="utf-8")
    for flow in policy().workflows.values():
        assert f"```mermaid\n{diagram(flow)}\n```" in text
        for state in flow.states:
            assert f"| `{state.id}` | {state.title} |" in text
        for step in flow.transitions:
            assert f"| `{step.id}` | `{step.verb}`: " in text
    for rule in (*policy().conditions.values(), *policy().separations.values()):
        assert rule.text in text


def test_a_diagram_draws_every_change_of_state():
    for flow in policy().workflows.values():
        drawn = diagram(flow)
        for step in flow.transitions:
            for source in step.sources:
                arrow = next(line for line in drawn.splitlines() if f" {source} --> {step.target(source)}: " in line)
                assert step.verb in arrow
