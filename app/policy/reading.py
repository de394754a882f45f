"""The reader of one rule file into frozen types; its faults are collected, one line each.

``effective`` stands once at the top of a file and holds for each of its rules that states no day of its own.
"""

import re
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from app.policy import base, types
from app.policy.schema import FileSchema

#: tables that hold dated rules: type -> where they stand in it
NESTED: Mapping[type[base.Table], str] = {types.Workflow: "transition"}
UNDATED = "Object missing required field `effective`"


def read_file(path: Path, name: str, schema: FileSchema, faults: list[str]) -> dict[str, Any]:
    """The tables of a rule file by their names; empty when it cannot be read at all. Adds to ``faults``."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        faults.append(f"{name}: the file is missing")
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        faults.append(f"{name}: not readable as TOML: {error}")
        return {}
    day = _day_of(raw, name, schema, faults)
    faults += [f"{name}: unknown table '{table}'" for table in raw if table not in schema]
    return {
        table: _table(raw.get(table), (name, table), kind, many == "many", day, faults)
        for table, (kind, many) in schema.items()
    }


def _day_of(raw: dict[str, Any], name: str, schema: FileSchema, faults: list[str]) -> date | None:
    """Takes the file's own day out of ``raw``; None when it states none."""
    if not any(_is_dated(kind) for kind, _ in schema.values()):
        return None
    day = raw.pop("effective", None)
    if day is None or type(day) is date:
        return day
    faults.append(f"{name}: effective: this is no day; write it as 2026-01-01")
    return date.min  # the one fault is told, not each rule's want of a day


def _table(
    raw: object, where: tuple[str, str], kind: type[base.Table], many: bool, day: date | None, faults: list[str]
) -> base.Table | tuple[base.Table | None, ...] | None:
    name, table = where
    if not many:
        if raw is None:
            faults.append(f"{name}: table [{table}] is missing")
            return None
        return _convert(_dated(raw, kind, day), name, table, kind, faults)
    if raw is None:
        return ()
    if not isinstance(raw, list):
        faults.append(f"{name}: {table} must be an array of tables: [[{table}]]")
        return ()
    return tuple(_convert(_dated(item, kind, day), name, f"{table} {n}", kind, faults) for n, item in enumerate(raw, 1))


def _is_dated(kind: type[base.Table]) -> bool:
    return "effective" in kind.__struct_fields__


def _dated(raw: object, kind: type[base.Table], day: date | None) -> object:
    """The table with the file's day wherever a rule states none of its own."""
    if day is None or not isinstance(raw, dict) or not _is_dated(kind):
        return raw
    filled = {"effective": day, **raw}
    inner = raw.get(NESTED.get(kind, ""))
    if isinstance(inner, list):
        filled[NESTED[kind]] = [{"effective": day, **item} if isinstance(item, dict) else item for item in inner]
    return filled


def _convert(raw: object, name: str, where: str, kind: type[base.Table], faults: list[str]) -> base.Table | None:
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `")
        label = where
        if isinstance(raw, dict):
            label = str(raw.get("id") or raw.get("subject") or raw.get("name") or where)
            label = _inner(raw, path, label)
        if message == UNDATED:
            message, path = "no day from which it applies: state `effective` here or at the top of the file", ""
        faults.append(f"{name}: {label}: {message}" + (f" (at {path.rstrip('`')})" if path else ""))
        return None


def _inner(raw: dict[str, Any], path: str, label: str) -> str:
    # A workflow holds many rules: name the one the fault is in, not only the workflow.
    inside = re.match(r"\$\.(\w+)\[(\d+)\]", path)
    if inside:
        item = raw[inside[1]][int(inside[2])]
        if isinstance(item, dict) and (item.get("id") or item.get("name")):
            return f"{label}: {item.get('id') or item.get('name')}"
    return label
