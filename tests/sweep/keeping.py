"""The data of a portal under sweep, put back after every change.

Triggers of the database itself note each table in which a row was written, whoever wrote it; only those tables are
compared, and only then is anything put back.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path

from flask import Flask

from app.extensions import db
from app.policy import policy

#: folders that a page may destroy something in
FILES = ("blobs", "keys")
NOTED = "sweep_noted"


def below(folder: Path) -> dict[str, tuple[int, int]]:
    """Each file below a folder, with its size and the time of its last change."""
    found, waiting = {}, [str(folder)]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                else:
                    stat = entry.stat(follow_symlinks=False)
                    found[entry.path[len(str(folder)) + 1 :]] = (stat.st_size, stat.st_mtime_ns)
    return found


def mirror(kept: Path, wanted: dict[str, tuple[int, int]], live: Path) -> None:
    """Make the files below `live` those `wanted` from below `kept` again; what was not touched is not copied."""
    found = below(live)
    for path in found.keys() - wanted.keys():
        (live / path).unlink()
    for path, stat in wanted.items():
        if found.get(path) != stat:
            (live / path).parent.mkdir(parents=True, exist_ok=True)
            (live / path).unlink(missing_ok=True)
            shutil.copy2(kept / path, live / path)


class Keeping:
    """What a portal holds, kept under names; what changed since it was last asked."""

    def __init__(self, app: Flask, data: Path) -> None:
        self.app, self.data, self.file = app, data, data / "corroborate.sqlite"
        self.base, self.last = self.file, 0
        self.rows: dict[str, list[tuple]] = {}
        self.files: dict[Path, dict[str, tuple[int, int]]] = {}
        self._reader: sqlite3.Connection | None = None

    def keep(self, name: str = "kept") -> None:
        """Remember the present contents, under a name, as those to put back."""
        self._leave()
        connection = sqlite3.connect(self.file)
        self._watch(connection)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        shutil.copy(self.file, self.data / f"{name}.sqlite")
        for folder in FILES:
            kept = self.data / f"{name}-{folder}"
            shutil.copytree(self.data / folder, kept)
            self.files[kept] = below(kept)

    def restore(self, name: str = "kept") -> None:
        """Everything as it was kept, encrypted files and keys that were destroyed too."""
        self._leave()
        for suffix in ("-wal", "-shm"):
            self.file.with_name(self.file.name + suffix).unlink(missing_ok=True)
        self.base = self.data / f"{name}.sqlite"
        shutil.copy(self.base, self.file)
        for folder in FILES:
            kept = self.data / f"{name}-{folder}"
            mirror(kept, self.files[kept], self.data / folder)
        self.last, self.rows = 0, {}

    def restore_changes(self) -> None:
        """As `restore`, where any row was written since; a new event of the audit trail changes nothing."""
        if self.last or self._noted():
            self.restore(self.base.stem)

    def changes(self) -> set[str]:
        """The tables whose rows are no longer what they were when this was last asked, or put back.

        Only of tables whose change must be recorded by an event.
        """
        changed = set()
        for table in self._noted() - set(policy().exempt_tables):
            if table not in self.rows:
                self.rows[table] = _rows(self.base, table)
            before, self.rows[table] = self.rows[table], _rows(self.file, table)
            if self.rows[table] != before:
                changed.add(table)
        return changed

    def _noted(self) -> set[str]:
        """Tables in which a row was written since this was last asked."""
        if self._reader is None:
            self._reader = sqlite3.connect(f"file:{self.file}?mode=ro", uri=True)
        found = self._reader.execute(f"SELECT rowid, name FROM {NOTED} WHERE rowid > ?", (self.last,)).fetchall()
        self.last = max((number for number, _ in found), default=self.last)
        return {name for _, name in found}

    def _watch(self, connection: sqlite3.Connection) -> None:
        connection.execute(f"CREATE TABLE IF NOT EXISTS {NOTED} (name TEXT NOT NULL)")
        connection.execute(f"DELETE FROM {NOTED}")
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in {name for name in tables if not name.startswith("sqlite_")} - {NOTED, "audit_event"}:
            for step in ("INSERT", "UPDATE", "DELETE"):
                connection.execute(
                    f'CREATE TRIGGER IF NOT EXISTS "{NOTED}_{table}_{step}" AFTER {step} ON "{table}" '
                    f"BEGIN INSERT INTO {NOTED} VALUES ('{table}'); END"
                )
        connection.commit()

    def _leave(self) -> None:
        """Nobody has the database open, nobody holds an index that is ahead of what will be put back."""
        self.app.extensions.pop("repository", None)
        if self._reader is not None:
            self._reader.close()
            self._reader = None
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()


def _rows(file: Path, table: str) -> list[tuple]:
    connection = sqlite3.connect(file)
    try:
        return connection.execute(f'SELECT * FROM "{table}"').fetchall()
    finally:
        connection.close()
