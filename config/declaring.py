"""Declares settings: what one is called outside, what it means, and where its value comes from when nobody says.

A field of ``Settings`` carries all of it, so that the reader, the environment of another process and the table in
``docs/settings.md`` ask the same declaration.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass
from pathlib import Path
from typing import Any, get_type_hints

import msgspec
from msgspec import inspect

from config.embedded import Embedded

#: Says what is wrong with a value, or None.
Check = Callable[[Any], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where one setting comes from and what it must be, beyond its type and its default.

    ``required`` is the fault in casework where nobody set it; a demonstration takes ``embedded``, or what is
    ``made`` on its first start and kept. ``follows`` derives the default from settings declared before, and
    ``otherwise`` says so in words. ``tidy`` prepares what was typed; ``must`` stands for the type's own fault, where
    what was typed must not be repeated. ``check`` holds in both modes, ``casework`` in that mode only.
    """

    meaning: str
    variable: str = ""
    required: str = ""
    embedded: Callable[[Embedded], Any] | None = None
    made: Callable[[Embedded, Mapping[str, Any]], Any] | None = None
    follows: Callable[[Mapping[str, Any]], Any] | None = None
    otherwise: str = ""
    tidy: Callable[[str], str] = str
    must: str = ""
    check: Check | None = None
    casework: Check | None = None


def setting(meaning: str, default: Any = MISSING, *, secret: bool = False, **origin: Any) -> Any:
    """A field of ``Settings``; ``secret`` keeps it out of ``repr``."""
    about = {"origin": Origin(meaning=meaning, **origin)}
    return dataclasses.field(default=default, repr=not secret, metadata=about)


def below(folder: str, meaning: str, **origin: Any) -> Any:
    """A directory that lies in the data directory where nobody says otherwise."""
    return setting(
        meaning,
        follows=lambda read: read["data_dir"] / folder,
        otherwise=f"`{folder}` in `CORROBORATE_DATA_DIR`",
        **origin,
    )


@dataclass(frozen=True, slots=True)
class Declared:
    """One setting as its field declares it."""

    name: str
    variable: str
    type: Any
    default: Any
    origin: Origin

    def read(self, given: str) -> Any:
        """The value of what was typed. Raises ValueError saying what it must be."""
        try:
            return msgspec.convert(self.origin.tidy(given), self.type, strict=False, dec_hook=_path)
        except msgspec.ValidationError:
            raise ValueError(self.origin.must or f"must be {bounds(self.type)}, not {given!r}") from None


def declared(settings: type) -> tuple[Declared, ...]:
    """Every setting of the class, in the order of its fields."""
    types = get_type_hints(settings, include_extras=True)
    return tuple(
        Declared(one.name, one.metadata["origin"].variable or one.name.upper(), types[one.name], one.default, origin)
        for one in dataclasses.fields(settings)
        for origin in [one.metadata["origin"]]
    )


def written(value: Any) -> str:
    """A value as a variable holds it; bytes in Base64."""
    return str(msgspec.to_builtins(value, enc_hook=str))


def _path(kind: Any, given: Any) -> Path:
    """Paths are absolute, so that a process started elsewhere finds the same file."""
    return Path(given).absolute()


def bounds(kind: Any) -> str:
    """What the type allows, in words."""
    match inspect.type_info(kind):
        case inspect.IntType(ge=low, le=high):
            return f"a whole number from {low} to {high}"
        case inspect.LiteralType(values=(one, other)):
            return f"{one} or {other}"
        case inspect.LiteralType(values=values):
            return f"one of {', '.join(map(str, values))}"
    return "readable text"
