"""Reads an environment into the values of ``Settings``, gathering every fault on the way.

Two modes. ``casework`` (the default) accepts only a department's own servers, over encrypted channels
(ACC-10), and secrets that somebody chose. ``demonstration`` fills in what is unset: SQLite, a Redis on a
socket, a directory on loopback, and random secrets kept in the data directory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING
from typing import Any

from config.declaring import Declared, declared
from config.embedded import Embedded
from config.together import EVERYWHERE, IN_CASEWORK

CASEWORK = "casework"
DEMONSTRATION = "demonstration"


class SettingsError(Exception):
    """The environment does not add up: ``faults`` holds a sentence each, ``str()`` puts one on a line."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


class Reader:
    """Reads one environment, gathering faults instead of stopping at the first."""

    def __init__(self, settings: type, environ: Mapping[str, str]) -> None:
        self.settings = declared(settings)
        typed = {name: value.strip() for name, value in environ.items() if value.strip()}
        self.said = {one.name: typed[one.variable] for one in self.settings if one.variable in typed}
        self.read: dict[str, Any] = {}
        self.faults: dict[str, list[str]] = {one.name: [] for one in self.settings}

    def values(self) -> dict[str, Any]:
        """Every field by name; a demonstration writes only once all is well. Raises SettingsError for all faults."""
        for one in self.settings:
            value = self.said_value(one) if one.name in self.said else self.unsaid_value(one)
            if value is not MISSING:
                self.read[one.name] = value
        faulty = {name for name, sentences in self.faults.items() if sentences}
        for check in (*EVERYWHERE, *(IN_CASEWORK if self.casework else ())):
            for name, sentence in check(self.read, faulty):
                self.faults[name].append(sentence)
        if lines := [self.line(one, sentence) for one in self.settings for sentence in self.faults[one.name]]:
            raise SettingsError(lines)
        for one in self.settings:
            if one.name not in self.read and one.origin.made:
                self.read[one.name] = one.origin.made(self.embedded, self.read)
        return self.read

    @property
    def casework(self) -> bool:
        return bool(self.read["mode"] != DEMONSTRATION)

    @property
    def embedded(self) -> Embedded:
        return Embedded(self.read["data_dir"])

    def said_value(self, one: Declared) -> Any:
        """What somebody set, checked; the default where it cannot be read, so that the other settings are read too."""
        try:
            value = one.read(self.said[one.name])
        except ValueError as fault:
            self.faults[one.name].append(str(fault))
            return one.default
        self.check(one, value)
        return value

    def unsaid_value(self, one: Declared) -> Any:
        """What holds where nobody set it; MISSING where casework demands it or a demonstration makes it later."""
        origin = one.origin
        if origin.required and self.casework:
            self.faults[one.name].append(origin.required)
        if origin.follows:
            return origin.follows(self.read)
        if origin.embedded and not self.casework:
            return origin.embedded(self.embedded)
        return one.default

    def check(self, one: Declared, value: Any) -> None:
        sentence = one.origin.check and one.origin.check(value)
        if not sentence and one.origin.casework and self.casework:
            sentence = one.origin.casework(value)
        if sentence:
            self.faults[one.name].append(sentence)

    @staticmethod
    def line(one: Declared, sentence: str) -> str:
        # What was typed may hold a line break, and a fault is one line.
        return f"{one.variable}: {' '.join(sentence.split())}"
