"""The human comparison: candidates, worksheet, background, peers (SRC-2 to SRC-4)."""

from __future__ import annotations

from app.access.actor import Actor
from app.clauses import enforces
from app.domain.examination.background_conditions import against_of, nominee_in
from app.domain.examination.worksheet_conditions import missing_features
from app.models.examination import Round
from app.models.identification import Candidate
from app.models.requests import FRRequest
from app.policy import policy
from app.policy.examination.background import check_items
from app.policy.examination.opinions import nomination_fault
from app.workflow.facts import Facts
from app.workflow.registry import condition


@condition("actor_is_examiner", "SRC-2", "ACC-7")
def actor_is_examiner(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    """Admit every examiner to unassigned work, and to a continuation every one whom the separations admit."""
    unassigned = request.state == "submitted" and request.examiner_id is None
    if unassigned or request.state == "continued" or actor.id == request.examiner_id:
        return None
    return "Another examiner works on this request."


def open_candidates(round_: Round) -> list[Candidate]:
    """Return the round's candidates without a disposition, in the order shown, without photographs that left."""
    done = {disposition.candidate_id for disposition in round_.dispositions}
    return [c for c in round_.search.candidates if c.id not in done and c.photo.removed_at is None]


@condition("every_candidate_disposed", "SRC-2", "CAP-6", "FAIR-1")
def every_candidate_disposed(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    round_ = request.current_round
    if round_ is None:
        return "No examination is open."
    waiting = open_candidates(round_)
    return f"{len(waiting)} of {len(round_.search.candidates)} candidates have no disposition yet." if waiting else None


@condition("worksheet_complete", "SRC-2", written_by=("nominate",), chosen_as="nominee")
def worksheet_complete(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    round_ = request.current_round
    nominee = nominee_in(request, facts)
    disposition = round_.disposition_of(nominee) if round_ and nominee else None
    if disposition is None or disposition.verdict != "retained":
        return "The nominated candidate was not retained."
    return missing_features(disposition.private.get("features", {}))


@condition("background_checked", "SRC-3", written_by=("nominate",), chosen_as="nominee")
def background_checked(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    round_ = request.current_round
    nominee = nominee_in(request, facts)
    check = round_.background_of(nominee) if round_ and nominee else None
    if check is None:
        return "No background check of the nominated candidate is recorded."
    faults = check_items(policy(), against_of(request, check.candidate.person, check))
    return faults[0].message if faults else None


@condition("nominee_retained", "SRC-4", "CAP-6", written_by=("nominate",), chosen_as="nominee")
def nominee_retained(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    round_ = request.current_round
    nominee = nominee_in(request, facts)
    if round_ is None or nominee is None or nominee.search_id != round_.search_id:
        return "Nominate one candidate of this search."
    if nominee.photo.removed_at is not None:
        return "The photograph left the repository; its person cannot be nominated."
    disposition = round_.disposition_of(nominee)
    retained = disposition is not None and disposition.verdict == "retained"
    return None if retained else "Only a retained candidate can be nominated."


@condition("nomination_supported", "SRC-4", "FAIR-1", written_by=("nominate",))
def nomination_supported(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    round_ = request.current_round
    fault = nomination_fault(policy(), round_.opinion if round_ else None)
    return fault.message if fault else None


@condition("enough_peers", "SRC-4", "FAIR-1")
def enough_peers(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    round_ = request.current_round
    wanted = policy().review.peers.count
    given = len({review.peer_id for review in round_.peer_reviews}) if round_ else 0
    return None if given >= wanted else f"{given} of {wanted} peer reviews are recorded."


@condition("nominee_in_repository", "CAP-3", "SRC-5")
def nominee_in_repository(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    round_ = request.current_round
    present = round_ is not None and round_.nominee is not None and round_.nominee.photo.removed_at is None
    return None if present else "The photograph of the nominated candidate left the repository since its nomination."


@condition("nominee_gone", "CAP-3")
def nominee_gone(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    return None if nominee_left(request) else "The photograph of the nominated candidate is in the repository."


@enforces("CAP-3")
def nominee_left(request: FRRequest) -> bool:
    """Tell whether the photograph of the current round's nominee has left the repository."""
    round_ = request.current_round
    return round_ is not None and round_.nominee is not None and round_.nominee.photo.removed_at is not None
