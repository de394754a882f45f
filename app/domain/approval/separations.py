"""Who already holds a part in a request as the supervisor of a final review."""

from __future__ import annotations

from app.models import FRRequest
from app.workflow.registry import separation


@separation("supervisor", "SRC-5")
def supervisor(request: FRRequest) -> set[int]:
    return {review.supervisor_id for round_ in request.rounds for review in round_.final_reviews}
