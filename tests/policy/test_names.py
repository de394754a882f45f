"""Names of the rules that the type checker does not see: on pages, and marks of one workflow and not of another.

`app/policy/names.py` gives the checker all names and whose verbs they are; it reads no template, and knows no marks.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.models.engine import JOB_STATES
from app.models.examination import DISPOSITIONS
from app.models.identification import SEARCH_STATES
from app.models.requests import IMAGE_STATES
from app.models.retention import ITEM_STATES
from app.policy.types import Policy
from app.workflow.engine import subjects

APP = Path(__file__).resolve().parents[2] / "app"
#: method -> what its names are, and which arguments are names
CALLS = {
    "can": ("capability", slice(0, 1)),
    "why": ("verb", slice(0, 1)),
    "blockers": ("verb", slice(0, 1)),
    "permits": ("verb", slice(None)),
    "has": ("mark", slice(0, 1)),
    "having": ("mark", slice(0, 1)),
    "takes": ("verb", slice(None)),
    "taking": ("verb", slice(None)),
    "first_of": ("verb", slice(None)),
}
ASKED = re.compile(rf"\.({'|'.join(CALLS)})\(([^()]*)\)")
STATE = re.compile(r"\.state (?:==|!=) \"(\w+)\"")
WORD = re.compile(r"[\"']([^\"']+)[\"']")
#: states of rows that no workflow moves, and of what only a page has
OTHER_STATES = {*JOB_STATES, *SEARCH_STATES, *IMAGE_STATES, *ITEM_STATES, *DISPOSITIONS, "left", "compared", "open"}
#: what `in` asks about a verb
OFFERING = {"options", "options_of"}
#: how a template asks whether a step is offered
OFFERED = re.compile(r'"(\w+)" (?:not )?in options\b')


def known(rules: Policy, kind: str, workflow: str | None) -> set[str]:
    """Every name of a kind; verbs and marks of one workflow where it is known which."""
    if kind == "capability":
        return set(rules.capabilities)
    flows = [rules.workflow(workflow)] if workflow else list(rules.workflows.values())
    if kind == "verb":
        return {row.verb for flow in flows for row in flow.transitions}
    return {"final"} | {rule.id for flow in flows for rule in flow.marks}


def words(value: ast.expr, constants: dict[str, ast.expr]) -> Iterator[str]:
    """The text that an argument is or may be, also by a constant of its module; none where it is only known later."""
    match value:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=one, orelse=other):
            yield from words(one, constants)
            yield from words(other, constants)
        case ast.Starred(value=one):
            yield from words(one, constants)
        case ast.Tuple(elts=several):
            for one in several:
                yield from words(one, constants)
        case ast.Name(id=name) if name in constants:
            yield from words(constants[name], {})


def named(source: str) -> Iterator[tuple[int, str, str | None, str]]:
    """(line, kind, class it is asked of, name) for each name of the rules in a module."""
    tree = ast.parse(source)
    constants = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Compare(left=verb, ops=[ast.In() | ast.NotIn()], comparators=[asked_of]) if offering(asked_of):
                yield from ((node.lineno, "verb", None, word) for word in words(verb, constants))
                continue
            case ast.Call(func=ast.Attribute(value=owner, attr=called)) if called in CALLS:
                asked = owner.id if isinstance(owner, ast.Name) else None
            case _:
                continue
        kind, which = CALLS[called]
        for argument in node.args[which]:
            yield from ((node.lineno, kind, asked, word) for word in words(argument, constants))


def offering(value: ast.expr) -> bool:
    """Whether an expression is what offers steps: `options` or `options_of(…)`."""
    name = value.func if isinstance(value, ast.Call) else value
    return isinstance(name, ast.Name) and name.id in OFFERING


def unknown(rules: Policy, source: str) -> list[str]:
    flows = {model.__name__: kind for kind, model in subjects().items()}
    return [
        f"line {line}: there is no {kind} “{name}”"
        for line, kind, asked, name in named(source)
        if name not in known(rules, kind, flows.get(asked or ""))
    ]


def on_page(template: str) -> Iterator[tuple[str, str]]:
    """(kind, name) for each name of the rules that a template gives."""
    for called, given in ASKED.findall(template):
        yield from ((CALLS[called][0], word) for word in WORD.findall(given))
    yield from (("verb", word) for word in OFFERED.findall(template))
    yield from (("state", word) for word in STATE.findall(template))


def unknown_on_page(rules: Policy, template: str) -> list[str]:
    states = OTHER_STATES | {state.id for flow in rules.workflows.values() for state in flow.states}
    return [
        f"there is no {kind} “{name}”"
        for kind, name in on_page(template)
        if name not in (states if kind == "state" else known(rules, kind, None))
    ]


def test_every_name_in_the_program_is_one_of_its_workflow(rules: Policy) -> None:
    found = {path: path.read_text(encoding="utf-8") for path in sorted(APP.rglob("*.py"))}
    kinds = [kind for source in found.values() for _, kind, _, _ in named(source)]
    # a renamed method would leave nothing to look at
    assert all(kinds.count(kind) > 10 for kind in ("capability", "verb", "mark"))
    assert [f"{path.relative_to(APP)}, {one}" for path, source in found.items() for one in unknown(rules, source)] == []


def test_every_name_on_a_page_is_one_of_the_rules(rules: Policy) -> None:
    found = {path: path.read_text(encoding="utf-8") for path in sorted((APP / "templates").rglob("*.html"))}
    kinds = [kind for template in found.values() for kind, _ in on_page(template)]
    assert all(kinds.count(kind) >= 5 for kind in ("capability", "verb", "state"))
    assert [
        f"{path.relative_to(APP)}, {one}"
        for path, template in found.items()
        for one in unknown_on_page(rules, template)
    ] == []


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ('actor.can("basis.confrm")', "basis.confrm"),
        ('options_of(request).why("submitt")', "submitt"),
        ('options.permits("submit", "withdrawe")', "withdrawe"),
        ('if "submitt" not in options_of(request): ...', "submitt"),
        ('FILING = ("submit", "resubmitt")\nrequest.takes(*FILING)', "resubmitt"),
        ('FILING: tuple[Verb, ...] = ("submit", "resubmitt")\nrequest.takes(*FILING)', "resubmitt"),
        ('request.has("dun")', "dun"),
        ('FRRequest.having("kept_up")', "kept_up"),
        ('Disclosure.taking("disapprove")', "disapprove"),
    ],
)
def test_a_misspelt_name_is_told(rules: Policy, line: str, name: str) -> None:
    assert [one.split("“")[1] for one in unknown(rules, line)] == [f"{name}”"]


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ('{% if actor.can("basis.confrm") %}', "basis.confrm"),
        ('{% if item.takes("release", "fech") %}', "fech"),
        ('{% if "submitt" in options %}', "submitt"),
        ('{% if item.has("dun") %}', "dun"),
        ('{% if item.state == "acepted" %}', "acepted"),
        ('{{ "" if line.item.state != "acepted" }}', "acepted"),
    ],
)
def test_a_misspelt_name_on_a_page_is_told(rules: Policy, template: str, name: str) -> None:
    assert [one.split("“")[1] for one in unknown_on_page(rules, template)] == [f"{name}”"]
