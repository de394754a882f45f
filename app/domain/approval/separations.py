"""Who already holds a part in a request as the supervisor of a final review."""

from __future__ import annotations

from app.models import FRRequest
from app.workflow.registry import separation


@separation("supervisor", "SRC-5")
def supervisor(request: FRRequest) -> set[int]:
    """Return whoever judged a round, or an answer of its examiner to what contradicts a candidate."""
    reviews = {review.supervisor_id for round_ in request.rounds for review in round_.final_reviews}
    checks = [check for round_ in request.rounds for check in round_.background_checks]
    return reviews | {judgment.supervisor_id for check in checks for judgment in check.judgments}
