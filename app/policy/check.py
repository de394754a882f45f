"""The check of each enforced clause: rule, enforcement point, test, bypass test, words seen: ``flask policy check``."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from app.policy.absence import forbidden_names
from app.policy.clause_table import BYPASS, bypasses, seen
from app.policy.days import present_day
from app.policy.examples import Check, disagreements, load_worked
from app.policy.loader import PolicyError, load
from app.policy.types import Policy

CLAUSE_IDS = "clause-ids.txt"
#: clause id -> the enforcement points that name it, as ``app.clauses.registry`` gives them
Points = Mapping[str, tuple[str, ...]]


def check(root: Path, points: Points, above: Mapping[str, Check]) -> list[str]:
    """Return a sentence for each gap between policy and program in the checkout at ``root``.

    ``points`` are the enforcement points of the whole program, ``above`` the worked cases' checks outside the rules.
    """
    directory = root / "config" / "policy"
    try:
        policy = load(directory)
        worked = load_worked(directory)
    except PolicyError as error:
        return list(error.faults)
    faults = missing_clauses(policy, directory)
    rows = _rows(policy, root, points)
    faults += [gap for row in rows for gap in gaps(row)]
    faults += [
        f"{clause_id}: code names this clause, which the policy does not have"
        for clause_id in points
        if clause_id not in policy.clauses
    ]
    faults += [
        f"{clause_id}: a test names this clause, which the policy does not have ({', '.join(tests)})"
        for clause_id, tests in marked_tests(root / "tests").items()
        if clause_id not in policy.clauses
    ]
    faults += forbidden_names(policy, root / "app")
    return faults + disagreements(policy, worked, present_day(), above)


def matrix(root: Path, points: Points) -> list[dict[str, Any]]:
    """One row per clause: clause, status, text, does, who, rules, seen, enforcement, tests. Raises PolicyError."""
    policy = load(root / "config" / "policy")
    return _rows(policy, root, points)


def missing_clauses(policy: Policy, directory: Path) -> list[str]:
    """Return the clauses of the committed list that clauses.toml lacks."""
    listed = (directory / CLAUSE_IDS).read_text(encoding="utf-8").split()
    return [
        f"clauses.toml: {clause_id}: the clause is missing" for clause_id in listed if clause_id not in policy.clauses
    ]


def gaps(row: Mapping[str, Any]) -> Iterator[str]:
    """Yield what an enforced clause lacks, from its row of the matrix."""
    if row["status"] != "enforced":
        return
    for column, what in (
        ("rules", "no rule cites it"),
        ("enforcement", "no enforcement point is registered"),
        ("tests", "no test is marked with it"),
        ("seen", "nobody sees a word of it"),
    ):
        if not row[column]:
            yield f"{row['clause']}: marked enforced, but {what}"
    if row["tests"] and not bypasses(row):
        yield f"{row['clause']}: marked enforced, but no test whose name ends in {BYPASS} tries to get around it"


def marked_tests(directory: Path) -> dict[str, list[str]]:
    """Clause id -> tests marked ``@pytest.mark.clause(id)``, as ``path::name``; nothing is run."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for path in sorted(directory.rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
        name = path.relative_to(directory.parent).as_posix()
        for clause_id, test in _marks(tree):
            found[clause_id].append(f"{name}::{test}")
    return dict(found)


def _marks(tree: ast.Module) -> Iterator[tuple[str, str]]:
    whole = [clause for node in tree.body if _assigns_pytestmark(node) for clause in _clauses(node)]
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            shared = whole + [clause for mark in node.decorator_list for clause in _clauses(mark)]
            for inner in node.body:
                yield from _marks_of(inner, shared, f"{node.name}::")
        else:
            yield from _marks_of(node, whole, "")


def _marks_of(node: ast.stmt, shared: list[str], prefix: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
        own = [clause for mark in node.decorator_list for clause in _clauses(mark)]
        yield from ((clause, prefix + node.name) for clause in dict.fromkeys(shared + own))


def _assigns_pytestmark(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and any(
        isinstance(target, ast.Name) and target.id == "pytestmark" for target in node.targets
    )


def _clauses(node: ast.AST) -> Iterator[str]:
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("mark.clause"):
            for argument in call.args:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield argument.value


def _rows(policy: Policy, root: Path, points: Points) -> list[dict[str, Any]]:
    tests = marked_tests(root / "tests")
    return [
        {
            "clause": clause.id,
            "status": clause.status,
            "text": clause.text,
            "does": clause.does,
            "who": clause.who,
            "rules": (rules := sorted(policy.citing(clause.id))),
            "seen": seen(policy, rules),
            "enforcement": list(points.get(clause.id, ())),
            "tests": tests.get(clause.id, []),
        }
        for clause in policy.clauses.values()
    ]
