"""The standing proof of the rules: what must be proven, what was, and what has changed since.

A *mutant* is the program with one condition, separation, scope or bound taken away. It is dead when a test that claims
its clause fails. `tests/rules/proof.json` keeps what was found for each, with digests of the rule, of the module that
enforces it and of the test that died: what no longer agrees is stale. `tests/rules/equivalent.toml` lists the mutants
that change nothing anybody could see, each with its reason.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import json
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec

from app.policy.bounds import bounds
from app.policy.types import Policy

PROOF = "tests/rules/proof.json"
EQUIVALENT = "tests/rules/equivalent.toml"
#: the clauses of a scope whose function names none
SCOPED = ("ACC-6", "ACC-11")
Kind = Literal["condition", "separation", "scope", "bound"]
Standing = Literal["dead", "equivalent", "survived", "stale", "open"]


@dataclass(frozen=True)
class Provable:
    """A part of the rules that a test must miss when it is gone; `digest` changes with the rule and its enforcement."""

    kind: Kind
    name: str
    clauses: tuple[str, ...]
    digest: str

    @property
    def id(self) -> str:
        return f"{self.kind}:{self.name}"


@dataclass(frozen=True)
class Enforced:
    """What the program registers: the functions behind the rules, and which clauses each names."""

    conditions: Mapping[str, Callable[..., Any]]
    separations: Mapping[str, Callable[..., Any]]
    scopes: Mapping[str, Callable[..., Any]]
    points: Mapping[str, tuple[str, ...]]

    def clauses_of(self, function: Callable[..., Any]) -> set[str]:
        point = f"{function.__module__}:{function.__qualname__}"
        return {clause for clause, points in self.points.items() if point in points}


class Kept(msgspec.Struct, frozen=True):
    """What was found of one mutant: the test it died of (empty: it survived), after how many tests."""

    by: str
    tests: int
    rule: str
    test: str


def provables(policy: Policy, enforced: Enforced) -> Iterator[Provable]:
    """Yield everything that must be proven, in a fixed order."""
    declared: tuple[tuple[Kind, Mapping[str, Any], Mapping[str, Callable[..., Any]]], ...] = (
        ("condition", policy.conditions, enforced.conditions),
        ("separation", policy.separations, enforced.separations),
    )
    for kind, rules, functions in declared:
        for name in sorted(rules):
            clauses = {*rules[name].authority, *enforced.clauses_of(functions[name])}
            yield Provable(kind, name, tuple(sorted(clauses)), _digest(rules[name], _source(functions[name])))
    for name, function in sorted(enforced.scopes.items()):
        clauses = enforced.clauses_of(function)
        yield Provable("scope", name, tuple(sorted(clauses or SCOPED)), _digest(_source(function)))
    for bound in bounds(policy):
        yield Provable("bound", f"{bound.path}.{bound.field}", tuple(sorted(bound.rule.authority)), _digest(bound.rule))


def _digest(*parts: Any) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part if isinstance(part, bytes) else msgspec.json.encode(part))
    return digest.hexdigest()[:16]


def _source(function: Callable[..., Any]) -> bytes:
    return Path(inspect.getfile(function)).read_bytes()


def kept_in(root: Path) -> dict[str, Kept]:
    """Return what was found, by mutant; nothing where no proof was ever made."""
    try:
        return msgspec.json.decode((root / PROOF).read_bytes(), type=dict[str, Kept])
    except FileNotFoundError:
        return {}


def write(root: Path, found: Mapping[str, Kept]) -> None:
    """Keep what was found, a line for each mutant, so that two branches that proved different rules can be merged."""
    lines = [f"{json.dumps(name)}: {msgspec.json.encode(found[name]).decode()}" for name in sorted(found)]
    (root / PROOF).write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def equivalents_in(root: Path) -> dict[str, str]:
    """Return the mutants that are listed as equivalent, and why."""
    try:
        listed = tomllib.loads((root / EQUIVALENT).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return {str(row["mutant"]): str(row["reason"]) for row in listed.get("equivalent", ())}


def digest_of_test(root: Path, node: str) -> str:
    """Return the digest of a test function as it is written now, by its node id; empty when it is not there."""
    path, _, name = node.partition("::")
    return _functions(root / path).get(name.partition("[")[0].rpartition("::")[2], "")


@cache
def _functions(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name: _digest(ast.unparse(node)) for node in ast.walk(tree) if isinstance(node, kinds)}


def standing_of(one: Provable, root: Path, found: Mapping[str, Kept], equivalent: Mapping[str, str]) -> Standing:
    """Return how one part of the rules stands: proven by a test that dies without it, or not."""
    kept = found.get(one.id)
    if one.id in equivalent:
        return "equivalent"
    if kept is None:
        return "open"
    if kept.rule != one.digest or (kept.by and kept.test != digest_of_test(root, kept.by)):
        return "stale"
    return "dead" if kept.by else "survived"


@dataclass(frozen=True)
class Report:
    """How all of them stand, and what is wrong with the lists."""

    standings: Mapping[str, Standing]
    faults: tuple[str, ...]

    def count(self, *standings: Standing) -> int:
        return sum(standing in standings for standing in self.standings.values())

    def summary(self) -> str:
        """Return one line for `flask policy check`."""
        line = (
            f"{len(self.standings)} conditions, separations, scopes and bounds: {self.count('dead')} missed by a test "
            f"when taken away, {self.count('equivalent')} equivalent"
        )
        waiting = self.count("stale", "open")
        told = f"; {self.count('stale')} changed since, {self.count('open')} not tried: run `make test-rules`"
        return line + (told if waiting else "")


def report(policy: Policy, enforced: Enforced, root: Path) -> Report:
    """Judge the stored proof against the rules, the program and the tests as they are now."""
    found, equivalent = kept_in(root), equivalents_in(root)
    every = {one.id: standing_of(one, root, found, equivalent) for one in provables(policy, enforced)}
    return Report(every, tuple(_faults(every, found, equivalent)))


def _faults(every: Mapping[str, Standing], found: Iterable[str], equivalent: Mapping[str, str]) -> Iterator[str]:
    for name, standing in every.items():
        if standing == "survived":
            yield f"{name}: no test that claims its clause fails without it ({PROOF})"
    for name in equivalent:
        if name not in every:
            yield f"{name}: listed as equivalent, but the rules have no such part ({EQUIVALENT})"
        elif not equivalent[name].strip():
            yield f"{name}: listed as equivalent without a reason ({EQUIVALENT})"
