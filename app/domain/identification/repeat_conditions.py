"""The conditions of searching again: one search after the other, a reason and a supervisor's agreement (AUD-1)."""

from __future__ import annotations

from app.access.actor import Actor
from app.domain.identification import lineage
from app.models import RepeatSearch
from app.models.base import filled
from app.models.requests import FRRequest
from app.workflow.facts import Facts
from app.workflow.registry import condition


def _earlier(request: FRRequest, facts: Facts) -> list[lineage.EarlierSearch]:
    """Return the earlier searches: `searched_before`, where whoever asks has read them already."""
    return facts["searched_before"] if "searched_before" in facts else lineage.searched_before(request)


@condition("searched_before", "AUD-1")
def searched_before(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    search = request.current_search
    found = search is not None and lineage.needs_agreement(search, _earlier(request, facts))
    return None if found else "Nothing related was searched before; no agreement is needed."


@condition("one_at_a_time", "AUD-1", "SRC-1")
def one_at_a_time(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    running = any(earlier.running for earlier in _earlier(request, facts))
    return "A related search is running now; what it lists is not known yet." if running else None


@condition("repeat_asked", "AUD-1")
def repeat_asked(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    search = request.current_search
    asked = lineage.last_asked(search) if search is not None else None
    return None if asked is not None and asked.decision is None else "No reason waits for an answer."


@condition("repeat_agreed", "AUD-1", "CAP-1")
def repeat_agreed(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    search = request.current_search
    barred = lineage.needs_agreement(search, _earlier(request, facts)) if search is not None else []
    if search is None or not barred:
        return None
    asked = lineage.last_asked(search)
    if asked is not None and asked.decision is None:
        return "A supervisor has not answered yet whether it may be searched again."
    if asked is not None and asked.decision == "declined":
        return "A supervisor did not agree that it is searched again."
    if asked is None or any(not _covers(asked, earlier) for earlier in barred):
        return f"It was searched before ({len(barred)} times)." if len(barred) > 1 else "It was searched before."
    return None


def _covers(asked: RepeatSearch, earlier: lineage.EarlierSearch) -> bool:
    """Tell whether a search, as it ended, was before the eyes of the supervisor who agreed.

    An agreement from before there was a list covers all that had ended.
    """
    listed = asked.private.get("covers", [earlier.search.uid])
    return earlier.search.uid in listed and earlier.at <= filled(asked.decided_at)
