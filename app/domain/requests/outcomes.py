"""The investigator's verbs after a report: record further evidence and how the case ended (USE-7, USE-8).

Both need an open unit of work and raise Refused; neither commits.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.access.actor import Actor
from app.clauses import enforces
from app.extensions import db
from app.models.approval import Outcome
from app.models.requests import FRRequest
from app.policy import policy
from app.policy.facts import Fault, check_outcome
from app.workflow.engine import advance

CORROBORATION = "corroboration"


@enforces("USE-8")
def record_corroboration(request: FRRequest, actor: Actor, evidence: str) -> Outcome:
    """Record evidence other than the result. The request stays reported, and more may be recorded."""
    advance(request, "record_corroboration", actor, evidence=evidence)
    return _keep(request, actor, CORROBORATION, evidence.strip(), {})


@enforces("USE-8")
def close(request: FRRequest, actor: Actor, outcome: str, facts: Mapping[str, str]) -> Outcome:
    """Record how the case ended; an arrest without its corroborating evidence is refused."""
    advance(request, "close", actor, outcome=outcome, outcome_facts=facts)
    return _keep(request, actor, outcome, str(facts.get("corroborating_evidence") or "").strip(), facts)


def faults_of(request: FRRequest, outcome: str, facts: Mapping[str, str]) -> list[Fault]:
    """Return every fault of an outcome of this request, for the form that records it."""
    return check_outcome(policy(), outcome, facts, request.result)


def _keep(request: FRRequest, actor: Actor, kind: str, evidence: str, facts: Mapping[str, str]) -> Outcome:
    kept = Outcome(request=request, recorded_by_id=actor.id, kind=kind, has_evidence=bool(evidence))
    kept.seal(evidence=evidence, facts=dict(facts))
    db.session.add(kept)
    db.session.flush()
    return kept
