"""Every command of the portal, given senseless arguments as an operator would: one line, never a traceback."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextvars import Context
from pathlib import Path

import click
import pytest
from flask.cli import AppGroup

from app.cli import groups
from app.cli.base import Place
from tests.sources import source_tree

CLI = Path(__file__).resolve().parents[2] / "app" / "cli"


def commands(group: click.Group, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS = [found for group in groups() for found in commands(group, (group.name or "",))]
GIVEN = [(path, command) for path, command in COMMANDS if any(isinstance(p, click.Argument) for p in command.params)]


def run(app, args: list[str]):
    """Run a command as a shell does: without the context of the application in which a test runs."""
    return Context().run(app.test_cli_runner().invoke, args=args)


def needed(command: click.Command, senseless: str) -> list[str]:
    """Every argument senseless, and the options without which the command asks for more."""
    args = []
    for one in command.params:
        if isinstance(one, click.Argument):
            args.append(senseless)
        elif one.required:
            day = isinstance(one.type, click.DateTime)
            args += [one.opts[0], "2026-01-01" if day else "sealed" if one.opts[0] == "--reason" else senseless]
    return args


@pytest.mark.parametrize("senseless", ["senseless", "²", "9" * 200, "\udcff"])
def test_no_command_answers_a_senseless_argument_with_a_traceback(app, senseless):
    assert len(GIVEN) > 5
    for path, command in GIVEN:
        result = run(app, [*path, *needed(command, senseless)])
        assert result.exception is None or isinstance(result.exception, SystemExit), (path, result.exception)
        if senseless == "\udcff":
            assert result.exit_code == 2 and "“\\xff” is not text in UTF-8." in result.output, path


def test_an_empty_path_is_not_the_folder_in_which_a_command_is_typed(app, tmp_path, monkeypatch):
    """`watch-orders ""` took the checkout for its folder of orders, and moved pyproject.toml to refused/."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "order.toml").write_text("typed = 'elsewhere'")
    places = [(path, command) for path, command in GIVEN if any(isinstance(one.type, Place) for one in command.params)]
    assert {path[-1] for path, _ in places} >= {"watch-orders", "import"}
    for path, command in places:
        if any(isinstance(one, click.Argument) and isinstance(one.type, Place) for one in command.params):
            result = run(app, [*path, *needed(command, "")])
            assert result.exit_code == 2 and "The path is empty." in result.output, path
    assert [one.name for one in tmp_path.iterdir()] == ["order.toml"]


@pytest.mark.parametrize(
    "too_long", ["a" * 5000, "/".join(["a" * 200] * 20)[:4090]], ids=["name", "with what is in it"]
)
def test_a_path_that_is_too_long_for_the_machine_ends_with_one_line(app, too_long):
    """In each argument and each option that takes a path. The second fails only where something in it is asked for."""
    asked = 0
    for path, command in COMMANDS:
        taking = [one for one in command.params if isinstance(one.type, Place)]
        for one in taking:
            given = [*path, *needed(command, too_long)]
            if isinstance(one, click.Option):
                given += [one.opts[0], too_long]
            result = run(app, given)
            assert result.exception is None or isinstance(result.exception, SystemExit), (path, one.name)
            assert "Traceback" not in result.output
            asked += 1
            if path[-1] == "import":
                assert result.exit_code != 0, one.name
    assert asked > 10


def test_a_fault_that_names_no_file_is_not_called_a_slip(app, monkeypatch):
    from app.cli.gallery import group

    def fails() -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setitem(group.commands, "fails", click.Command("fails", callback=fails))
    result = run(app, ["gallery", "fails"])
    assert isinstance(result.exception, OSError)


def test_paths_are_read_in_one_way():
    assert [
        path.name for path in CLI.glob("*.py") if path.name != "base.py" and "click.Path(" in path.read_text()
    ] == []


def test_a_command_belongs_to_a_group_that_gives_it_the_portal():
    """What `click.command` makes runs outside the application, which a test inside of it does not see."""
    found = [
        f"{path.name}:{node.lineno}"
        for path in sorted(CLI.glob("*.py"))
        for node in ast.walk(source_tree(path))
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"click.command", "click.group"}
    ]
    assert not found
    assert all(type(group).parse_args is not AppGroup.parse_args for group in groups())
