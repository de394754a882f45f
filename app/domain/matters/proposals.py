"""What the portal proposes as one matter, of what it found in common; people decide (REQ-2, RET-11)."""

from __future__ import annotations

from sqlalchemy import select

from app.clauses import enforces
from app.domain.matters import links, numbers
from app.domain.matters.comparison import Found, comparable
from app.domain.matters.evidence import MOMENT, SAME
from app.extensions import db
from app.models.requests import FRRequest
from app.policy import policy

#: the job that compares a request once it is filed
JOB = "compare_matters"


@enforces("REQ-2", "RET-11", "LIM-7")
def propose(request: FRRequest, found: Found) -> int:
    """Propose what was found, as far as it may still be compared; returns how many proposals it made or added to.

    Needs an open unit of work. On place or text alone no more are made than the rule says.
    """
    asked = {name for several in found.values() for one in several for name in one.requests}
    still = set(db.session.scalars(select(FRRequest.number).where(FRRequest.number.in_(asked), *comparable())))
    made, left = 0, policy().request.proposal.most_proposed
    for number, several in found.items():
        stands = [one for one in several if still.issuperset(one.requests)]
        seen = any(one.kind in (SAME, MOMENT) for one in stands)
        if not stands or not (seen or left):
            continue
        if links.propose(numbers.begin(request.case_number), numbers.begin(number), stands) is not None:
            made, left = made + 1, left - (not seen)
    return made
