"""The workflows as one Markdown page, tables and diagrams, generated from the rules: ``docs/workflows.md``."""

from collections.abc import Iterable, Iterator

from app.policy.base import Rule
from app.policy.types import Policy, State, Transition, Workflow

_HEAD = """# Workflows

Generated from `config/policy/*/workflow.toml` by `flask policy workflows --write`; a test compares. Every subject moves
along one of these tables and through one function, `workflow.advance`, which checks in this order: state, capability,
training, separation of persons, conditions; then writes state, transition and audit event together, or nothing.
"""


def workflows_page(policy: Policy) -> str:
    """Every workflow of the policy, in the order of the files: diagram, states, steps, and the rules they name."""
    parts = [_HEAD, _overview(policy)]
    parts += [_section(policy, flow) for flow in policy.workflows.values()]
    parts += [_rules("Conditions", policy.conditions.values()), _rules("Separations", policy.separations.values())]
    return "\n".join(parts)


def _overview(policy: Policy) -> str:
    rows = [
        (f"[{flow.noun}](#{flow.subject.replace('_', '-')})", len(flow.states), len(flow.transitions), _cell(flow.text))
        for flow in policy.workflows.values()
    ]
    return _table(("subject", "states", "steps", "what it is"), rows)


def _section(policy: Policy, flow: Workflow) -> str:
    title = flow.subject.replace("_", " ").capitalize()
    states = [_state(state) for state in flow.states]
    steps = [_step(policy, step) for step in flow.transitions]
    return "\n".join(
        (
            f"## {title}\n",
            f"{flow.text} ({', '.join(flow.authority)})\n",
            f"```mermaid\n{diagram(flow)}\n```\n",
            _table(("state", "title", "meaning", "waits for", "due", "marks"), states),
            *_marks(flow),
            _table(("rule", "step", "from", "to", "capability", "demands", "keeps out", "clauses", "event"), steps),
        )
    )


def _state(state: State) -> tuple[str, ...]:
    asked = ("" if step.by == "anyone" else f" ({step.by.replace('_', ' ')})" for step in state.next)
    due = dict.fromkeys(_cell(step.text) + by for step, by in zip(state.next, asked, strict=True))
    marks = [f"`{mark}`" for mark in (*state.marks, *(["final"] if state.final else []))]
    return (
        f"`{state.id}`",
        state.title,
        _cell(state.text),
        state.waiting_for or "nobody",
        "; ".join(due) or "nothing",
        ", ".join(marks) or "none",
    )


def _marks(flow: Workflow) -> Iterator[str]:
    """Yield the meaning of the marks, and the states that people outside see."""
    if flow.marks:
        yield _table(("mark", "says of a state"), ((f"`{mark.id}`", _cell(mark.text)) for mark in flow.marks))
    for outside in flow.outside_states:
        states = ", ".join(f"`{state.id}`" for state in flow.states if state.told_as == outside.id)
        yield f"Told outside as “{outside.title}” ({_cell(outside.text)}): {states}.\n"


def _step(policy: Policy, step: Transition) -> tuple[str, ...]:
    training = policy.capability(step.capability).training
    return (
        f"`{step.id}`",
        f"`{step.verb}`: {_cell(step.text)}",
        ", ".join(f"`{state}`" for state in step.sources),
        "same" if step.to == "same" else f"`{step.to}`",
        f"`{step.capability}`" + (" with training" if training else ""),
        ", ".join(_link(name) for name in step.conditions) or "none",
        ", ".join(_link(name) for name in step.separations) or "nobody",
        ", ".join(step.authority),
        f"`{step.event}`",
    )


def diagram(flow: Workflow) -> str:
    """A Mermaid state diagram: one arrow for each change, labelled with the verbs that make it."""
    lines = ["stateDiagram-v2", f"    [*] --> {flow.initial}"]
    labels: dict[tuple[str, str], list[str]] = {}
    for step in flow.transitions:
        for source in step.sources:
            verbs = labels.setdefault((source, step.target(source)), [])
            verbs.extend(() if step.verb in verbs else (step.verb,))
    lines += [f"    {source} --> {target}: {', '.join(verbs)}" for (source, target), verbs in labels.items()]
    lines += [f"    {state.id} --> [*]" for state in flow.states if state.final]
    return "\n".join(lines)


def _rules(title: str, rules: Iterable[Rule]) -> str:
    rows = [(f'<a id="{rule.id}"></a>`{rule.id}`', _cell(rule.text), ", ".join(rule.authority)) for rule in rules]
    return f"## {title}\n\n" + _table(("rule", "sentence", "clauses"), rows)


def _link(name: str) -> str:
    return f"[{name}](#{name})"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _table(head: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    return "\n".join(_lines(head, rows)) + "\n"


def _lines(head: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> Iterator[str]:
    for row in (head, ("---",) * len(head), *rows):
        yield "| " + " | ".join(str(cell) for cell in row) + " |"
