"""The catalogue of events and the code say the same, and no event names a person or carries a word of a case."""

from __future__ import annotations

import ast
import json
import sqlite3
from pathlib import Path

import pytest

from app.policy import policy
from tests.sources import source_tree

pytestmark = pytest.mark.timeout(600)
APP = Path(__file__).resolve().parents[2] / "app"
#: (module, function of audit) where the event is a variable, and what it may hold
VARIABLE = {
    "app/workflow/engine.py": "the events of requests/workflow.toml",
    "app/audit/__init__.py": "`sent` hands on what its callers name",
}


def recorded() -> dict[str, list[str]]:
    """Event -> places that record it, read from the source."""
    found: dict[str, list[str]] = {}
    for path in sorted(APP.rglob("*.py")):
        place = path.relative_to(APP.parent).as_posix()
        for node in ast.walk(source_tree(path)):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = ast.unparse(node.func)
            if name not in {"audit.record", "audit.viewed", "audit.sent", "record", "viewed", "sent"}:
                continue
            first = node.args[0]
            for literal in literals(first):
                found.setdefault(literal, []).append(f"{place}:{node.lineno}")
            if not list(literals(first)):
                assert place in VARIABLE, f"{place}:{node.lineno}: name the event where it is recorded"
    return found


def literals(node: ast.expr) -> list[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.IfExp):
        return literals(node.body) + literals(node.orelse)
    return []


def test_every_event_of_the_catalogue_is_recorded_somewhere():
    stepped = {row.event for flow in policy().workflows.values() for row in flow.transitions}
    silent = set(policy().events) - set(recorded()) - stepped
    assert silent == set(), f"no code records {sorted(silent)}: record them or take them out of events.toml"


def test_every_recorded_event_is_in_the_catalogue():
    unknown = {event: places for event, places in recorded().items() if event not in policy().events}
    assert unknown == {}


@pytest.fixture
def events(world) -> list[tuple[str, str]]:
    connection = sqlite3.connect(f"file:{world.store.file}?mode=ro", uri=True)
    rows = connection.execute("SELECT event, keys FROM audit_event ORDER BY sequence").fetchall()
    connection.close()
    return rows


def test_every_event_carries_exactly_its_keys(events):
    wrong = [(event, keys) for event, keys in events if set(json.loads(keys)) != set(policy().event(event).keys)]
    assert wrong == []
    assert len({event for event, _ in events}) > 25, "the world should have recorded much of the catalogue"


@pytest.mark.clause("ACC-10", "ACC-11")
def test_no_event_holds_a_name_or_a_word_of_a_case(world):
    """The whole table, every column, as bytes."""
    connection = sqlite3.connect(f"file:{world.store.file}?mode=ro", uri=True)
    rows = connection.execute("SELECT * FROM audit_event").fetchall()
    connection.close()
    text = "\n".join(str(value) for row in rows for value in row).lower()
    with world.app.app_context():
        words = private_words(world)
    assert len(words) > 60
    assert sorted(word for word in words if word.lower() in text) == []


@pytest.mark.clause("ACC-10")
def test_no_column_of_the_database_holds_a_narrative_or_the_name_of_somebody_in_the_repository(world):
    """Identifying text is sealed: the file itself is searched, deleted pages included."""
    raw = world.store.file.read_bytes()
    with world.app.app_context():
        words = sealed_words(world)
    assert len(words) > 20
    assert sorted(word for word in words if word.encode() in raw) == []


def sealed_words(world) -> set[str]:
    """What stands sealed in requests, rounds, opinions and gallery records of the world."""
    from app.extensions import db
    from app.models.base import Sealed

    words: set[str] = set()
    for model in [mapper.class_ for mapper in db.Model.registry.mappers if issubclass(mapper.class_, Sealed)]:
        for row in model.query:
            words |= set(texts(dict(row.private)))
    return {word for word in words if len(word) > 12 and " " in word}


def texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [text for part in parts for text in texts(part)]


def private_words(world) -> set[str]:
    from app.models import Account

    names = {part for account in Account.query for part in (account.display_name, account.name)}
    return names | sealed_words(world)
