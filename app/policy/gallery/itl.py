"""What an ANSI/NIST-ITL file states, in the words of the manifest: the mapping `itl` of gallery/rules.toml."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from app.policy.gallery.types import ItlField


def columns_of(mapping: Iterable[ItlField], fields: Mapping[str, str]) -> dict[str, str]:
    """Manifest column -> value, of the fields that a file states (“2.018” -> text). What is not stated has no column.

    A value that is no code of its field, or not written as the field should be, stays as it is: the checks of every
    row name it.
    """
    found = {}
    for one in mapping:
        given = fields.get(one.field, "").strip()
        value = _READS[one.reads](one.codes.get(given.upper(), given))
        if value:
            found[one.column] = value
    return found


def _date(value: str) -> str:
    return f"{value[:4]}-{value[4:6]}-{value[6:]}" if re.fullmatch(r"\d{8}", value) else value


def _height(value: str) -> str:
    """EBTS 2.027: feet and inches as 509, inches as N69; 000 is unknown."""
    if re.fullmatch(r"[2-7](0\d|1[01])", value):
        return str(12 * int(value[0]) + int(value[1:]))
    if re.fullmatch(r"N\d\d", value.upper()):
        return value[1:]
    return "" if value == "000" else value


def _weight(value: str) -> str:
    """EBTS 2.029: pounds in three digits; 000 is unknown."""
    return value.lstrip("0") if re.fullmatch(r"\d{3}", value) else value


_READS: Mapping[str, Callable[[str], str]] = {"text": str, "date": _date, "height": _height, "weight": _weight}
