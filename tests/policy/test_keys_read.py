"""Every key of a rule file is read by the program: a lawyer changes none that nothing consumes."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import msgspec
import pytest

from app.policy import loader  # noqa: F401  (every type of the rule files is imported by it)
from app.policy.base import Table
from tests.sources import source_tree

ROOT = Path(__file__).resolve().parents[2]


def kinds(of: type[Table] = Table) -> list[type[Table]]:
    """Every type of a table of a rule file."""
    return [one for kind in of.__subclasses__() for one in (kind, *kinds(kind))]


@cache
def read_names() -> frozenset[str]:
    """Every attribute that the program or one of its templates reads."""
    found: set[str] = set()
    for path in (ROOT / "app").rglob("*.py"):
        found |= {
            node.attr
            for node in ast.walk(source_tree(path))
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
        }
    for path in (ROOT / "app" / "templates").rglob("*.html"):
        found |= set(re.findall(r"\.([a-z_]+)", path.read_text(encoding="utf-8")))
    return frozenset(found)


def test_there_are_types_to_look_at():
    assert len(kinds()) > 50


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_every_key_of_a_rule_is_read_and_no_other_is_taken(kind):
    assert kind.__struct_config__.forbid_unknown_fields
    unread = [field.name for field in msgspec.structs.fields(kind) if field.name not in read_names()]
    assert unread == []
