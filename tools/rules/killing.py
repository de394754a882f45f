"""One mutant after the other, each in a process of its own that is forked from a session of pytest.

A plugin of pytest: the session collects the tests and makes what they share (directory, empty database, portal) once;
a fork then takes one part of the rules away, runs the tests chosen for it until one fails, and ends. A test that fails
in a fork where nothing was taken away kills nothing.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from app.policy.proof import Kept, Provable, digest_of_test, kept_in
from tools.rules.choosing import chosen_for, function_of
from tools.rules.mutants import everything, take_away
from tools.rules.reach import read_map
from tools.rules.results import Found, Part

ROOT = Path(__file__).resolve().parents[2]
PR_SET_PDEATHSIG = 1
#: seconds for the tests of one mutant
PATIENCE = 240.0
#: what makes the shared fixtures before the first fork; it needs no network
WARM_UP = "tests/policy/retention/test_workflow_retention.py::test_nobody_releases_their_own_hold"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--reach", type=Path, required=True, help="The map of coverage.")
    parser.addoption("--part", type=Path, required=True, help="Where this process keeps what it finds.")
    parser.addoption("--mutants", type=Path, required=True, help="A file with the mutants of this process, one a line.")
    parser.addoption("--until", type=float, default=0.0, help="Begin none after this time (seconds since the epoch).")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Killer(config))


class _Stays:
    """Stands for the next test: what the session shares stays, everything smaller is put away."""

    def __init__(self, session: pytest.Session) -> None:
        self.session = session

    def listchain(self) -> list[Any]:
        return [self.session]


class Killer:
    """Runs the mutants of this process instead of the tests that were collected."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.reached = read_map(config.getoption("--reach"))
        self.part = Part(config.getoption("--part"))
        self.names = config.getoption("--mutants").read_text().split()
        self.until: float = config.getoption("--until") or float("inf")
        self.failed = False
        self.sound: dict[str, bool] = {}
        earlier = {**kept_in(ROOT), **{found.mutant: found.kept for found in self.part.found()}}
        self.kills = Counter(function_of(kept.by) for kept in earlier.values() if kept.by)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed |= report.failed

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = {item.nodeid: item for item in session.items}
        if self._fails(items[WARM_UP], session):
            raise pytest.UsageError(f"{WARM_UP} fails: nothing can be proven here.")
        kept, known = kept_in(ROOT), {one.id: one for one in everything()}
        for name in self.names:
            if time.time() > self.until:
                break
            one = known[name]
            names = chosen_for(one, self.reached, kept.get(name), self.kills)
            chosen = [items[test] for test in names if test in items]
            if chosen:  # what no test reaches stays untried
                found = self._prove(one, chosen, session)
                self.part.add(found)
                self.kills.update([function_of(found.kept.by)] if found.kept.by else [])
        session.testscollected = max(session.testscollected, 1)
        return True

    def _prove(self, one: Provable, chosen: Sequence[pytest.Item], session: pytest.Session) -> Found:
        began, tried = time.monotonic(), 0
        left = list(chosen)
        while left:
            # what it needs is then made by the unchanged program, and kept for every fork that follows
            if not self._is_sound(left[0], session):
                left = left[1:]
                continue
            with tempfile.TemporaryDirectory(prefix="mutant-") as own:
                weaken = partial(_weaken, one, Path(own))
                died, ran = self._apart(left, session, weaken, PATIENCE - (time.monotonic() - began))
            tried += ran
            if died is None or self._is_sound(died, session):
                return self._found(one, died.nodeid if died else "", tried, began)
            left = left[left.index(died) + 1 :]
        return self._found(one, "", tried, began)

    def _found(self, one: Provable, by: str, tried: int, began: float) -> Found:
        kept = Kept(by, tried, one.digest, digest_of_test(ROOT, by) if by else "")
        return Found(one.id, kept, round(time.monotonic() - began, 1))

    def _is_sound(self, item: pytest.Item, session: pytest.Session) -> bool:
        """Whether the test passes in a fork where nothing was taken away."""
        if item.nodeid not in self.sound:
            died, ran = self._apart([item], session, lambda: None, PATIENCE)
            self.sound[item.nodeid] = died is None and ran == 1
        return self.sound[item.nodeid]

    def _fails(self, item: pytest.Item, session: pytest.Session) -> bool:
        self.failed = False
        self.config.hook.pytest_runtest_protocol(item=item, nextitem=_Stays(session))
        return self.failed

    def _apart(
        self, items: Sequence[pytest.Item], session: pytest.Session, change: Callable[[], None], patience: float
    ) -> tuple[pytest.Item | None, int]:
        """Run the tests in a fork until one fails: which, and how many ran. What does not end in time passed."""
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(read)
            self._in_the_fork(items, session, change, write)
        os.close(write)
        ran, died = 0, None
        for line in _lines(read, time.monotonic() + max(patience, 1.0)):
            ran += 1
            if line == b"failed":
                died = items[ran - 1]
        os.close(read)
        try:
            os.killpg(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        _, ended = os.waitpid(pid, 0)
        if os.WIFEXITED(ended) and os.WEXITSTATUS(ended):
            raise RuntimeError(f"The process of a mutant broke off before {items[ran].nodeid}.")
        return died, ran

    def _in_the_fork(
        self, items: Sequence[pytest.Item], session: pytest.Session, change: Callable[[], None], write: int
    ) -> None:
        try:
            os.setsid()
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # nothing outlives the session it came from
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 1)
            os.dup2(nowhere, 2)
            change()
            for item in items:
                failed = self._fails(item, session)
                os.write(write, b"failed\n" if failed else b"passed\n")
                if failed:
                    break
            os._exit(0)
        finally:
            os._exit(1)


def _lines(read: int, end: float) -> Iterator[bytes]:
    """Yield what the fork writes, a line for each test, until it ends or the time is over."""
    held = b""
    while (left := end - time.monotonic()) > 0:
        ready, _, _ = select.select([read], [], [], left)
        got = os.read(read, 4096) if ready else b""
        if not got:
            return
        held += got
        *whole, held = held.split(b"\n")
        yield from whole


def _weaken(one: Provable, own: Path) -> None:
    """Take this part away; data folders that the weakened program makes are for its fork alone."""
    from tests.data_cache import DataCache

    keep, apart = DataCache.keep, DataCache(own)

    def kept_apart(cache: Any, name: str, data: Path) -> Path:
        return keep(apart, name, data)

    DataCache.keep = kept_apart  # type: ignore[method-assign, assignment]
    take_away(one)
