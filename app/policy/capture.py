"""The day on which a photograph was taken, held against the calendar and the day of the matter (LIM-4, SRC-3)."""

from datetime import date

from app.clauses import enforces
from app.policy.base import Fact
from app.policy.facts import Fault
from app.policy.types import Policy

EARLIEST = "taken_at"


@enforces("LIM-4", "REQ-3")
def check_capture(policy: Policy, taken: date) -> list[Fault]:
    """Check that a photograph can have been taken on that day at all."""
    rule = policy.request.capture
    if taken.year >= rule.earliest_year:
        return []
    return [Fault(EARLIEST, f"This day lies before {rule.earliest_year}. Check the date.", rule.id)]


@enforces("LIM-4", "SRC-3")
def day_asked(policy: Policy, source_id: str | None, taken: date | None, matter: date | None) -> tuple[Fact, ...]:
    """Return the questions that a photograph of that day owes: of another day than the matter, or from long before."""
    rule = policy.request.capture
    if taken is None or matter is None:
        return ()
    apart = source_id in rule.sources and abs((taken - matter).days) > rule.days_apart
    return rule.facts if apart or matter.year - taken.year > rule.longest_years else ()
