"""Conditions of evidence and outcome (USE-8): the rule file's whole check each time, none of its faults left out."""

from __future__ import annotations

from app.access.actor import Actor
from app.domain.requests.ledger import faults_of_arrest, faults_of_item, faults_of_no_arrest, items, lead_received
from app.models.requests import FRRequest
from app.policy import policy
from app.policy.evidence import ARREST, arrested_at, basis_of, lacking
from app.policy.facts import check_outcome
from app.workflow.facts import Facts, first
from app.workflow.registry import condition


@condition("result_to_corroborate", "USE-8", "SRC-7")
def result_to_corroborate(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    result = policy().request.results.get(request.result or "")
    return None if result is not None and result.is_lead else "No possible match stands that could be corroborated."


@condition("evidence_given", "USE-8")
def evidence_given(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    return first(faults_of_item(request, facts["kind"], facts["evidence"]))


@condition("evidence_awaits", "USE-8", written_by=("judge_evidence",))
def evidence_awaits(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    return None if facts["awaited"] is not None else "No such item waits for your word."


@condition("outcome_given", "USE-8")
def outcome_given(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    return first(check_outcome(policy(), facts["outcome"], facts["outcome_facts"], request.result))


@condition("arrest_possible", "USE-8", "AUD-7")
def arrest_possible(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    if facts["outcome"] != ARREST:
        return None
    return first(faults_of_arrest(request, facts["outcome_facts"]))


@condition("arrest_corroborated", "USE-8", "USE-7")
def arrest_corroborated(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    """Ask it of the arrest that ends the case, and of every other one on record."""
    if facts["outcome"] != ARREST:
        return None
    lead, arrested = lead_received(request), arrested_at(facts["outcome_facts"])
    rests = arrested is not None and basis_of(arrested, lead) == "on_lead"
    if not rests and not any(arrest.basis == "on_lead" for arrest in request.arrests):
        return None
    return lacking(policy().request.outcomes[ARREST], items(request))


@condition("outcome_on_evidence", "USE-8", "USE-7")
def outcome_on_evidence(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    outcome = policy().request.outcomes.get(facts["outcome"])
    if outcome is None or outcome.id == ARREST or lead_received(request) is None:
        return None
    return lacking(outcome, items(request))


@condition("outcome_fits_arrests", "USE-8", "AUD-7")
def outcome_fits_arrests(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    outcome = policy().request.outcomes.get(facts["outcome"])
    resting = [arrest for arrest in request.arrests if arrest.basis != "before_lead"]
    if outcome is None or not outcome.without_arrest or not resting:
        return None
    return f"An arrest is on record; “{outcome.title}” contradicts it."


@condition("matter_arrest_answered", "USE-8", "AUD-7")
def matter_arrest_answered(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    return first(faults_of_no_arrest(request, facts["outcome"], facts["outcome_facts"]))
