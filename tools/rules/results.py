"""What a proving process finds, a line for each mutant, so that one that was stopped goes on where it was."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from app.policy.proof import Kept


class Found(msgspec.Struct, frozen=True):
    """What came of one mutant, and in how many seconds."""

    mutant: str
    kept: Kept
    seconds: float


class Part:
    """The file of one process."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, found: Found) -> None:
        with self.path.open("ab") as file:
            file.write(msgspec.json.encode(found) + b"\n")

    def found(self) -> list[Found]:
        """Return what the file holds; a line cut short is left out."""
        rows = []
        for line in self.path.read_bytes().splitlines() if self.path.exists() else ():
            try:
                rows.append(msgspec.json.decode(line, type=Found))
            except msgspec.DecodeError:
                continue
        return rows


def found_in(paths: Iterable[Path]) -> dict[str, Kept]:
    """Return what the processes of one run found; of two answers to one mutant the test that it died of counts."""
    found: dict[str, Kept] = {}
    for row in (row for path in sorted(paths) for row in Part(path).found()):
        if row.kept.by or row.mutant not in found:
            found[row.mutant] = row.kept
    return found
