"""The faults of a workflow's states: marks, next steps, progress, the states that outsiders see."""

from collections.abc import Iterator, Mapping

from app.policy.types import Mark, Part, State, Workflow

#: the marks by which the program asks for states of a subject: each must be there, or a page fails when it is opened
MARKS: Mapping[str, frozenset[Mark]] = {
    "request": frozenset({"filed", "due", "answered", "assigned", "examined", "round_open", "file_open", "done"}),
    "disclosure": frozenset({"done"}),
    "disposal": frozenset({"under_way"}),
    "algorithm_change": frozenset({"kept_up"}),
}
#: the parts that the program tells apart in a subject, beside anyone whom the step's own rule permits
PARTS: Mapping[str, frozenset[Part]] = {
    "request": frozenset({"requester", "named_supervisor", "examiner"}),
    "disclosure": frozenset({"requester"}),
}


def state_faults(flow: Workflow) -> Iterator[str]:
    """Every fault of the attributes of a workflow's states, one line each."""
    where = f"workflow: {flow.subject}"
    yield from _marks(flow, where)
    yield from _outside_states(flow, where)
    yield from _stretches(flow, where)
    for state in flow.states:
        yield from _next(flow, state, f"{where}: {state.id}")


def _marks(flow: Workflow, where: str) -> Iterator[str]:
    declared, asked = [rule.id for rule in flow.marks], MARKS.get(flow.subject, frozenset())
    yield from (f"{where}: the program asks for the mark '{mark}'" for mark in sorted(asked - set(declared)))
    yield from (f"{where}: {mark}: the program asks nothing by this mark" for mark in sorted(set(declared) - asked))
    yield from (f"{where}: {mark}: duplicate mark" for mark in sorted({m for m in declared if declared.count(m) > 1}))
    for state in flow.states:
        yield from (f"{where}: {state.id}: unknown mark '{mark}'" for mark in state.marks if mark not in declared)
        if len(set(state.marks)) < len(state.marks):
            yield f"{where}: {state.id}: a mark stands twice"
    for mark in declared:
        if not any(mark in state.marks for state in flow.states):
            yield f"{where}: {mark}: no state carries this mark"


def _outside_states(flow: Workflow, where: str) -> Iterator[str]:
    known = {outside.id for outside in flow.outside_states}
    for state in flow.states:
        if state.told_as and state.told_as not in known:
            yield f"{where}: {state.id}: told as unknown '{state.told_as}'"
        if state.id in known:
            yield f"{where}: {state.id}: a state and what is told instead have the same id"
    for outside in known - {state.told_as for state in flow.states}:
        yield f"{where}: {outside}: no state is told as this"


def _stretches(flow: Workflow, where: str) -> Iterator[str]:
    """Steps of the progress bar and phases whose time is measured: known, used, and every state has its step."""
    phases = {phase.id for phase in flow.phases}
    for state in flow.states:
        if state.unit_step and state.unit_step not in flow.unit_steps:
            yield f"{where}: {state.id}: unknown step '{state.unit_step}' inside the unit"
        if state.phase and state.phase not in phases:
            yield f"{where}: {state.id}: unknown phase '{state.phase}'"
        if not state.told_as:
            yield from _step(flow, state.step, f"{where}: {state.id}")
        elif state.step:
            yield f"{where}: {state.id}: its step is that of '{state.told_as}'"
    for outside in flow.outside_states:
        yield from _step(flow, outside.step, f"{where}: {outside.id}")
    for phase in phases - {state.phase for state in flow.states}:
        yield f"{where}: {phase}: no state belongs to this phase"


def _step(flow: Workflow, step: str, where: str) -> Iterator[str]:
    if step and step not in flow.steps:
        yield f"{where}: unknown step '{step}'"
    if flow.steps and not step:
        yield f"{where}: belongs to no step"


def _next(flow: Workflow, state: State, where: str) -> Iterator[str]:
    able = {row.verb for row in flow.transitions if state.id in row.sources}
    yield from (f"{where}: no step '{step.verb}' leads from here" for step in state.next if step.verb not in able)
    parts = PARTS.get(flow.subject, frozenset()) | {"anyone"}
    yield from (f"{where}: no {flow.noun} has the part '{step.by}'" for step in state.next if step.by not in parts)
    if state.final and state.next:
        yield f"{where}: nothing is due in a final state"
