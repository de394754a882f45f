"""CSV as RFC 4180 has it, whose cells a spreadsheet shows and never runs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

#: what a spreadsheet takes for the beginning of a formula (OWASP, "CSV Injection"), full-width signs included
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def safe_cell(cell: object) -> str:
    """The text of a cell, with an apostrophe before what would begin a formula, spaces before it or not."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text


def csv_line(cells: Iterable[object]) -> str:
    """One line of a file, its cells made safe."""
    out = io.StringIO()
    csv.writer(out).writerow([safe_cell(cell) for cell in cells])
    return out.getvalue()
