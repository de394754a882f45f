"""The nomination, by which one retained candidate goes to peer review (SRC-4, CAP-6)."""

from __future__ import annotations

from app.access.actor import Actor
from app.clauses import enforces
from app.domain.examination import replaced
from app.domain.examination.verbs import open_round
from app.domain.peers.selection import compose
from app.models import Candidate, FRRequest
from app.models.base import now
from app.policy import policy
from app.policy.examination.opinions import nomination_fault
from app.policy.reasons import gives_reason
from app.policy.refused import Refused
from app.workflow import advance, refuse_if


@enforces("SRC-4", "CAP-6")
def nominate(request: FRRequest, actor: Actor, candidate: Candidate, opinion: str, reason: str) -> None:
    """Nominate one retained candidate for peer review; `opinion` is a level of the scale. Raises Refused."""
    round_ = open_round(request, actor)
    rule = policy().review.nomination
    if not gives_reason(policy(), reason, rule.min_reason):
        raise Refused(rule.id, f"Give your reason in at least {rule.min_reason} characters, in words.")
    fault = nomination_fault(policy(), opinion)
    refuse_if("nomination_supported", fault is not None, fault.message if fault else "")
    round_.nominee, round_.nominated_at, round_.opinion = candidate, now(), opinion
    round_.seal(nomination_note=reason)
    advance(request, "nominate", actor, round=round_.uid, candidate=candidate.uid, opinion=opinion)
    replaced.forget_past(request, all_of_them=True)
    compose(request)
