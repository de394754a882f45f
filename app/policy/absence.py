"""Rules on what the program must not contain, checked by reading its source (CAP-7, CAP-8)."""

import ast
from collections.abc import Iterator
from pathlib import Path

from app.clauses import enforces
from app.policy.forms import Absence
from app.policy.types import Policy


@enforces("CAP-7", "CAP-8")
def forbidden_names(policy: Policy, source: Path) -> list[str]:
    """Every place below ``source`` that names what a rule forbids: one line each, file, line, name, rule.

    Reads imports, attributes, names and definitions; words in texts and comments do not count.
    """
    found = []
    for path in sorted(source.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
        for line, name in _names(tree):
            for rule in policy.absences.values():
                if _forbids(rule, name):
                    where = path.relative_to(source.parent)
                    found.append(f"{where}:{line}: '{name}' is forbidden by {rule.id} ({', '.join(rule.authority)})")
    return found


def _forbids(rule: Absence, name: str) -> bool:
    return name.lower() in {forbidden.lower() for forbidden in rule.names}


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
