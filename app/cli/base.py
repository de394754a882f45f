"""The groups of commands: each command runs in the portal's context, and is given only text that can be kept.

A file or folder that the machine refuses ends a command with one line, wherever in it the machine is asked.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

#: characters of a file's name in the line of a fault
SHOWN = 200


class Group(AppGroup):
    """A group of Flask's, which gives its commands the portal; an argument that is no text ends with one line."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        for given in args:
            try:
                given.encode()
            except UnicodeEncodeError:
                shown = given.encode(errors="surrogateescape").decode(errors="backslashreplace")
                raise click.UsageError(f"“{shown}” is not text in UTF-8.", ctx) from None
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. What names no file is no slip of whoever typed it, and keeps its traceback."""
        try:
            return super().invoke(ctx)
        except OSError as error:
            if error.filename is None:
                raise
            raise click.ClickException(f"{_shortened(str(error.filename))}: {error.strerror}.") from error


def _shortened(name: str) -> str:
    return name if len(name) <= SHOWN else f"{name[:SHOWN]}…"


class Place(click.Path):
    """A path of a file or folder; an empty one is a slip, and would be the folder in which the command was typed."""

    def __init__(self, **rules: Any) -> None:
        super().__init__(path_type=Path, **rules)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not str(value).strip():
            self.fail("The path is empty.", param, ctx)
        return super().convert(value, param, ctx)
