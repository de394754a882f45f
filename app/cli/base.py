"""The groups of commands: each command runs in the portal's context, and is given only text that can be kept."""

from __future__ import annotations

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
