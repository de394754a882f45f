"""Which tests a mutant is put before, and in which order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from app.policy.proof import Kept, Provable
from tools.rules.reach import Reached

NOTHING: Mapping[str, int] = MappingProxyType({})


def chosen_for(
    one: Provable, reached: Mapping[str, Reached], kept: Kept | None, kills: Mapping[str, int] = NOTHING
) -> list[str]:
    """Return the tests that claim a clause of this part and reach it, in the order in which they are tried.

    First the one it died of before, then those whose parameter names it, then those of which most others died (`kills`,
    by function), then the quickest. A test that fails on the unchanged program proves nothing and is left out. None is
    left out for its place in the line: how long a mutant is tried is a matter of time alone (`killing.PATIENCE`).
    """
    claiming = [
        row for row in reached.values() if row.passed and one.id in row.parts and set(row.clauses) & set(one.clauses)
    ]
    words = one.name.rpartition(".")[0].split("/") if one.kind == "bound" else [one.name]
    best = sorted(
        claiming,
        key=lambda row: (not _tells_of(row.test, words), -kills.get(function_of(row.test), 0), row.seconds),
    )
    first = [kept.by] if kept is not None and kept.by else []
    return list(dict.fromkeys([*first, *_in_turns(best)]))


def _tells_of(test: str, words: list[str]) -> bool:
    """Whether the parameter of a test names all of this; “addressee” does not name an “address”."""
    parameter = test.partition("[")[2]
    return all(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", parameter) for word in words)


def function_of(test: str) -> str:
    """Return the test without its parameters."""
    return test.partition("[")[0]


def _in_turns(rows: list[Reached]) -> Iterator[str]:
    """Yield one run of each test function, then a second of each, and so on."""
    waiting: dict[str, list[str]] = {}
    for row in rows:
        waiting.setdefault(function_of(row.test), []).append(row.test)
    while waiting:
        for name in list(waiting):
            yield waiting[name].pop(0)
            if not waiting[name]:
                del waiting[name]
