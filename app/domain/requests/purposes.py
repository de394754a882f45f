"""What a request and the supervisor of its discussion answered on prohibited purposes (LIM-2, LIM-3, LIM-7)."""

from __future__ import annotations

from app.access.actor import Actor
from app.clauses import enforces
from app.models.requests import FRRequest
from app.policy import policy
from app.policy.facts import YES_NO
from app.policy.forms import Prohibition


def answered_purposes(request: FRRequest) -> list[tuple[Prohibition, str | None]]:
    """Return each question with the request's answer and, once the discussion is confirmed, the supervisor's."""
    private = request.private
    stated, discussed = (
        private.get("answers", {}),
        private.get("discussed") if request.discussion_confirmed_at else None,
    )
    rows = []
    for asked in policy().request.prohibitions.values():
        answer = YES_NO.get(stated.get(asked.id))
        if answer and discussed and (own := YES_NO.get(discussed["answers"].get(asked.id))):
            answer = f"{answer}; {discussed['by']}: {own}"
        rows.append((asked, answer))
    return rows


@enforces("AUD-1")
def answers_open(request: FRRequest, actor: Actor) -> bool:
    """Tell whether this person is still to answer on the purposes: on their own, so the request's are not shown."""
    named = actor.id == request.discussing_supervisor_id
    return named and request.takes("confirm_discussion") and request.discussion_confirmed_at is None
