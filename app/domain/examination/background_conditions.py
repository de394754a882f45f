"""Before a nomination: differences justified, the record still eligible, inconsistencies answered (SRC-2, SRC-3)."""

from __future__ import annotations

from app.access.actor import Actor
from app.models.examination import BackgroundCheck, Round
from app.models.gallery import GalleryPerson
from app.models.requests import FRRequest
from app.policy import policy
from app.policy.examination.background import Against, record_fault, unanswered
from app.policy.examination.worksheet import check_justified
from app.workflow.facts import Facts, first
from app.workflow.registry import condition


def against_of(request: FRRequest, person: GalleryPerson, check: BackgroundCheck | None) -> Against:
    """Gather a person's record, the request's statements and the examiner's findings, to be compared."""
    return Against(
        recorded=person.private,
        description=request.private.get("description") or {},
        circumstances=request.private.get("circumstances") or {},
        items=check.private.get("items", {}) if check else {},
    )


def _check(round_: Round | None) -> BackgroundCheck | None:
    return round_.background_of(round_.nominee) if round_ and round_.nominee else None


@condition("unexplained_justified", "SRC-2", "SRC-4", "SRC-5", written_by=("nominate",))
def unexplained_justified(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    round_ = request.current_round
    disposition = round_.disposition_of(round_.nominee) if round_ and round_.nominee else None
    if disposition is None:
        return "The nominated candidate was not compared."
    given = disposition.private
    return first(check_justified(policy(), given.get("features", {}), str(given.get("justification") or "")))


@condition("nominee_record_eligible", "CAP-3", "SRC-3", written_by=("nominate",))
def nominee_record_eligible(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    check = _check(request.current_round)
    fault = record_fault(check.private.get("items", {}) if check else {})
    return fault.message if fault else None


@condition("inconsistencies_answered", "SRC-3", written_by=("nominate",))
def inconsistencies_answered(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    """Compare with the record as it is now, not as it was when the check was made."""
    check = _check(request.current_round)
    if check is None:
        return "No background check of the nominated candidate is recorded."
    against = against_of(request, check.candidate.person, check)
    return first(unanswered(policy(), against, check.private.get("answers") or {}))
