"""The manifest of an import: a CSV file whose columns the policy lists (gallery/rules.toml), read strictly."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from app.policy import policy

NAME = "manifest.csv"
_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ./_:-]{0,39}")
_TEXT_LENGTH = 1000
_RANGES = {"height_in": (10, 110), "weight_lb": (1, 1500)}
_NUMBERS = {"record_number": "record number", "person_number": "person number"}
_EARLIEST = date(1900, 1, 1)


class IntakeError(Exception):
    """The import could not be run; the message is one clear line."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the manifest: the line it starts on and its fields as text, stripped."""

    line: int
    values: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.values.get(column, "")


def manifest_rows(path: Path) -> Iterator[Row]:
    """The rows one by one, however many there are.

    Raises IntakeError, at the row that is wrong, when there is no such file, or it is not UTF-8 CSV with exactly known
    columns, or has no rows.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from _rows(csv.reader(file, strict=True), path)
    except FileNotFoundError:
        raise IntakeError(f"There is no manifest {path}.") from None
    except OSError as error:
        raise IntakeError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise IntakeError(f"{path} is not UTF-8 text. Save it as “CSV UTF-8”.") from None


def _rows(reader: Any, path: Path) -> Iterator[Row]:
    empty = True
    try:
        header = [name.strip() for name in next(reader, [])]
        _check_header(header, path)
        line = reader.line_num + 1
        for fields in reader:
            if any(field.strip() for field in fields):
                yield _row(line, header, fields, path)
                empty = False
            line = reader.line_num + 1
    except csv.Error as error:
        raise IntakeError(f"{path}, line {reader.line_num}: this is not CSV: {error}.") from None
    if empty:
        raise IntakeError(f"{path} has no rows below its column names.")


def value_faults(row: Row, today: date) -> list[str]:
    """Return what is wrong with the form of the values, as sentences; the policy's rules are checked elsewhere.

    A sentence names the column and never repeats what stands in it: sentences are kept, and a cell may hold a name.
    """
    found = [
        f"The {name} is malformed: 1 to 40 letters, digits, spaces and . / _ : - only."
        for column, name in _NUMBERS.items()
        if row[column] and not well_formed(row[column])
    ]
    taken, born = _day(row["taken_on"]), _day(row["born_on"])
    for column, given in (("taken_on", taken), ("born_on", born)):
        label = next(known.label for known in policy().gallery.columns if known.name == column)
        if row[column] and given is None:
            found.append(f"{label}: no date as year-month-day.")
        elif given is not None and not _EARLIEST <= given <= today:
            found.append(f"{label}: the day lies outside {_EARLIEST} to today.")
    if taken and born and taken <= born:
        found.append("The photograph was taken before the person was born.")
    for column, (least, most) in _RANGES.items():
        if row[column] and not (re.fullmatch(r"[0-9]{1,4}", row[column]) and least <= int(row[column]) <= most):
            found.append(f"{column}: a whole number from {least} to {most} is needed.")
    long = [name for name, value in row.values.items() if len(value) > _TEXT_LENGTH]
    found += [f"{name}: over {_TEXT_LENGTH} characters." for name in long]
    return found


def well_formed(number: str) -> bool:
    """Tell whether a text can be a record or person number."""
    return _NUMBER.fullmatch(number) is not None


def file_below(folder: Path, name: str) -> Path | None:
    """Return the regular file `name` below the folder, or None: it is absent, or outside by .., link or root."""
    try:
        path = (folder / name).resolve()
        inside = path.is_relative_to(folder.resolve())
        return path if inside and path.is_file() else None
    except (OSError, ValueError, RuntimeError):
        return None


def leads_outside(folder: Path, name: str) -> bool:
    """Tell whether a name tries to leave the folder, whether or not such a file exists."""
    try:
        return not (folder / name).resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError):
        return True


def _check_header(header: list[str], path: Path) -> None:
    columns = policy().gallery.columns
    known = [column.name for column in columns]
    if not header:
        raise IntakeError(f"{path} is empty; its first line must name the columns.")
    repeated = sorted({name for name in header if header.count(name) > 1})
    if repeated:
        raise IntakeError(f"{path} names the column {', '.join(repeated)} more than once.")
    unknown = [name for name in header if name not in known]
    if unknown:
        named = ", ".join(name[:40] or "(without a name)" for name in unknown[:5])
        raise IntakeError(f"{path} has the unknown column {named}; known are {', '.join(known)}.")
    missing = [column.name for column in columns if column.required and column.name not in header]
    if missing:
        raise IntakeError(f"{path} lacks the column {', '.join(missing)}.")


def _row(line: int, header: list[str], fields: list[str], path: Path) -> Row:
    if len(fields) != len(header):
        raise IntakeError(f"{path}, line {line}: {len(fields)} fields, but {len(header)} columns.")
    return Row(line, dict(zip(header, (field.strip() for field in fields), strict=True)))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) else None
    except ValueError:
        return None
