"""Where the records of an import come from: a folder with a CSV manifest, or a folder of ANSI/NIST-ITL files.

Both list their records cheaply, so that an import can be cut into chunks before any photograph is opened, and read one
record at a time, in whatever worker has its chunk.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from app.domain.gallery.intake_itl import MAX_BYTES, SUFFIXES, ItlFault, parse
from app.domain.gallery.intake_manifest import NAME, IntakeError, Row, file_below, leads_outside, manifest_rows
from app.domain.requests.images import limits
from app.imaging import UnusableImage


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a row does not enter: ids of policy rules, or of intake's own checks (“intake-…”), and sentences."""

    rules: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class OpenedRecord:
    """A record with all its statements; `photograph` reads its bytes when the statements let it in."""

    row: Row
    photograph: Callable[[], bytes | Refusal]


class Source(Protocol):
    """A list of records below a folder. `kind` is that of GalleryImport."""

    @property
    def kind(self) -> str: ...

    @property
    def folder(self) -> Path: ...

    def rows(self) -> Iterator[Row]:
        """The records in a fixed order, each with its place (`line`) and at least its file. Raises IntakeError."""

    def open(self, row: Row) -> OpenedRecord | Refusal:
        """All statements of a listed record. Raises nothing: what is wrong with a record is a refusal."""


@dataclass(frozen=True, slots=True)
class FolderSource:
    """Photographs in a folder, listed by a CSV manifest; the manifest holds the statements."""

    folder: Path
    manifest: Path | None = None
    kind = "folder"

    def rows(self) -> Iterator[Row]:
        return manifest_rows(self.manifest or self.folder / NAME)

    def open(self, row: Row) -> OpenedRecord:
        return OpenedRecord(row, lambda: read_below(self.folder, row["file"], limits().max_bytes))


@dataclass(frozen=True, slots=True)
class ItlSource:
    """A folder of ANSI/NIST-ITL files, each one record; the files hold the statements."""

    folder: Path
    kind = "itl"

    def rows(self) -> Iterator[Row]:
        line = 0
        for line, name in enumerate(sorted(self._names()), 1):
            yield Row(line, {"file": name})
        if not line:
            raise IntakeError(f"{self.folder} holds no ANSI/NIST-ITL file ({', '.join(SUFFIXES)}).")

    def _names(self) -> Iterator[str]:
        for base, folders, files in os.walk(self.folder, onerror=_unreadable):
            folders.sort()
            for file in files:
                if file.lower().endswith(SUFFIXES):
                    yield os.path.relpath(os.path.join(base, file), self.folder)

    def open(self, row: Row) -> OpenedRecord | Refusal:
        data = read_below(self.folder, row["file"], MAX_BYTES)
        if isinstance(data, Refusal):
            return data
        try:
            transaction = parse(data)
        except ItlFault as fault:
            return Refusal((fault.rule,), str(fault))

        def photograph() -> bytes | Refusal:
            try:
                return transaction.photograph(limits())
            except ItlFault as fault:
                return Refusal((fault.rule,), str(fault))
            except UnusableImage as fault:
                return Refusal(("intake-unreadable",), fault.message)

        return OpenedRecord(Row(row.line, {**transaction.values, "file": row["file"]}), photograph)


def source_of(folder: Path, manifest: Path | None = None) -> Source:
    """The source that a folder is: of a manifest when there is one, or else of its ANSI/NIST-ITL files.

    Raises IntakeError when there is no such folder, or neither in it.
    """
    if not folder.is_dir():
        raise IntakeError(f"There is no folder {folder}.")
    given = manifest or folder / NAME
    if manifest is not None or given.exists():
        return FolderSource(folder, manifest)
    if next(ItlSource(folder)._names(), None) is None:
        raise IntakeError(f"There is no manifest {given}, and no ANSI/NIST-ITL file ({', '.join(SUFFIXES)}).")
    return ItlSource(folder)


def surveyed(source: Source) -> tuple[int, str]:
    """(records, digest) of what a source lists, in one pass that keeps nothing; every row is checked for its form.

    The digest also names the folder: the same list in another place is another import. Raises IntakeError.
    """
    found = hashlib.sha256(json.dumps([source.kind, str(source.folder.resolve())]).encode())
    records = 0
    for row in source.rows():
        records += 1
        found.update(json.dumps([row.line, dict(row.values)], sort_keys=True).encode())
    return records, found.hexdigest()


def read_below(folder: Path, name: str, most: int) -> bytes | Refusal:
    """A file's bytes, read only from below the folder and only up to `most`."""
    if leads_outside(folder, name):
        return Refusal(("intake-path",), "The file's path leads out of the import folder.")
    path = file_below(folder, name)
    if path is None:
        return Refusal(("intake-file",), "There is no such file in the import folder.")
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        return Refusal(("intake-file",), f"The file cannot be read: {error.strerror}.")
    if len(data) > most:
        return Refusal(("intake-unreadable",), f"The file is larger than {most // 1024**2} MB.")
    return data


def _unreadable(error: OSError) -> None:
    raise IntakeError(f"The folder {error.filename} cannot be read: {error.strerror}.")
