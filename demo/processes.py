"""Child processes that end with their parent, and the ends of those an earlier run left behind.

Each service has a lock file in the run directory, held for as long as its parent lives, and in it the process
id with the start time the kernel recorded, so that a recycled id is never mistaken for a stray.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from app.unit_of_work import wait

STOP_SECONDS = 10.0
POLL_SECONDS = 0.05
PR_SET_PDEATHSIG = 1  # prctl(2)

_LIBC = ctypes.CDLL(None, use_errno=True)


class ServiceError(Exception):
    """A service could not be started or has died; the message is one line for a person."""


@dataclass(frozen=True, slots=True)
class Service:
    """What to run. ``ready(pid)`` answers whether that process serves; OSError means not yet."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    directory: Path
    ready: Callable[[int], bool]
    ready_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class Child:
    """A running service and the file that holds its output."""

    service: Service
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def name(self) -> str:
        return self.service.name

    @property
    def pid(self) -> int:
        return self.process.pid

    def alive(self) -> bool:
        return self.process.poll() is None

    def wait_ready(self) -> None:
        """Returns once the service serves. Raises ServiceError when it ends first or takes too long."""
        seconds = self.service.ready_seconds
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not self.alive():
                raise ServiceError(f"{self.name} ended at once: {self.last_line()}")
            try:
                if self.service.ready(self.pid):
                    return
            except OSError:
                pass
            wait(POLL_SECONDS)
        raise ServiceError(f"{self.name} was not ready after {seconds:.0f} seconds: {self.last_line()}")

    def kill(self) -> None:
        """Ends the service and all it started with SIGKILL, as a power cut would."""
        _signal_group(self.pid, signal.SIGKILL)
        self.process.wait(STOP_SECONDS)

    def stop(self) -> None:
        """Asks the service to end and makes it end after STOP_SECONDS; what it started ends with it."""
        _signal_group(self.pid, signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        self.kill()

    def last_line(self) -> str:
        """The last line the service wrote, to be quoted when it failed."""
        lines = self.log.read_text("utf-8", "replace").split("\n") if self.log.exists() else []
        return next((line.strip() for line in reversed(lines) if line.strip()), "it wrote nothing")


@contextmanager
def running(service: Service, run_dir: Path, log_dir: Path, *, wait: bool = True) -> Iterator[Child]:
    """Runs the service for the length of the block, after ending a stray of an earlier run.

    Without ``wait`` the block begins while the service still starts; call ``Child.wait_ready`` in it.

    Must be entered from a thread that lives as long as the service: Linux ends the child with the thread that
    started it. Raises ServiceError when another living process runs this service on the same data, or when it
    does not get ready.
    """
    with _lock(service.name, run_dir) as record:
        _end_stray(record)
        child = _start(service, log_dir)
        try:
            _write(record, child)
            if wait:
                child.wait_ready()
            yield child
        finally:
            child.stop()
            record.truncate(0)


@contextmanager
def _lock(name: str, run_dir: Path) -> Iterator[IO[str]]:
    path = run_dir / f"{name}.pid"
    with path.open("a+", encoding="utf-8") as record:
        try:
            fcntl.flock(record, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ServiceError(f"{name} already runs on this data directory; end that run first") from error
        yield record


def _start(service: Service, log_dir: Path) -> Child:
    log_dir.mkdir(parents=True, exist_ok=True)
    log = log_dir / f"{service.name}.log"
    with log.open("wb") as output:
        try:
            process = subprocess.Popen(
                list(service.command),
                cwd=service.directory,
                env=dict(service.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        except OSError as error:
            raise ServiceError(f"{service.name} could not be started: {error}") from error
    return Child(service, process, log)


def _die_with_parent() -> None:
    _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def _write(record: IO[str], child: Child) -> None:
    record.truncate(0)
    json.dump({"pid": child.pid, "started": _started(child.pid)}, record)
    record.flush()


def _end_stray(record: IO[str]) -> None:
    """Ends the process an earlier parent left behind, if it still is that process."""
    record.seek(0)
    try:
        earlier = json.loads(record.read())
        pid, started = int(earlier["pid"]), earlier["started"]
    except (ValueError, KeyError, TypeError):
        return
    if started is None:
        return
    for kind in (signal.SIGTERM, signal.SIGKILL):
        if _started(pid) != started:
            return
        _signal_group(pid, kind)
        deadline = time.monotonic() + STOP_SECONDS
        while _started(pid) == started and time.monotonic() < deadline:
            wait(POLL_SECONDS)


def _started(pid: int) -> int | None:
    """Clock ticks from boot to the process's start (proc(5), field 22); None when it is gone or a zombie."""
    try:
        # The command in field 2 may hold spaces and brackets, so count from its closing one.
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def _signal_group(pid: int, kind: signal.Signals) -> None:
    try:
        os.killpg(pid, kind)
    except ProcessLookupError:
        pass
