"""Whoever waits holds nothing of the database: a reader who stays keeps its log from being emptied (RET-11)."""

from __future__ import annotations

import ast
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from app import unit_of_work as unit
from app.extensions import db
from app.models import FRRequest
from app.unit_of_work import end_reading, unit_of_work, wait
from demo.browser import Astray, Browser
from demo.cli import stay
from demo.services import Running
from tests.sources import source_tree

ROOT = Path(__file__).resolve().parents[2]
#: the index waits for the lock of its own file, milliseconds at a time, and knows nothing of the database
SLEEPERS = {"app/unit_of_work.py", "app/matching/index/milvus.py", "app/web/downloads.py"}


class Stopped(Exception):
    """Ends a loop that never ends by itself."""


@pytest.fixture
def asleep(monkeypatch) -> list[bool]:
    """Whether a transaction was open at each sleep; the second sleep ends the loop."""
    found: list[bool] = []

    def sleep(_seconds: float) -> None:
        found.append(db.session().in_transaction())
        if len(found) == 2:
            raise Stopped

    monkeypatch.setattr(unit.time, "sleep", sleep)
    return found


def log_is_emptied() -> bool:
    """Whether another process could empty the database's log now, asked without patience."""
    with closing(sqlite3.connect(db.engine.url.database, timeout=0)) as other:
        busy, *_ = other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


def read() -> None:
    """Read as any page or command does, without an end."""
    db.session.query(FRRequest).count()
    assert db.session().in_transaction()


@pytest.mark.clause("RET-11")
def test_a_reader_keeps_the_log_from_being_emptied_until_it_waits(make):
    request = make.empty()
    read()
    assert not log_is_emptied()
    wait(0)
    assert not db.session().in_transaction()
    assert log_is_emptied()
    assert request.case_number == "2026-075-01234", "what was read before can still be used"


def test_nobody_waits_inside_a_unit_of_work(app):
    with pytest.raises(RuntimeError, match="inside a unit of work"), unit_of_work():
        wait(0)


def test_without_an_application_there_is_nothing_to_let_go(monkeypatch):
    monkeypatch.setattr(unit, "has_app_context", lambda: False)
    end_reading()


@pytest.mark.clause("RET-11")
def test_a_demonstration_that_stays_up_holds_nothing(app, settings, asleep):
    read()
    with pytest.raises(Stopped):
        stay(Running(settings, ()))
    assert asleep == [False, False]


@pytest.mark.clause("RET-11")
@pytest.mark.parametrize("command", [["jobs", "scheduler", "--every", "1"], ["gallery", "watch-orders", "{folder}"]])
def test_a_command_that_waits_holds_nothing(app, asleep, tmp_path, command):
    given = [part.format(folder=tmp_path) for part in command]
    ended = app.test_cli_runner().invoke(args=given)
    assert isinstance(ended.exception, Stopped), ended.output
    assert asleep == [False, False]


@pytest.mark.clause("RET-11")
def test_a_scripted_person_who_waits_for_a_page_holds_nothing(app, asleep, monkeypatch):
    monkeypatch.setattr(Browser, "open", lambda self, path: (read(), self)[1])
    monkeypatch.setattr(Browser, "text", "Nothing yet.")
    with pytest.raises((Stopped, Astray)):
        Browser("http://127.0.0.1:9", "d.lark").wait_until("/", "ready")
    assert asleep == [False, False]


def sleeps(tree: ast.AST) -> bool:
    """Whether a module calls `time.sleep`, under whatever name."""
    named = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "time"]
    if any(alias.name == "sleep" for node in named for alias in node.names):
        return True
    return any(isinstance(node, ast.Attribute) and node.attr == "sleep" for node in ast.walk(tree))


def test_nothing_else_in_the_portal_sleeps():
    """A new loop waits by `app.unit_of_work.wait`, or says here why it holds nothing."""
    modules = [*ROOT.glob("app/**/*.py"), ROOT / "worker.py", ROOT / "wsgi.py"]
    found = {str(path.relative_to(ROOT)) for path in modules if sleeps(source_tree(path))}
    assert found == SLEEPERS
