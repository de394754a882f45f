"""CSV lines by RFC 4180, with cells that a spreadsheet shows but never runs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

#: what a spreadsheet takes for the beginning of a formula (OWASP, "CSV Injection"), full-width signs included
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def safe_cell(cell: object) -> str:
    """Return the text of a cell, with an apostrophe before anything that would begin a formula."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text


def csv_line(cells: Iterable[object]) -> str:
    """Return one line of a file with safe cells."""
    out = io.StringIO()
    csv.writer(out).writerow([safe_cell(cell) for cell in cells])
    return out.getvalue()
