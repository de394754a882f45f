"""The disposition that an exclusion replaced, kept for its examiner while the exclusion can be undone (SRC-2).

It is kept as drafts are: sealed under the case, no record, and gone with the next step or with the case. Where an
exclusion replaced nothing, nothing is kept, and its own row says when it was recorded.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import delete

from app.access.actor import Actor
from app.domain.examination import drafts
from app.extensions import db
from app.models import Candidate, Disposition, Draft, FRRequest, Round
from app.models.base import now
from app.policy import policy

PAGE = "replaced:"


def page_of(round_: Round, candidate: Candidate) -> str:
    """Return the name under which it is kept."""
    return f"{PAGE}{round_.uid}:{candidate.uid}"


def remember(round_: Round, actor: Actor, candidate: Candidate, row: Disposition | None) -> None:
    """Keep the disposition that an exclusion is about to replace, and the worksheet that was not yet recorded."""
    request = round_.request
    forget_past(request)
    unsent = drafts.kept(request, actor, drafts.worksheet_page(round_, candidate))
    if row is None and unsent is None:
        return
    kept = {
        "standing": {"verdict": row.verdict, **row.private} if row is not None else None,
        "unsent": unsent.private["fields"] if unsent is not None else {},
    }
    drafts.keep(request, actor, page_of(round_, candidate), kept)


def seconds_left(round_: Round, actor: Actor, row: Disposition) -> float:
    """Return how many seconds an exclusion can still be undone; zero or less when it cannot."""
    kept = drafts.kept(round_.request, actor, page_of(round_, row.candidate))
    since = kept.saved_at if kept is not None else row.created_at
    return policy().review.taking_back.count - (now() - since).total_seconds()


def standing_before(round_: Round, actor: Actor, candidate: Candidate) -> tuple[dict[str, Any] | None, dict[str, str]]:
    """Return (the earlier disposition, or None; the unrecorded worksheet) from what is kept."""
    kept = drafts.kept(round_.request, actor, page_of(round_, candidate))
    fields = kept.private["fields"] if kept is not None else {}
    return fields.get("standing"), fields.get("unsent", {})


def forget(round_: Round, actor: Actor, candidate: Candidate) -> None:
    """Delete what is kept, as the candidate got another disposition or this one was undone."""
    drafts.forget(round_.request, actor, page_of(round_, candidate))


def forget_past(request: FRRequest, *, all_of_them: bool = False) -> None:
    """Delete what can no longer be undone; everything, when the round goes on to its peers or ends."""
    rows = delete(Draft).where(Draft.request_id == request.id, Draft.page.startswith(PAGE))
    if not all_of_them:
        rows = rows.where(Draft.saved_at < now() - timedelta(seconds=policy().review.taking_back.count))
    db.session.execute(rows)
