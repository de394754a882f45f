"""Generated case records and person files for the comparison with the oracle.

Each is read off a tape of bytes that hypothesis draws: quick enough for tens of thousands, and it still shrinks.
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import TypeVar

from hypothesis import strategies as st

from app.policy.loader import policy
from app.policy.retention import standing_of_case
from app.policy.retention.types import CaseFacts, HistoryEntry, Hold, LinkedCase, LinkedPerson, PersonFacts

Item = TypeVar("Item")

RULES = policy().retention
CLASSES = [*RULES.classes, "no-such-class"]
CLOSURES = [*RULES.closures]
HOLDS = (Hold("H-1", "litigation", date(2020, 1, 1)),)
# Days cluster where mistakes hide: the end of February, the turn of the year, and the days beside them.
MONTH_DAYS = ((2, 29), (2, 28), (3, 1), (3, 2), (1, 1), (12, 31), (6, 15))


class Tape:
    """Bytes read one by one as choices; zeros once it is used up."""

    def __init__(self, content: bytes) -> None:
        self.bytes = iter(content)

    def below(self, count: int) -> int:
        """A number from 0 to ``count`` - 1; ``count`` at most 256."""
        return next(self.bytes, 0) % count

    def one_of(self, items: Sequence[Item]) -> Item:
        """One of the items."""
        return items[self.below(len(items))]

    def some(self, most: int, make: Callable[[], Item]) -> list[Item]:
        """Up to ``most`` items."""
        return [make() for _ in range(self.below(most + 1))]

    def day(self, first: int, last: int) -> date:
        """A day of the given years, both included."""
        year, (month, day) = first + self.below(last - first + 1), self.one_of(MONTH_DAYS)
        try:
            return date(year, month, day)
        except ValueError:
            return date(year, 3, 1)

    def maybe(self, make: Callable[[], Item]) -> Item | None:
        """The item, or None one time in four."""
        return make() if self.below(4) else None


def _entry(tape: Tape) -> HistoryEntry:
    on = tape.day(1990, 2032)
    kind = tape.one_of(("closed", "reopened", "disposition", "event"))
    values = {"closed": [*CLOSURES, "mistake"], "disposition": CLASSES, "event": [*RULES.events]}
    return HistoryEntry(kind, on, tape.one_of(values[kind]) if kind in values else "")


def _person(tape: Tape) -> LinkedPerson:
    born = tape.maybe(lambda: tape.day(1920, 2024))
    return LinkedPerson("P-1", "victim", born, child_victim=bool(tape.below(2)), juvenile=bool(tape.below(2)))


def case_record(tape: Tape) -> CaseFacts:
    """A case record; most are closed at the end, confirmed as they stand and free of holds, so that periods decide."""
    history = tape.some(4, lambda: _entry(tape))
    if tape.below(6):
        history.append(HistoryEntry("closed", tape.day(1990, 2032), tape.one_of(CLOSURES)))
    rare = tape.below(12)
    return CaseFacts(
        classes=tuple(dict.fromkeys(tape.some(3, lambda: tape.one_of(CLASSES)))),
        history_seen=len(history) - (rare == 1),
        history=tuple(history),
        people=tuple(tape.some(2, lambda: _person(tape))),
        open_requests=int(rare == 2),
        holds=HOLDS if rare == 3 else (),
    )


def person_file(tape: Tape, today: date) -> tuple[PersonFacts, list[CaseFacts | date]]:
    """A person file and its case records, each as its facts or as the day it was disposed of."""
    records: list[CaseFacts | date] = tape.some(
        2, lambda: case_record(tape) if tape.below(3) else min(tape.day(1990, 2032), today)
    )
    cases = [
        LinkedCase(f"C-{n}", None, record)
        if isinstance(record, date)
        else LinkedCase(f"C-{n}", standing_of_case(RULES, record, today))
        for n, record in enumerate(records)
    ]
    facts = PersonFacts(
        role=tape.one_of(("criminal_or_suspect", "associated")),
        born_on=tape.maybe(lambda: tape.day(1900, 2000)),
        died_on=tape.maybe(lambda: tape.day(1990, 2032)) if tape.below(2) else None,
        last_arrest_on=tape.maybe(lambda: tape.day(1990, 2032)),
        arrests_checked_on=tape.maybe(lambda: tape.day(2015, 2032)),
        cases=tuple(cases),
        holds=() if tape.below(10) else HOLDS,
    )
    return facts, records


TAPES = st.binary(min_size=64, max_size=64).map(Tape)
