"""The end of a search that nobody examined: a supervisor's, with a written reason, and no result at all (SRC-7)."""

from __future__ import annotations

from app.access.actor import Actor
from app.clauses import enforces
from app.domain.examination import replaced
from app.domain.examination.conditions import open_candidates
from app.domain.notices.notifications import tell
from app.models.base import filled, now
from app.models.requests import FRRequest
from app.policy import policy
from app.policy.facts import Fault
from app.policy.refused import Refused
from app.policy.workload import end_fault
from app.workflow import advance
from app.workflow.facts import Facts
from app.workflow.registry import condition


@condition("examination_unfinished", "SRC-7", "SRC-2", "SRC-6")
def examination_unfinished(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    """Look at every round: what was compared, then handed over or put before peers, must not be told as nothing."""
    whole = [round_.number for round_ in request.rounds if not open_candidates(round_)]
    return f"In round {whole[0]} every candidate was compared: that ends in its own result." if whole else None


@condition("end_reasoned", "SRC-7")
def end_reasoned(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    return end_fault(policy(), str(facts.get("reason") or ""))


@enforces("SRC-7")
def end_unexamined(request: FRRequest, actor: Actor, reason: str, *, password_confirmed: bool) -> None:
    """End a search before its candidates were compared; the requester and the examiner are told. Raises Refused."""
    wrong, rule = end_fault(policy(), reason), policy().request.conclusion
    if wrong:
        raise Refused("end_reasoned", wrong, faults=[Fault("reason", wrong, rule.id)])
    search, round_ = request.current_search, request.current_round
    advance(
        request,
        "end_unexamined",
        actor,
        search=search.uid if search else None,
        reason=reason,
        password_confirmed=password_confirmed,
    )
    replaced.forget_past(request, all_of_them=True)
    if round_ is not None and round_.concluded_at is None:
        round_.concluded_at = now()
    request.seal(unexamined={"reason": reason.strip(), "by": actor.display_name, "at": now().isoformat()})
    tell("search_unexamined", [request.requester_id, filled(request.examiner_id)], request)
