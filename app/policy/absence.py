"""Rules on what the program must not contain, checked by reading its source (CAP-7, CAP-8)."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from app.clauses import enforces
from app.policy.types import Policy

#: a word longer than this is forbidden inside a longer name too
LEAST = 5


@enforces("CAP-7", "CAP-8")
def forbidden_names(policy: Policy, source: Path) -> list[str]:
    """Every place below ``source`` that names what a rule forbids: one line each, file, line, name, rule.

    Reads imports, attributes, names, definitions, and what a call asks for by a name in a string; other words in
    texts, and comments, do not count.
    """
    barred = {_joined(name): rule for rule in policy.absences.values() for name in rule.names}
    found = []
    for path in sorted(source.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
        for line, name in _names(tree):
            for part in sorted(barred.keys() & _readings(name)):
                where, rule = path.relative_to(source.parent), barred[part]
                found.append(f"{where}:{line}: '{name}' is forbidden by {rule.id} ({', '.join(rule.authority)})")
    return found


@cache
def _readings(name: str) -> frozenset[str]:
    """Return a name and each run of words within it, joined: ``AgeNet``, ``age_net2`` and ``my_age_net`` are one.

    A short word counts only by itself, for it has other uses: that of ``FLIP_LEFT_RIGHT`` is to read a turned picture.
    """
    words = [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)]
    ends = range(len(words) + 1)
    runs = ("".join(words[first:last]) for first in ends for last in ends[first + 1 :])
    return frozenset((_joined(name), *(run for run in runs if len(run) > LEAST)))


def _joined(name: str) -> str:
    return name.replace("_", "").lower()


def _names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from ((node.lineno, part) for part in alias.name.split("."))
        elif isinstance(node, ast.ImportFrom):
            parts = [*(node.module or "").split("."), *(alias.name for alias in node.names)]
            yield from ((node.lineno, part) for part in parts)
        elif isinstance(node, ast.Attribute):
            yield node.lineno, node.attr
        elif isinstance(node, ast.Name):
            yield node.lineno, node.id
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg | ast.keyword):
            yield node.lineno, node.arg or ""
        elif isinstance(node, ast.Call):
            yield from _asked_for(node)


def _asked_for(call: ast.Call) -> Iterator[tuple[int, str]]:
    """Yield what a call names in a string: a module or attribute by its name, or a file of weights by its path."""
    for given in (*call.args, *(keyword.value for keyword in call.keywords)):
        if isinstance(given, ast.Constant) and isinstance(given.value, str) and not re.search(r"\s", given.value):
            yield from ((given.lineno, part) for part in re.split(r"\W+", given.value) if part)
