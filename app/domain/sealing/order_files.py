"""The watched folder of sealing orders: files of a small format, each carried out once (CAP-3; docs/sealing.md).

A file is read whole before anything is done. What it states is carried out order by order, each in a transaction of its
own; then the file moves to done/. One with a fault moves to refused/ with the reason beside it, and nothing of it is
carried out. After a kill the file still lies there: orders that were carried out are known by their digest.
"""

from __future__ import annotations

import csv
import io
import os
import time
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from app.access.actor import system_actor
from app.calendar import today
from app.domain.sealing import verbs as sealing
from app.domain.sealing.order_statement import OrderStatement, faults, numbers_in, sentences
from app.models import SealingOrder
from app.storage import durable

SUFFIXES = (".toml", ".csv")
MAX_BYTES = 5 * 1024 * 1024
#: a file younger than this may still be being written
SETTLED_SECONDS = 2.0
KEYS = ("kind", "order", "authority", "dated", "records", "person", "note")
COLUMNS = ("kind", "order", "authority", "dated", "record", "person", "note")


class OrderFault(Exception):
    """An order cannot be read or carried out; the message is one plain line."""


@dataclass(frozen=True, slots=True)
class HandledFile:
    """One file: `reason` is empty when it was carried out, else why it was refused."""

    name: str
    orders: tuple[str, ...] = ()
    reason: str = ""


def read_orders(path: Path) -> list[OrderStatement]:
    """The orders of a file, each checked. Raises OrderFault naming what is wrong."""
    try:
        content = durable.read(path, MAX_BYTES)
    except OSError as error:
        raise OrderFault(f"The file cannot be read: {error.strerror}.") from None
    if len(content) > MAX_BYTES:
        raise OrderFault(f"The file is larger than {MAX_BYTES // 1024**2} MB.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise OrderFault(f"The file is not UTF-8 text (byte {error.start + 1}).") from None
    found = [_from_toml(text)] if path.suffix.lower() == ".toml" else _from_csv(text)
    for place, statement in enumerate(found, 1):
        wrong = faults(statement, today())
        if wrong:
            where = f"Order {place} of the file: " if len(found) > 1 else ""
            raise OrderFault(where + sentences(wrong.values()))
    return found


def _from_toml(text: str) -> OrderStatement:
    try:
        read = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise OrderFault(f"The file is not TOML: {error}.") from None
    unknown = sorted(set(read) - set(KEYS))
    if unknown:
        raise OrderFault(f"The file has the unknown key {unknown[0][:40]!r}; known are {', '.join(KEYS)}.")
    records, dated = read.get("records", []), read.get("dated")
    if not isinstance(records, list) or not all(isinstance(one, str) for one in records):
        raise OrderFault("records is a list of texts, one for each record number.")
    texts = {name: read.get(name, "") for name in ("kind", "order", "authority", "person", "note")}
    odd = next((name for name, value in texts.items() if not isinstance(value, str)), None)
    if odd is not None:
        raise OrderFault(f"{odd} is a text.")
    # a date of TOML, or the same written as text
    day = dated if type(dated) is date else _day(dated) if isinstance(dated, str) else None
    return _statement(texts, day, tuple(dict.fromkeys(one.strip() for one in records if one.strip())))


def _from_csv(text: str) -> list[OrderStatement]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip() for name in reader.fieldnames or ()]
        if sorted(header) != sorted(COLUMNS) and not set(COLUMNS[:4]) <= set(header) <= set(COLUMNS):
            raise OrderFault(f"The first line names the columns {', '.join(COLUMNS)}; the last three may be left out.")
        reader.fieldnames = header
        orders: dict[tuple[str, ...], list[str]] = {}
        for line in reader:
            if None in line or None in line.values():
                raise OrderFault(f"Line {reader.line_num} has another number of fields than the first line.")
            cells = {name: (line.get(name) or "").strip() for name in COLUMNS}
            key = tuple(cells[name] for name in ("kind", "order", "authority", "dated", "person", "note"))
            if any(cells.values()):
                orders.setdefault(key, []).append(cells["record"])
    except csv.Error as error:
        raise OrderFault(f"Line {reader.line_num} is not CSV: {error}.") from None
    if not orders:
        raise OrderFault("The file has no rows below its column names.")
    return [
        _statement(
            {"kind": kind, "order": order, "authority": authority, "person": person, "note": note},
            _day(dated),
            tuple(dict.fromkeys(record for record in records if record)),
        )
        for (kind, order, authority, dated, person, note), records in orders.items()
    ]


def _statement(texts: dict[str, str], dated: date | None, records: tuple[str, ...]) -> OrderStatement:
    return OrderStatement(
        texts["kind"].strip(),
        texts["order"].strip(),
        texts["authority"].strip(),
        dated,
        records,
        texts["person"].strip(),
        texts["note"].strip(),
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()) if len(text.strip()) == 10 else None
    except ValueError:
        return None


def waiting(folder: Path) -> list[Path]:
    """Return the order files in the folder that are no longer being written, oldest first."""
    newest = time.time() - SETTLED_SECONDS
    found = [
        path
        for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES
        and not path.name.startswith(".")
        and path.is_file()
        and not path.is_symlink()
        and path.stat().st_mtime <= newest
    ]
    return sorted(found, key=lambda path: (path.stat().st_mtime, path.name))


def take(folder: Path, finish: Callable[[SealingOrder], object] = lambda _order: None) -> Iterator[HandledFile]:
    """Carry out the orders in the folder, file by file. finish: called with each order once it is carried out.

    Raises StorageError and Conflict; the file then stays for the next round.
    """
    for name in ("done", "refused"):
        (folder / name).mkdir(mode=0o700, exist_ok=True)
    for path in waiting(folder):
        try:
            orders = read_orders(path)
        except OrderFault as fault:
            place = _free(folder / "refused", path.name)
            # the reason first: a file that lies in refused/ is never without it
            place.with_name(place.name + ".txt").write_text(f"{fault}\n", encoding="utf-8")
            _move(path, place)
            yield HandledFile(path.name, reason=str(fault))
            continue
        numbers = []
        for statement in orders:
            order, _fresh = sealing.execute(statement, system_actor(), "directory")
            numbers.append(order.number)
            finish(order)
        _move(path, _free(folder / "done", path.name))
        yield HandledFile(path.name, tuple(numbers))


def _free(folder: Path, name: str) -> Path:
    """Return a free name in the folder: NAME, NAME.2, NAME.3 …"""
    path, count = folder / name, 1
    while path.exists():
        count += 1
        path = folder / f"{name}.{count}"
    return path


def _move(path: Path, place: Path) -> None:
    os.replace(path, place)
    durable.sync_directory(place.parent)
    durable.sync_directory(path.parent)


def records_of_csv(path: Path) -> tuple[str, ...]:
    """Record numbers from a CSV file with a column record_number, for one order. Raises OrderFault."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        if "record_number" not in (reader.fieldnames or ()):
            raise OrderFault(f"{path} has no column record_number.")
        return numbers_in("\n".join(line["record_number"] or "" for line in reader))
    except OSError as error:
        raise OrderFault(f"{path} cannot be read: {error.strerror}.") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise OrderFault(f"{path} is not UTF-8 CSV: {error}.") from None
