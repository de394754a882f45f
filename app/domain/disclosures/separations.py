"""The separations of a disclosure: asking, deciding and handing out take three different people."""

from __future__ import annotations

from app.models import Disclosure
from app.workflow.history import who_took
from app.workflow.registry import separation


@separation("disclosure_asker", "ACC-12", "EXT-7")
def disclosure_asker(disclosure: Disclosure) -> set[int]:
    """Whoever filed the disclosure request, or ever submitted it."""
    return {disclosure.asked_by_id} | who_took(disclosure, ("submit", "resubmit"))


@separation("disclosure_decider", "ACC-12", "EXT-7")
def disclosure_decider(disclosure: Disclosure) -> set[int]:
    """Whoever decided on the disclosure, on an earlier submission too."""
    return {decision.decided_by_id for decision in disclosure.decisions}
