"""The program's source as syntax trees, read once in a process: a score of checks walk the same six hundred modules."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path


@cache
def source_tree(path: Path) -> ast.Module:
    """Return the syntax tree of a module of the checkout. It is shared: walk it, never change it."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
