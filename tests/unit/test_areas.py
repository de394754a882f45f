"""Areas of the domain: two that import each other are one area, unless the tie is listed here with its reason."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import defaultdict
from itertools import combinations
from pathlib import Path

import pytest

from tests.sources import source_tree

ROOT = Path(__file__).resolve().parents[2]
DOMAIN = ROOT / "app" / "domain"
AREAS = sorted(folder.name for folder in DOMAIN.iterdir() if (folder / "__init__.py").exists())

#: the ties that stand, each with its reason; no other may come, and one that goes leaves this list
TIES = {
    frozenset({"matters", "requests"}): "a filing takes its number; a link says anew on what arrests rest",
    frozenset({"algorithms", "gallery"}): "what enters gets templates of both algorithms of a change, which embeds it",
    frozenset(
        {"identification", "workload"}
    ): "a search passes its work on; what a person is asked to do names repeats",
}
#: layers in which an area's rooms carry its word, where it has any
LAYERS = ("app/documents", "app/policy", "app/jobs")


def known_areas() -> dict[str, set[str]]:
    """area -> the areas that its modules import."""
    found: dict[str, set[str]] = defaultdict(set)
    for area in AREAS:
        for module in (DOMAIN / area).rglob("*.py"):
            for node in ast.walk(source_tree(module)):
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("app.domain"):
                    parts = (node.module or "").split(".")
                    named = [parts[2]] if len(parts) > 2 else [alias.name for alias in node.names]
                    found[area].update(name for name in named if name in AREAS and name != area)
    return found


def test_no_two_areas_import_each_other_but_those_listed():
    known = known_areas()
    tied = {
        frozenset(pair) for pair in combinations(AREAS, 2) if pair[1] in known[pair[0]] and pair[0] in known[pair[1]]
    }
    assert tied == set(TIES)


@pytest.mark.parametrize("layer", LAYERS)
def test_the_rooms_of_a_layer_carry_the_words_of_areas(layer):
    rooms = {path.name for path in (ROOT / layer).iterdir() if (path / "__init__.py").exists()}
    assert rooms <= set(AREAS)


@pytest.mark.parametrize(
    "module", ["app.matching.ranking", "app.matching.index.exact", "app.imaging.recipe_ops", "app.storage.keys"]
)
def test_neither_flask_nor_a_database_is_loaded_in_the_process_that_imports(module):
    asked = f"import sys, {module}; print([m for m in ('flask', 'sqlalchemy', 'ldap3', 'rq') if m in sys.modules])"
    said = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
