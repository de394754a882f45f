"""Tables of the command line, laid out by rich: fitted to a terminal, whole and without colour in a pipe."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Sequence
from io import StringIO

import click
from rich.console import Console
from rich.table import Table

#: Wider than any line: whoever reads a pipe wants every name whole on its own line.
PIPE_WIDTH = 100_000


def show(rows: Iterable[Sequence[object]], headings: Sequence[str] = (), **layout: object) -> None:
    """Print rows as a table (see ``table_lines``), as wide as the terminal."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in table_lines(rows, headings, width=width, **layout):  # type: ignore[arg-type]
        click.echo(line)


def table_lines(
    rows: Iterable[Sequence[object]],
    headings: Sequence[str] = (),
    *,
    numbers: Sequence[int] = (),
    indent: int = 0,
    width: int | None = None,
) -> list[str]:
    """The lines of a table; columns ``numbers`` stand to the right. Only the last column wraps, and at a ``width``."""
    cells = [[str(cell) for cell in row] for row in rows]
    count = max(map(len, cells), default=len(headings))
    table = Table(box=None, show_header=bool(headings), pad_edge=False, padding=(0, 2, 0, 0), header_style="")
    for column in range(count):
        table.add_column(
            headings[column] if headings else "",
            justify="right" if column in numbers else "left",
            no_wrap=width is None or column < count - 1,
            overflow="fold",
        )
    for row in cells:
        table.add_row(*row)
    written = StringIO()
    room = max(width - indent, 20) if width else PIPE_WIDTH
    # markup and emoji off: a name may hold [brackets] or :colons:
    Console(file=written, width=room, color_system=None, markup=False, emoji=False, highlight=False).print(table)
    return [" " * indent + line.rstrip() for line in written.getvalue().splitlines()] if cells else []
