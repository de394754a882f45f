"""The next step of a request, for the person who looks at it: what may be done, or the rule that blocks it."""

from __future__ import annotations

from typing import Any

from app.access.actor import Actor
from app.access.capabilities import check_capability
from app.domain.algorithms import registry as algorithms
from app.extensions import settings
from app.matching.nist import NistStatus
from app.models import FRRequest, Search
from app.models.base import now
from app.models.engine import Job
from app.outbox import last_job
from app.policy import policy
from app.policy.names import RequestVerb
from app.policy.refused import Refused
from app.workflow import explain
from app.workflow.engine import check_separations
from app.workflow.registry import CONDITIONS

#: what only the filled-in form can show; left out when the page asks whether to offer the form at all
OF_THE_FORM = frozenset(
    {
        "basis_is_authorized_use",
        "refusal_cites_rule",
        "reason_given",
        "unsuitable_reasons_given",
        "one_face_selected",
        "suitability_recorded",
        "quality_override_reasoned",
        "worksheet_complete",
        "background_checked",
        "nominee_retained",
        "nomination_supported",
        "unexplained_justified",
        "nominee_record_eligible",
        "inconsistencies_answered",
        "peer_worksheet_complete",
        "peer_opinion_given",
        "receiver_may_examine",
        "hand_over_noted",
    }
)


def blocking(request: FRRequest, verb: RequestVerb, actor: Actor, **facts: Any) -> Refused | None:
    """The rule that keeps this person from a step before anything is filled in, or None when the form is offered."""
    row = next((r for r in policy().transitions("request", request.state) if r.verb == verb), None)
    if row is None:
        return explain(request, verb, actor, **facts)
    try:
        check_capability(actor, row.capability)
        check_separations(row, request, actor)
    except Refused as refusal:
        return refusal
    for name in row.conditions:
        missing = None if name in OF_THE_FORM else CONDITIONS[name](request, actor, facts)
        if missing is not None:
            return Refused(name, missing)
    return None


def job_of(search: Search | None) -> Job | None:
    """The work that compares the probe with the repository."""
    return last_job("search", search.uid) if search is not None else None


def algorithm_status() -> NistStatus:
    """FAIR-2: whether the installed algorithm has a current NIST evaluation record."""
    return algorithms.status(now().date())


def start_block(subject: FRRequest, actor: Actor) -> Refused | None:
    """The rule that keeps this person from starting the search, or None."""
    return blocking(
        subject, "start_search", actor, algorithm_status=algorithm_status(), demonstration=settings().demonstration
    )
