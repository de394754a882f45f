"""From the basis to the search (REQ-4 to REQ-7, SRC-1, FAIR-2)."""

from __future__ import annotations

from app.access.actor import Actor
from app.domain.requests.conditions import use_facts_complete
from app.models.requests import FRRequest
from app.policy import policy
from app.policy.entries import reference_fault
from app.policy.reasons import gives_reason
from app.workflow.facts import Facts
from app.workflow.registry import condition


@condition("basis_is_authorized_use", "REQ-4", "CAP-1")
def basis_is_authorized_use(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    """Check the facts again under the rules of today; the examiner names the use that they meet."""
    if facts.get("use") != request.use_id or request.use_id not in policy().uses:
        return "Name the authorized use that the facts meet; it must be the one the request states."
    return use_facts_complete(request, actor, facts)


@condition("refusal_cites_rule", "REQ-4")
def refusal_cites_rule(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    return None if facts.get("rule") in policy().review.basis_refusals else "Choose the rule that the basis fails."


@condition("reason_given", "SRC-6")
def reason_given(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    return None if gives_reason(policy(), facts.get("reason")) else "Write the reason."


@condition("unsuitable_reasons_given", "REQ-7")
def unsuitable_reasons_given(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    known = {reason.value for reason in policy().review.unsuitable.reasons}
    reasons = facts.get("reasons") or []
    return None if reasons and set(reasons) <= known else "Choose at least one reason."


@condition("entry_reference_given", "REQ-5")
def entry_reference_given(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    return reference_fault(policy(), facts.get("reference"), (request.case_number, request.number))


@condition("basis_in_force", "REQ-4", "REQ-5", "CAP-1")
def basis_in_force(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    """Require that the last decision confirms this very submission and is documented."""
    last = request.basis_decisions[-1] if request.basis_decisions else None
    if last is None or last.decision != "confirmed" or last.submission != request.submission:
        return "The basis of the present submission is not confirmed."
    return (
        None if last.documented_at is not None else "The requesting investigator has not documented the confirmation."
    )


@condition("one_face_selected", "CAP-5", "REQ-6", written_by=("select_probe",))
def one_face_selected(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    search = request.current_search
    if search is None or search.state not in {"prepared", "queued", "finished"}:
        return "No probe is selected."
    if search.face.image_id != search.image_id or search.image.request_id != request.id:
        return "The selected face is not in an image of this request."
    derived = search.derived
    if derived is not None and (derived.face_id, derived.image_id) != (search.face_id, search.image_id):
        return "The prepared image was made from another face than the one selected."
    return (
        None
        if search.image.removed_at is None and search.image.state == "ready"
        else "The selected image cannot be used."
    )


@condition("suitability_recorded", "REQ-6", "REQ-7", written_by=("select_probe",))
def suitability_recorded(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    search = request.current_search
    choices = {choice.value: choice for choice in policy().review.suitability.choices}
    choice = choices.get(search.suitability) if search else None
    if search is None or choice is None:
        return "The suitability of the probe is not recorded."
    if not choice.searchable:
        return "A probe found unsuitable is not searched: return the request with the reasons."
    if choice.needs_note and not gives_reason(policy(), search.private.get("suitability_note")):
        return "Say which features cannot be compared."
    return None if not search.candidates else "Candidates were already seen for this selection."


@condition("quality_override_reasoned", "REQ-7", "REQ-6", written_by=("select_probe",))
def quality_override_reasoned(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    """Judge by the findings made when the image was checked, even where the rules have changed since."""
    search = request.current_search
    failing = search.face.failing if search else ()
    if search is None or not failing:
        return None
    least = policy().review.quality_override.count
    if gives_reason(policy(), search.private.get("suitability_note"), least):
        return None
    named = " ".join(finding["text"] for finding in failing)
    return f"{named} Give your reason to search all the same, in at least {least} characters."


@condition("algorithm_evaluated", "FAIR-2")
def algorithm_evaluated(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    """`algorithm` is the engine's statement about the file it loads: see app.domain.algorithms.registry."""
    status = facts["algorithm_status"]
    return None if status.ok or facts["demonstration"] else status.reason


@condition("candidates_present", "SRC-2")
def candidates_present(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    search = request.current_search
    return None if search is not None and search.candidates else "The search listed nobody."


@condition("no_candidates", "SRC-7")
def no_candidates(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    search = request.current_search
    return None if search is not None and not search.candidates else "Each candidate must be examined first."
