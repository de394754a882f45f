"""The investigator's verbs after a report: record evidence item by item, arrests, and the outcome (USE-7, USE-8).

An arrest can always be reported. What it lacks is refused at closing, told to the unit's supervisor and the integrity
officers, and counted (AUD-7). All need an open unit of work and raise Refused; none commits.
"""

from __future__ import annotations

from collections.abc import Mapping

from app import audit
from app.access.actor import Actor
from app.clauses import enforces
from app.domain.accounts.people import holders_of
from app.domain.notices.notifications import tell
from app.domain.requests import ledger
from app.domain.requests.ledger import (
    awaiting,
    faults_of_arrest,
    faults_of_item,
    faults_of_no_arrest,
    items,
    lead_received,
    same_arrest,
    standing_of,
)
from app.extensions import db
from app.models.approval import Arrest, EvidenceItem, EvidenceJudgment, Outcome
from app.models.base import filled
from app.models.requests import FRRequest
from app.policy import policy
from app.policy.evidence import ARREST, Dating, arrested_at, basis_of, dated, depends, in_hand
from app.policy.facts import Fault, check_outcome
from app.workflow.engine import advance


@enforces("USE-8")
def record_corroboration(request: FRRequest, actor: Actor, kind: str, facts: Mapping[str, str]) -> EvidenceItem:
    """Record an item of evidence besides the result. The request stays reported, and more may be recorded."""
    dating: Dating = "no"
    timing, rests = "after_lead", True
    if not faults_of_item(request, kind, facts):
        lead = lead_received(request)
        dating = dated(policy(), facts, lead)
        after = lead is not None and dating != "cited"
        timing = "after_lead" if after else "before_lead"
        rests = depends(policy(), kind, facts, after)
    given = {"kind": kind, "evidence": facts, "timing": timing, "depends": rests, "dated": dating}
    advance(request, "record_corroboration", actor, **given)
    kept = EvidenceItem(
        request=request,
        recorded_by_id=actor.id,
        policy_version=policy().version,
        kind=kind,
        timing=timing,
        depends=rests,
    )
    kept.seal(facts=dict(facts), dated=dating)
    db.session.add(kept)
    db.session.flush()
    if standing_of(kept).awaits:
        tell("evidence_awaits", [request.discussing_supervisor_id], request)
    return kept


@enforces("USE-8", "USE-7")
def judge_evidence(request: FRRequest, actor: Actor, item_uid: str, *, agreed: bool, words: str) -> None:
    """Record whether the supervisor named in the request agrees that an item is as it was recorded; once each."""
    item = next((row for row in awaiting(request) if row.uid == item_uid), None)
    advance(request, "judge_evidence", actor, awaited=item, reason=words, item=item_uid, agreed=agreed)
    row = EvidenceJudgment(item=filled(item), supervisor_id=actor.id, agreed=agreed, policy_version=policy().version)
    row.seal(words=words.strip())
    db.session.add(row)
    db.session.flush()
    tell("evidence_judged", [request.requester_id], request)


@enforces("USE-8", "AUD-7")
def report_arrest(request: FRRequest, actor: Actor, facts: Mapping[str, str]) -> Arrest:
    """Take the report of an arrest, whatever it rests on; a closed request is open again until an outcome is there."""
    basis, held = _rests_on(request, facts)
    advance(request, "report_arrest", actor, outcome=ARREST, outcome_facts=facts, basis=basis, in_hand=held)
    return _keep_arrest(request, actor, facts, basis, held)


@enforces("USE-8", "AUD-7")
def close(request: FRRequest, actor: Actor, outcome: str, facts: Mapping[str, str]) -> Outcome:
    """Record how the case ended; an arrest after the result without an item independent of it is refused."""
    basis, held = _rests_on(request, facts) if outcome == ARREST else ("no_lead", 0)
    advance(request, "close", actor, outcome=outcome, outcome_facts=facts)
    if outcome == ARREST and same_arrest(request, facts) is None:
        audit.record("request.arrest_recorded", request, actor=actor, basis=basis, in_hand=held)
        _keep_arrest(request, actor, facts, basis, held)
    stands = outcome == ARREST or any(item.independent for item in items(request))
    kept = Outcome(request=request, recorded_by_id=actor.id, kind=outcome, has_evidence=stands)
    kept.seal(facts=dict(facts))
    db.session.add(kept)
    db.session.flush()
    return kept


def faults_of(request: FRRequest, outcome: str, facts: Mapping[str, str]) -> list[Fault]:
    """Return every fault of an outcome of this request, for the form that records it."""
    found = check_outcome(policy(), outcome, facts, request.result)
    found = found or (faults_of_arrest(request, facts) if outcome == ARREST else [])
    return found or faults_of_no_arrest(request, outcome, facts)


def _rests_on(request: FRRequest, facts: Mapping[str, str]) -> tuple[str, int]:
    """Return (basis, independent items in hand) of an arrest; what is not a day is refused by its condition."""
    arrested = arrested_at(facts)
    if arrested is None:
        return "no_lead", 0
    return basis_of(arrested, lead_received(request)), in_hand(items(request), arrested)


def _keep_arrest(request: FRRequest, actor: Actor, facts: Mapping[str, str], basis: str, held: int) -> Arrest:
    known = same_arrest(request, facts)
    if known is not None:
        return known
    kept = Arrest(
        request=request,
        recorded_by_id=actor.id,
        policy_version=policy().version,
        year=int(facts["arrested_on"][:4]),
        basis=basis,
        in_hand=held,
    )
    kept.seal(facts=dict(facts))
    db.session.add(kept)
    db.session.flush()
    tell_of_arrest(kept)
    return kept


@enforces("USE-8", "AUD-7")
def tell_of_arrest(arrest: Arrest) -> None:
    """Tell the unit's supervisor and the integrity officers of an arrest on nothing, or dated before the result."""
    kind = None
    if arrest.basis == "on_lead" and arrest.in_hand < policy().request.evidence.least_independent:
        kind = "arrest_uncorroborated"
    elif arrest.basis == "before_lead":
        kind = "arrest_dated_before"
    if kind is not None:
        tell(kind, holders_of("figures.read"), arrest.request)


@enforces("USE-8", "AUD-7")
def rest_anew(request: FRRequest, actor: Actor) -> None:
    """Say anew on what arrests rest once two numbers became one matter, and tell of what that brought to light."""
    for arrest in ledger.rest_anew(request):
        audit.record(
            "request.arrest_rests_anew", arrest.request, actor=actor, basis=arrest.basis, in_hand=arrest.in_hand
        )
        tell_of_arrest(arrest)
