"""The groups of commands: each command runs in the portal's context, and is given only text that can be kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup


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


class Place(click.Path):
    """A path of a file or folder; an empty one is a slip, and would be the folder in which the command was typed."""

    def __init__(self, **rules: Any) -> None:
        super().__init__(path_type=Path, **rules)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not str(value).strip():
            self.fail("The path is empty.", param, ctx)
        return super().convert(value, param, ctx)
