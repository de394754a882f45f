"""Events, capabilities, verbs and marks that the program names stand in the rules, also where no test runs the line."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.policy.types import Policy
from app.workflow.engine import subjects

APP = Path(__file__).resolve().parents[2] / "app"
#: what is called -> what its names are, and which arguments are names; "audit.record" is called by no other name
CALLS = {
    "record": ("event", slice(0, 1)),
    "viewed": ("event", slice(0, 1)),
    "needs": ("capability", slice(None)),
    "can": ("capability", slice(0, 1)),
    "advance": ("verb", slice(1, 2)),
    "explain": ("verb", slice(1, 2)),
    "why": ("verb", slice(0, 1)),
    "blockers": ("verb", slice(0, 1)),
    "permits": ("verb", slice(None)),
    "has": ("mark", slice(0, 1)),
    "having": ("mark", slice(0, 1)),
    "takes": ("verb", slice(None)),
    "taking": ("verb", slice(None)),
    "first_of": ("verb", slice(None)),
}
FUNCTIONS = {"needs", "advance", "explain"}
#: what `in` asks about a verb
OFFERING = {"options", "options_of"}
#: how a template asks about a verb
IN_TEMPLATES = re.compile(r"""options\.(?:why|blockers|permits)\("(\w+)"\)|"(\w+)" (?:not )?in options\b""")


def known(rules: Policy, kind: str, workflow: str | None) -> set[str]:
    """Every name of a kind; verbs and marks of one workflow where it is known which."""
    if kind == "event":
        return set(rules.events)
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
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Compare(left=verb, ops=[ast.In() | ast.NotIn()], comparators=[asked_of]) if offering(asked_of):
                yield from ((node.lineno, "verb", None, word) for word in words(verb, constants))
                continue
            case ast.Call(func=ast.Attribute(value=owner, attr=called)) if called in CALLS:
                asked = owner.id if isinstance(owner, ast.Name) else None
                if called in {"record", "viewed"} and asked != "audit":
                    continue
            case ast.Call(func=ast.Name(id=called)) if called in FUNCTIONS:
                asked = None
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


def test_every_name_in_the_program_is_one_of_the_rules(rules: Policy) -> None:
    found = {path: path.read_text(encoding="utf-8") for path in sorted(APP.rglob("*.py"))}
    kinds = [kind for source in found.values() for _, kind, _, _ in named(source)]
    # a renamed function would leave nothing to look at
    assert all(kinds.count(kind) > 10 for kind in ("event", "capability", "verb", "mark"))
    assert [f"{path.relative_to(APP)}, {one}" for path, source in found.items() for one in unknown(rules, source)] == []


def test_every_verb_that_a_template_asks_about_is_one_of_the_rules(rules: Policy) -> None:
    asked = {
        (path.name, one or other)
        for path in APP.rglob("*.html")
        for one, other in IN_TEMPLATES.findall(path.read_text(encoding="utf-8"))
    }
    assert len(asked) > 20
    assert {(name, verb) for name, verb in asked if verb not in known(rules, "verb", None)} == set()


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ('audit.record("request.submited", request)', "request.submited"),
        ('audit.viewed("a" if late else "policy.loaded")', "a"),
        ('@needs("basis.confirm", "basis.confrm")\ndef view(): ...', "basis.confrm"),
        ('actor.can("basis.confrm")', "basis.confrm"),
        ('advance(request, "submitt", actor)', "submitt"),
        ('explain(request, "submitt", actor)', "submitt"),
        ('options_of(request).why("submitt")', "submitt"),
        ('options.permits("submit", "withdrawe")', "withdrawe"),
        ('if "submitt" not in options_of(request): ...', "submitt"),
        ('FILING = ("submit", "resubmitt")\nrequest.takes(*FILING)', "resubmitt"),
        ('request.has("dun")', "dun"),
        ('FRRequest.having("kept_up")', "kept_up"),
        ('Disclosure.taking("disapprove")', "disapprove"),
    ],
)
def test_a_misspelt_name_is_told(rules: Policy, line: str, name: str) -> None:
    assert [one.split("“")[1] for one in unknown(rules, line)] == [f"{name}”"]
