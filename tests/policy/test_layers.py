"""The rules stand at the bottom: what the lowest parts of the program may import of the rest."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sources import source_tree

APP = Path(__file__).resolve().parents[2] / "app"


def imported(path: Path) -> Iterator[str]:
    """Every module of the program that a file imports, inside functions too."""
    for node in ast.walk(source_tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == "app")
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "app":
            yield from ([f"app.{alias.name}" for alias in node.names] if node.module == "app" else [str(node.module)])


@pytest.mark.parametrize(
    ("part", "may"),
    [
        ("clauses.py", ()),
        ("policy", ("app.clauses", "app.policy")),
        ("imaging", ("app.clauses", "app.imaging")),
        ("storage", ("app.clauses", "app.storage")),
        ("matching", ("app.clauses", "app.matching")),
    ],
)
def test_the_bottom_layers_import_nothing_from_above(part: str, may: tuple[str, ...]) -> None:
    where = APP / part
    files = [where] if where.is_file() else sorted(where.rglob("*.py"))
    assert files
    upwards = [
        f"{path.relative_to(APP)}: {name}"
        for path in files
        for name in imported(path)
        if not any(name == layer or name.startswith(f"{layer}.") for layer in may)
    ]
    assert upwards == []
