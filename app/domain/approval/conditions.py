"""The final review, the report and what follows it (SRC-5 to SRC-9)."""

from __future__ import annotations

from app.access.actor import Actor
from app.domain.examination.conditions import enough_peers
from app.domain.examination.contradictions import lacking
from app.domain.peers.conditions import counting, favored_foils
from app.models.base import filled
from app.models.requests import FRRequest
from app.policy import policy
from app.policy.examination.opinions import nomination_fault, peer_faults
from app.workflow.facts import Facts, first
from app.workflow.registry import condition


@condition("peers_unanimous", "SRC-6", "FAIR-1")
def peers_unanimous(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    short = enough_peers(request, actor, facts)
    if short:
        return short
    if not policy().review.decisions["approve"].needs_unanimity:
        return None
    round_ = filled(request.current_round)
    opinions = [review.opinion for review in round_.peer_reviews]
    if nomination_fault(policy(), round_.opinion):
        return "The examiner's own opinion does not support the possible match."
    against = len(list(peer_faults(policy(), opinions)))
    if against:
        return f"{against} of {len(opinions)} peer opinions do not support the possible match."
    elsewhere = sum(bool(favored_foils(line_up)) for line_up in counting(round_))
    return f"{elsewhere} of {len(opinions)} peers found support in another photograph." if elsewhere else None


@condition("contradiction_answered", "SRC-3", "SRC-5")
def contradiction_answered(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    """Judge `contradiction`, of which an answer is written: nobody agrees with what was not written."""
    return first(lacking([facts["contradiction"]]))


@condition("password_confirmed", "SRC-5")
def password_confirmed(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    return None if facts.get("password_confirmed") is True else "The password is missing or wrong."


@condition("report_carries_probe_and_notice", "SRC-9")
def report_carries_probe_and_notice(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    """`missing` is what app.documents found absent from the rendered file itself."""
    missing = facts["missing"]
    return None if not missing else f"The rendered report lacks {', '.join(missing)}."


@condition("report_attached_to_case_file", "SRC-8", "SRC-7")
def report_attached_to_case_file(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    report = request.current_report
    delivered = report is not None and report.delivered_at is not None and report.receipt is not None
    return None if delivered else "The case management system has not confirmed receipt."


@condition("round_was_approved", "SRC-5")
def round_was_approved(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    round_ = request.current_round
    last = round_.final_reviews[-1].decision if round_ and round_.final_reviews else None
    return None if last == "approved" else "The last round did not end with an approval."


@condition("no_search_run", "SRC-7")
def no_search_run(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    run = [search for search in request.searches if search.started_at is not None]
    return "A search has been run; the request ends with a report." if run else None


@condition("examiner_unavailable", "ACC-2")
def examiner_unavailable(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    """`examiner_available` is what the directory and the training register say of the assigned examiner now."""
    if request.examiner_id is None:
        return "Nobody has it; take it instead."
    return None if facts.get("examiner_available") is False else "The assigned examiner is available."
