"""Figures of arrests (AUD-7): by year, on how many items of evidence that stand without the result each was made."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import func, select

from app.access.actor import Actor
from app.access.clearance import may_know
from app.clauses import enforces
from app.extensions import db
from app.models.approval import Arrest
from app.models.retention import DisposalItem
from app.policy import policy
from app.policy.evidence import numbered

HEADINGS = (
    "Year of the arrest",
    "After a possible match: no independent item in hand",
    "One independent item",
    "Several independent items",
    "Said to be before the possible match, reported after it",
    "No possible match in the matter",
)


@dataclass(frozen=True, slots=True)
class Year:
    """The arrests of one year: after a possible match by independent items in hand; then those not resting on one."""

    year: int
    none: int
    one: int
    several: int
    before: int
    without: int

    def cells(self) -> tuple[int, ...]:
        """Return the figures in the order of `HEADINGS`."""
        return (self.year, self.none, self.one, self.several, self.before, self.without)


@enforces("AUD-7")
def by_year() -> list[Year]:
    """Return the years in which arrests were reported, newest first; of disposed requests the counts remain."""
    found: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for year, basis, held, count in (*_tally(), *_erased()):
        found[year][numbered(policy(), held) if basis == "on_lead" else basis] += count
    return [
        Year(year, one["none"], one["one"], one["several"], one["before_lead"], one["no_lead"])
        for year, one in sorted(found.items(), reverse=True)
    ]


Tally = tuple[int, str, int, int]


def _tally() -> list[Tally]:
    """Return (year, basis, items in hand, how many arrests)."""
    by = (Arrest.year, Arrest.basis, Arrest.in_hand)
    return [(*row,) for row in db.session.execute(select(*by, func.count()).group_by(*by))]


def _erased() -> list[Tally]:
    """Return the same of requests that were disposed of, as each erasure kept it."""
    kept = db.session.scalars(select(DisposalItem.erased).where(DisposalItem.state == "erased"))
    return [(year, basis, held, count) for one in kept for year, basis, held, count in one.get("arrests", ())]


@enforces("USE-8", "AUD-7", "LIM-7")
def uncorroborated(reader: Actor) -> list[Arrest]:
    """Return the arrests after a possible match with too few independent items in hand, the last reported first.

    Those of requests that are kept from this person are in the yearly figures alone.
    """
    least = policy().request.evidence.least_independent
    rows = select(Arrest).where(Arrest.basis == "on_lead", Arrest.in_hand < least).order_by(Arrest.id.desc())
    return [one for one in db.session.scalars(rows) if may_know(one.request, reader)]


@enforces("USE-8", "AUD-7", "LIM-7")
def dated_before(reader: Actor) -> list[Arrest]:
    """Return the arrests said to be before the result and reported after it, of what this person may know of."""
    rows = select(Arrest).where(Arrest.basis == "before_lead").order_by(Arrest.id.desc())
    return [one for one in db.session.scalars(rows) if may_know(one.request, reader)]
