"""The map of coverage: which test reaches which part of the rules at all, and how long it takes.

A plugin of pytest: `python -m pytest -p tools.rules.reach --reach FILE tests/…` runs the tests that claim a clause.
The file is written after each test and read at the start, so that a run that was stopped goes on where it was; a test
whose module has changed since is measured anew.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from functools import cache, wraps
from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.access.scoping import SCOPES
from app.policy import loader, policy
from app.policy.bounds import WEAKER, bounds
from app.policy.types import Policy
from app.workflow.registry import CONDITIONS, SEPARATIONS


class Reached(msgspec.Struct, frozen=True):
    """What one test reaches; `passed` on the unchanged program, in so many seconds."""

    test: str
    module: str
    passed: bool
    seconds: float
    clauses: list[str]
    parts: list[str]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--reach", type=Path, required=True, help="Where the map is kept.")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Recorder(config.getoption("--reach")))


def read_map(path: Path) -> dict[str, Reached]:
    """Return the map by test; a later line replaces an earlier one, a line cut short is left out."""
    found = {}
    for line in path.read_bytes().splitlines() if path.exists() else ():
        try:
            row = msgspec.json.decode(line, type=Reached)
        except msgspec.DecodeError:
            continue
        found[row.test] = row
    return found


@cache
def digest_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def clauses_of(item: pytest.Item) -> list[str]:
    return sorted({str(clause) for mark in item.iter_markers("clause") for clause in mark.args})


class Recorder:
    """Notes which parts of the rules are asked while a test runs, its fixtures included."""

    def __init__(self, path: Path) -> None:
        self.path, self.known = path, read_map(path)
        self.parts: set[str] = set()
        self.paths: dict[tuple[int, str], str] = {}
        self.held: list[Policy] = []
        self.copies: list[Any] = []
        self.failed = False

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        wanted = [item for item in items if clauses_of(item) and not self._measured(item)]
        config.hook.pytest_deselected(items=[item for item in items if item not in set(wanted)])
        items[:] = wanted

    def _measured(self, item: pytest.Item) -> bool:
        known = self.known.get(item.nodeid)
        return known is not None and known.module == digest_of(item.path)

    def pytest_collection_finish(self) -> None:
        self._watch()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self.parts.clear()
        self.failed, began = False, time.monotonic()
        answer = yield
        seconds = round(time.monotonic() - began, 2)
        row = Reached(item.nodeid, digest_of(item.path), not self.failed, seconds, clauses_of(item), sorted(self.parts))
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as file:
            file.write(msgspec.json.encode(row) + b"\n")
        return answer

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed |= report.outcome != "passed"

    def _watch(self) -> None:
        """Put a note-taker around each registered function, and before each field that bounds something."""
        registers: tuple[tuple[str, dict[Any, Any]], ...] = (
            ("condition", CONDITIONS),
            ("separation", SEPARATIONS),
            ("scope", SCOPES),
        )
        for kind, functions in registers:
            for key, function in list(functions.items()):
                name = key if isinstance(key, str) else key.__name__
                functions[key] = self._noted(f"{kind}:{name}", function)
        self._know(policy())
        self._know_whatever_is_loaded()
        self._know_copies()
        for table in {type(bound.table) for bound in bounds(policy())}:
            for field in WEAKER[table.__name__]:
                setattr(table, field, self._noted_field(field, getattr(table, field)))

    def _know(self, rules: Policy) -> None:
        self.held.append(rules)  # an id is of one object only as long as the object lives
        for bound in bounds(rules):
            self.paths[id(bound.table), bound.field] = f"bound:{bound.path}.{bound.field}"

    def _know_whatever_is_loaded(self) -> None:
        build: Any = loader._build

        def known(*args: Any) -> Policy:
            rules: Policy = build(*args)
            self._know(rules)
            return rules

        loader._build = known  # type: ignore[assignment]

    def _know_copies(self) -> None:
        """A rule with one field replaced still has the bounds of the others."""
        replace: Any = msgspec.structs.replace

        def replaced(table: Any, **changes: Any) -> Any:
            made = replace(table, **changes)
            for field in WEAKER.get(type(table).__name__, {}).keys() - changes.keys():
                name = self.paths.get((id(table), field))
                if name is not None:
                    self.paths[id(made), field] = name
                    self.copies.append(made)
            return made

        msgspec.structs.replace = replaced  # type: ignore[assignment]

    def _noted(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def asked(*args: Any) -> Any:
            self.parts.add(name)
            return function(*args)

        return asked

    def _noted_field(self, field: str, member: Any) -> property:
        def read(table: Any) -> Any:
            name = self.paths.get((id(table), field))
            if name is not None:
                self.parts.add(name)
            return member.__get__(table)

        return property(read)
