"""Which tests a mutant is put before, and in which order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from app.policy.proof import Kept, Provable
from tools.rules.reach import Reached

#: tests that a mutant which none has missed yet is put before
MOST = 40


def chosen_for(one: Provable, reached: Mapping[str, Reached], kept: Kept | None) -> list[str]:
    """Return the tests that claim a clause of this part and reach it, the one it died of first, then the quickest.

    A test that fails on the unchanged program proves nothing and is left out.
    """
    claiming = [
        row for row in reached.values() if row.passed and one.id in row.parts and set(row.clauses) & set(one.clauses)
    ]
    quickest = sorted(claiming, key=lambda row: row.seconds)
    first = [kept.by] if kept is not None and kept.by else []
    return list(dict.fromkeys([*first, *_in_turns(quickest)]))[:MOST]


def _in_turns(rows: list[Reached]) -> Iterator[str]:
    """Yield one run of each test function, then a second of each, and so on."""
    waiting: dict[str, list[str]] = {}
    for row in rows:
        waiting.setdefault(row.test.partition("[")[0], []).append(row.test)
    while waiting:
        for name in list(waiting):
            yield waiting[name].pop(0)
            if not waiting[name]:
                del waiting[name]
