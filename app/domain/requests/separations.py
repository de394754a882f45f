"""The separations of a request's requester and of the supervisor of the discussion."""

from __future__ import annotations

from app.models import FRRequest
from app.workflow.registry import separation


@separation("requester", "REQ-4", "SRC-4", "SRC-5")
def requester(request: FRRequest) -> set[int]:
    return {request.requester_id}


@separation("discussing_supervisor", "AUD-1")
def discussing_supervisor(request: FRRequest) -> set[int]:
    return {request.discussing_supervisor_id} if request.discussing_supervisor_id is not None else set()
