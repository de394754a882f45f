"""Who already holds a part in a request as a peer reviewer."""

from __future__ import annotations

from app.models import FRRequest
from app.workflow.registry import separation


@separation("peer", "SRC-4", "FAIR-1")
def peer(request: FRRequest) -> set[int]:
    """Return the peers of every round: they know its verdicts, so a later round needs others."""
    return {review.peer_id for round_ in request.rounds for review in round_.peer_reviews}
