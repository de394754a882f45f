"""The suite is run in parts; together they are the whole of it."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("test", "test-web", "test-sweep", "test-work", "test-long", "test-services", "test-pages")
#: measurements, run by hand
NO_PART = {"bench"}


def folders_with_tests() -> set[str]:
    return {path.relative_to(ROOT / "tests").parts[0] for path in (ROOT / "tests").rglob("test_*.py")}


def told(part: str) -> list[str]:
    """The words of the command that a part runs."""
    printed = subprocess.run(["make", "-n", part], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    [command] = [line for line in printed.splitlines() if "-m pytest" in line or "pytest tests" in line]
    return command.split()


def folders_of(words: list[str]) -> set[str]:
    return {word.split("/")[1] for word in words if word.startswith("tests/")}


def test_no_test_falls_between_the_parts() -> None:
    quick = [folders_of(told(part)) for part in ("test", "test-web", "test-sweep", "test-work")]
    assert sum(map(len, quick)) == len(set.union(*quick)), "no folder is in two of them"
    assert folders_of(told("test-long")) == set.union(*quick), "whatever has a quick part has a long one"
    found = set.union(*(folders_of(told(part)) for part in PARTS))
    assert found == folders_with_tests() - NO_PART


def test_every_change_is_tried_by_all_parts_but_the_longest() -> None:
    checked = (ROOT / ".ci" / "run").read_text("utf-8")
    assert {part for part in PARTS if f"make {part}\n" not in checked} == {"test-pages"}
