"""The verbs of searching again: an examiner's reason, a supervisor's agreement.

AUD-1: each use, with its reasons, is discussed with a supervisor. Both verbs need an open unit of work; both raise
Refused.
"""

from __future__ import annotations

from collections.abc import Collection

from app.access.actor import Actor
from app.clauses import enforces
from app.domain.accounts.people import who_may
from app.domain.identification.lineage import last_asked, needs_agreement
from app.domain.notices.notifications import tell
from app.extensions import db
from app.models import FRRequest, RepeatSearch
from app.models.base import filled, now
from app.policy.names import RequestVerb
from app.workflow.engine import advance


@enforces("AUD-1")
def ask(request: FRRequest, actor: Actor, reason: str) -> RepeatSearch:
    """Record the examiner's reason to search the probe again and notify the unit's supervisors."""
    search = request.current_search
    advance(request, "ask_to_repeat", actor, search=search.uid if search else None, reason=reason)
    row = RepeatSearch(search=search, asked_by_id=actor.id)
    row.seal(reason=reason.strip())
    db.session.add(row)
    db.session.flush()
    tell("repeat_asked", who_may(request, "agree_to_repeat"), request)
    return row


@enforces("AUD-1")
def answer(
    request: FRRequest, actor: Actor, *, agreed: bool, words: str, shown: Collection[str] | None = None
) -> RepeatSearch:
    """Record that a supervisor agrees to a repeated search or does not, with the reason.

    `shown`: the uids of the earlier searches that stood on the page of the answer, by default all there are: an
    agreement covers these alone, and no older one that is found to be related later.
    """
    search = request.current_search
    verb: RequestVerb = "agree_to_repeat" if agreed else "decline_repeat"
    advance(request, verb, actor, search=search.uid if search else None, reason=words)
    row = filled(last_asked(filled(search)))
    row.decision, row.decided_by_id, row.decided_at = "agreed" if agreed else "declined", actor.id, now()
    covers = [one.search.uid for one in needs_agreement(row.search)] if shown is None else sorted(shown)
    row.seal(answer=words.strip(), covers=covers)
    db.session.flush()
    tell("repeat_agreed" if agreed else "repeat_declined", [row.asked_by_id], request)
    return row
