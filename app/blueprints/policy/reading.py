"""The rule files arranged for reading: clauses in groups, each with the rules that rest on it; the workflow drawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from app.policy import policy
from app.policy.names import StateName
from app.policy.types import Clause, Interpretation, Workflow

GROUPS = {
    "CAP": "What the technology is, and is not",
    "USE": "Authorized uses",
    "REQ": "The request",
    "SRC": "Search and review",
    "LIM": "Limits",
    "ACC": "Access and safeguards",
    "RET": "Retention",
    "PUB": "Public access",
    "EXT": "External entities and disclosure",
    "TRN": "Training",
    "AUD": "Oversight",
    "FAIR": "Fairness",
}


@dataclass(frozen=True, slots=True)
class Resting:
    """A rule of the portal that rests on a clause: its id and its sentence."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A clause with what the portal makes of it."""

    clause: Clause
    rules: tuple[Resting, ...]
    notes: tuple[Interpretation, ...]
    said: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """The clauses of one subject."""

    key: str
    title: str
    readings: tuple[Reading, ...]


def groups() -> tuple[Group, ...]:
    """Every clause, in the policy's order; a group nobody named keeps its letters as title."""
    return _groups(policy().version)


@cache
def _groups(_version: str) -> tuple[Group, ...]:
    found: dict[str, list[Reading]] = {}
    for clause in policy().clauses.values():
        notes = tuple(policy().interpretations[note] for note in clause.interpretation)
        said = tuple(one.text for one in policy().sentences if clause.id in one.clauses)
        found.setdefault(clause.id.split("-")[0], []).append(Reading(clause, tuple(_resting(clause.id)), notes, said))
    return tuple(Group(key, GROUPS.get(key, key), tuple(readings)) for key, readings in found.items())


def _resting(clause_id: str) -> Iterator[Resting]:
    for name in policy().citing(clause_id):
        kind, _, key = name.partition(" ")
        if key and kind == "role":
            yield Resting(name, policy().roles[key].text)
        elif key and kind == "workflow":
            yield Resting(name, policy().workflows[key].text)
        else:
            yield Resting(name, policy().rule(name).text)


# The workflow as an arc diagram -----------------------------------------------------------------------------

WIDTH, ROW, TOP, BOX, LEFT = 620, 34, 20, 190, 215


@dataclass(frozen=True, slots=True)
class Box:
    """A state, in units of the drawing."""

    title: str
    final: bool
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Arc:
    """A change of state: forward on the right, back on the left; `path` is an SVG path."""

    title: str
    path: str
    back: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    """The states in the file's order from top to bottom, and an arc for each change between two of them."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    arcs: tuple[Arc, ...]


def drawing(subject: str) -> Drawing:
    """The diagram of a workflow, drawn from its rules alone. Raises KeyError for an unknown subject."""
    return _drawing(subject, policy().version)


@cache
def _drawing(subject: str, _version: str) -> Drawing:
    flow = policy().workflows[subject]
    place = {state.id: n for n, state in enumerate(flow.states)}
    boxes = tuple(
        Box(state.title, state.final, LEFT, TOP + n * ROW, BOX, ROW - 10)
        for state, n in zip(flow.states, place.values(), strict=True)
    )
    arcs = tuple(
        _arc(flow, place, source, target) for source, target in sorted(_changes(flow), key=lambda c: place[c[0]])
    )
    return Drawing(WIDTH, TOP * 2 + ROW * len(boxes), boxes, arcs)


def _changes(flow: Workflow) -> set[tuple[StateName, StateName]]:
    pairs = {(source, step.target(source)) for step in flow.transitions for source in step.sources}
    return {(source, target) for source, target in pairs if source != target}


def _arc(flow: Workflow, place: dict[StateName, int], source: StateName, target: StateName) -> Arc:
    start, end = place[source], place[target]
    back = end < start
    x = LEFT if back else LEFT + BOX
    # a few units apart, so that an arrival does not hide a departure
    y1, y2 = (TOP + n * ROW + (ROW - 10) // 2 + shift for n, shift in ((start, 4), (end, -4)))
    reach = (12 + abs(end - start) * 11) * (-1 if back else 1)
    words = f"{flow.state(source).title} to {flow.state(target).title}"
    if end == start + 1:
        middle = LEFT + BOX // 2
        return Arc(words, f"M{middle} {TOP + start * ROW + ROW - 10} V{TOP + end * ROW}", False)
    return Arc(words, f"M{x} {y1} C{x + reach} {y1} {x + reach} {y2} {x} {y2}", back)
