"""Files that are whole or absent after a crash, never half written, and never replaced by accident.

Directories are made 0700 and files 0600. Every write is flushed to the disk before it is published under its
name, and the name is flushed before the call returns; `batch` trades the many flushes of an import for one.
Whatever else the disk refuses is raised as DiskFailure.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path

from app.storage.errors import DiskFailure

PART_SUFFIX = ".part"
_batching: ContextVar[bool] = ContextVar("storage_batching", default=False)


@contextlib.contextmanager
def _disk_failures() -> Iterator[None]:
    try:
        yield
    except (FileExistsError, FileNotFoundError):
        raise
    except OSError as fault:
        raise DiskFailure(f"The storage directory cannot be used: {fault.strerror or fault}.") from fault


@contextlib.contextmanager
def batch() -> Iterator[None]:
    """Put off the flushing of new files inside the block to one flush of the whole machine at its end.

    Commit the database only after the block: what it refers to is on disk from then on. Replacing and
    destroying are never put off. If the block raises, nothing is flushed; its transaction must roll back.
    """
    token = _batching.set(True)
    try:
        yield
    finally:
        _batching.reset(token)
    os.sync()


@_disk_failures()
def make_directory(path: Path) -> None:
    """Create a private directory (and its parents) if absent, so that a crash cannot lose its name."""
    if path.is_dir():
        return
    make_directory(path.parent)
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Flush a directory's names to the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@_disk_failures()
def write_once(path: Path, content: bytes) -> None:
    """Publish content under a new name. Raises FileExistsError if it is taken; else as all here."""
    flush = not _batching.get()
    part = _part(path)
    try:
        _write(part, content, os.O_EXCL, flush=flush)
        os.link(part, path)
    finally:
        part.unlink(missing_ok=True)
    if flush:
        sync_directory(path.parent)


@_disk_failures()
def replace(path: Path, content: bytes) -> None:
    """Publish content in place of what was there. The caller holds a lock against other writers."""
    _write(_part(path), content, os.O_TRUNC, flush=True)
    os.replace(_part(path), path)
    sync_directory(path.parent)


@_disk_failures()
def mark(path: Path) -> None:
    """Leave an empty file as a mark, if it is not there yet."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600))
    sync_directory(path.parent)


@_disk_failures()
def read(path: Path, limit: int) -> bytes:
    """Return a file's content. Raises FileNotFoundError; symbolic links are not followed.

    Reads at most ``limit`` + 1 bytes, so that an oversized file costs no memory and is still seen to be so.
    """
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
        return file.read(min(os.fstat(file.fileno()).st_size, limit) + 1)


@_disk_failures()
def read_part(path: Path, begin: int, length: int) -> bytes:
    """Return up to so many bytes of a file from ``begin`` on. Raises and refuses as `read` does."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
        return os.pread(file.fileno(), length, begin)


@_disk_failures()
def size_of(path: Path) -> int:
    """Return how many bytes a file has. Raises FileNotFoundError."""
    return path.lstat().st_size


@_disk_failures()
def wipe(path: Path) -> None:
    """Overwrite a file in place, remove it and any half-written sibling, and flush. Absent files are fine.

    Overwriting reaches the old bytes on file systems that write in place; on others (copy on write, flash)
    what protects is that a data key is only ever stored wrapped under the master key.
    """
    for target in (path, _part(path)):
        try:
            descriptor = os.open(target, os.O_WRONLY | os.O_NOFOLLOW)
        except FileNotFoundError:
            continue
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            _overwrite(file.fileno())
        target.unlink(missing_ok=True)
    if path.parent.is_dir():
        sync_directory(path.parent)


@contextlib.contextmanager
def locked(path: Path, *, shared: bool = False) -> Iterator[None]:
    """Hold an advisory lock on a lock file, against other threads and processes, for the block."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _part(path: Path) -> Path:
    return path.with_name(path.name + PART_SUFFIX)


def _write(path: Path, content: bytes, mode: int, *, flush: bool) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | mode, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        if flush:
            os.fsync(descriptor)


def _overwrite(descriptor: int) -> None:
    block = bytes(1 << 20)
    left = os.fstat(descriptor).st_size
    while left > 0:
        left -= os.write(descriptor, block[:left])
    os.fsync(descriptor)
