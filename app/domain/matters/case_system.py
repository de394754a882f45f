"""The look-up of a number in the case management system, where one is connected (REQ-2, RET-11).

`CaseSystem` is what any case management system must offer; `CaseLists` is the connector that needs none: a folder of
CSV files, read afresh each time. Without the setting there is no look-up, and nothing is refused or told.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Literal, Protocol

from app.clauses import enforces
from app.extensions import settings
from app.models.base import now
from app.policy import policy
from app.policy.case_numbers import canonical_number
from app.web.formats import day, when

NUMBER, OPENED, STATUS = "number", "opened", "status"


@dataclass(frozen=True, slots=True)
class Entry:
    """A case as the case management system has it; `opened` and `status` where it says so."""

    opened: date | None = None
    status: str = ""


class CaseSystemError(Exception):
    """The case management system gives no answer; the message says why."""


class CaseSystem(Protocol):
    """A case management system that can be asked for a number."""

    def find(self, number: str) -> Entry | None:
        """Return the case that stands under a number, however it is written there; None where none does.

        Raises CaseSystemError where that cannot be told.
        """
        ...


@enforces("REQ-2")
class CaseLists:
    """The case management system as a folder of CSV files, each with a column `number`.

    Every file is read to its end: whether a list is sound does not depend on the number that is asked for.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, number: str) -> Entry | None:
        """See :meth:`CaseSystem.find`."""
        wanted, found = canonical_number(policy(), number), None
        for file in self._files():
            for written, entry in _lines(file):
                if found is None and canonical_number(policy(), written) == wanted:
                    found = entry
        return found

    def _files(self) -> list[Path]:
        try:
            files = sorted(one for one in self._folder.iterdir() if one.suffix.lower() == ".csv")
        except OSError as error:
            raise CaseSystemError(f"the folder of case lists cannot be read ({error.strerror})") from error
        if not files:
            raise CaseSystemError("the folder of case lists holds no CSV file")
        return files


def _lines(file: Path) -> Iterator[tuple[str, Entry]]:
    """Yield each number of a file as it is written there, with its case."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            rows = csv.reader(text, strict=True)
            columns = [column.strip().lower() for column in next(rows, [])]
            if columns.count(NUMBER) != 1:
                raise CaseSystemError(f"{file.name} has no column “{NUMBER}”, or more than one")
            for cells in rows:
                if cells:
                    yield _read(f"{file.name}, line {rows.line_num}", columns, cells)
    except OSError as error:
        raise CaseSystemError(f"{file.name} cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise CaseSystemError(f"{file.name} is not in UTF-8") from error
    except csv.Error as error:
        raise CaseSystemError(f"{file.name}, line {rows.line_num}: {error}") from error


def _read(where: str, columns: list[str], cells: list[str]) -> tuple[str, Entry]:
    if len(cells) != len(columns):
        raise CaseSystemError(f"{where}: {len(cells)} cells under {len(columns)} columns")
    row = {column: cell.strip() for column, cell in zip(columns, cells, strict=True)}
    if not row[NUMBER]:
        raise CaseSystemError(f"{where}: no number")
    opened = row.get(OPENED, "")
    try:
        return row[NUMBER], Entry(date.fromisoformat(opened) if opened else None, row.get(STATUS, "")[:60])
    except ValueError as error:
        raise CaseSystemError(f"{where}: “{opened[:20]}” is no day such as 2026-11-21") from error


@dataclass(frozen=True, slots=True)
class LookUp:
    """What the case management system answered for a number, and when; `problem` where it gave no answer."""

    number: str
    at: datetime
    standing: Literal["known", "unknown", "unanswered"]
    entry: Entry | None = None
    problem: str = ""

    @property
    def answer(self) -> str:
        """Return whether the number stands there, in a sentence for whoever files under it: no more of the case."""
        if self.standing == "known":
            return f"{self.number} stands in the case management system."
        if self.standing == "unknown":
            return f"{self.number} does not stand in the case management system."
        return f"{self.number} could not be looked up in the case management system: {self.problem}."

    def as_kept(self) -> Mapping[str, str]:
        """Return what a request keeps of it."""
        said, entry = self.answer, self.entry
        if entry is not None and entry.opened is not None:
            said += f" Opened on {day(entry.opened)}."
        if entry is not None and entry.status:
            said += f" Status there: {entry.status}."
        said += f" Looked up on {when(self.at)}."
        return {"number": self.number, "at": self.at.isoformat(), "standing": self.standing, "said": said}


@enforces("REQ-2", "RET-11")
def look_up(number: str) -> LookUp | None:
    """Ask the connected case management system for a number; None where none is connected."""
    folder = settings().case_lists_dir
    if folder is None:
        return None
    system: CaseSystem = CaseLists(folder)
    try:
        entry = system.find(number)
    except CaseSystemError as error:
        return LookUp(number, now(), "unanswered", problem=str(error))
    return LookUp(number, now(), "known" if entry is not None else "unknown", entry)


@enforces("REQ-2")
def refused(found: LookUp | None) -> str | None:
    """Return the sentence for a number under which the rules let nobody file, None where they do.

    Where unknown numbers are refused, a number that could not be looked up is too: it is not known.
    """
    if found is None or found.standing == "known" or policy().request.look_up.unknown != "refuse":
        return None
    return found.answer


def warns_of(standing: str) -> bool:
    """Tell whether whoever files, and whoever reads the request, is warned of an answer."""
    return standing != "known" and policy().request.look_up.unknown != "accept"
