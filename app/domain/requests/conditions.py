"""The conditions of submitting a request (REQ-1 to REQ-3, LIM, USE, AUD-1)."""

from __future__ import annotations

from collections.abc import Mapping

from app.access.actor import Actor
from app.access.clearance import is_member_account
from app.domain.matters import case_system
from app.domain.requests.provenance import said_by, source_faults, stated_of
from app.models.requests import FRRequest
from app.policy import policy
from app.policy.case_numbers import check_case_number
from app.policy.facts import (
    YES_NO,
    check_description,
    check_lawful_basis,
    check_prohibited,
    check_purposes_answered,
    check_questions,
    check_reserved,
    check_use_facts,
    signs,
)
from app.policy.offenses import priority_fault
from app.policy.reasons import gives_reason
from app.workflow.facts import Facts, first
from app.workflow.registry import condition


@condition("actor_is_requester", "REQ-1", "ACC-7")
def actor_is_requester(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    return None if actor.id == request.requester_id else "You did not file this request."


@condition("case_number_valid", "REQ-2")
def case_number_valid(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    return first(check_case_number(policy(), request.case_number))


@condition("case_number_on_record", "REQ-2", "RET-11")
def case_number_on_record(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    """`looked_up` is the answer for the number, where whoever asks has it already: a look-up reads a whole export."""
    known = "looked_up" in facts
    return case_system.refused(facts["looked_up"] if known else case_system.look_up(request.case_number))


@condition("images_ready", "REQ-3")
def images_ready(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    images, limits = request.current_images, policy().request.images
    if any(image.state == "checking" for image in images):
        return "An image is still being checked; wait a moment."
    bad = [n for n, image in enumerate(images, 1) if image.state != "ready"]
    if bad:
        problem = (images[bad[0] - 1].problem or "it was not checked").rstrip(".")
        return f"Image {bad[0]} cannot be used: {problem}. Remove it."
    if not limits.min_images <= len(images) <= limits.max_images:
        return f"A request holds {limits.min_images} to {limits.max_images} images; this one has {len(images)}."
    return None


@condition("images_lawful", "LIM-4")
def images_lawful(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    for number, image in enumerate(request.current_images, 1):
        if not image.source or not image.obtained or image.taken_at is None:
            return f"Image {number} does not yet say where it comes from, how it was lawfully obtained and when."
        private = image.private
        # of what was submitted before, nothing can be added any more
        faults = source_faults(image, stated_of(image), of_day=image.submission > request.submission)
        faults += check_lawful_basis(policy(), image.obtained, private.get("obtained_facts", {}))
        if faults:
            return f"Image {number}: {faults[0].message}"
    return None


@condition("use_facts_complete", "USE-1", "USE-2", "USE-3", "USE-4", "USE-5", "USE-6")
def use_facts_complete(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    if request.use_id is None:
        return "Choose the authorized use."
    private = request.private
    return first(check_use_facts(policy(), request.use_id, private.get("facts", {}))) or first(
        check_questions(policy().request.basis, {"narrative": private.get("narrative", "")})
    )


@condition("priority_reasoned", "REQ-1")
def priority_reasoned(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    if request.priority not in policy().request.priorities:
        return "Choose the priority."
    if fault := priority_fault(policy(), request.priority, request.use_id, request.private.get("facts") or {}):
        return fault
    return None if gives_reason(policy(), request.private.get("priority_reason")) else "The priority has no reason."


@condition("circumstances_stated", "SRC-3")
def circumstances_stated(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    return first(check_questions(policy().request.circumstances, request.private.get("circumstances", {})))


@condition("description_sound", "SRC-3")
def description_sound(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    return first(check_description(policy(), request.private.get("description", {})))


@condition("purposes_answered", "LIM-2", "LIM-3", "LIM-7", "CAP-7", "EXT-5")
def purposes_answered(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    return first(check_purposes_answered(policy(), request.private.get("answers", {})))


@condition("purpose_permitted", "LIM-2", "LIM-3")
def purpose_permitted(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    return first(check_prohibited(policy(), request.private.get("answers", {})))


@condition("political_activity_reserved", "LIM-7")
def political_activity_reserved(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    return first(check_reserved(policy(), request.private.get("answers", {}), actor.capabilities))


@condition("body_worn_exception", "LIM-1")
def body_worn_exception(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    for number, image in enumerate(request.current_images, 1):
        stated = stated_of(image)
        if image.source == "body_worn_camera" or signs(policy(), image.source, said_by(image, stated)):
            faults = source_faults(image, stated, of_day=False)
            if faults:
                return f"Image {number}: {faults[0].message}"
    return None


@condition("supervisor_named", "AUD-1")
def supervisor_named(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    if request.discussing_supervisor_id is None:
        return "No supervisor is named."
    return None if request.discussing_supervisor_id != request.requester_id else "You cannot name yourself."


@condition("supervisor_cleared", "LIM-7")
def supervisor_cleared(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    supervisor = request.discussing_supervisor
    if not request.political or supervisor is None or is_member_account(supervisor):
        return None
    return f"{supervisor.display_name} is no member of the Intelligence Bureau."


@condition("purposes_agreed", "LIM-2", "LIM-3", "LIM-7", "CAP-7", "EXT-5")
def purposes_agreed(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    answers = facts["answers"]
    return first(check_purposes_answered(policy(), answers)) or contradicted(request, answers)


def contradicted(request: FRRequest, answers: Mapping[str, str]) -> str | None:
    """Return the sentence for a supervisor's answers that are not the request's, None where they are."""
    said = request.private.get("answers", {})
    differing = [
        f"{asked.question} The request says {said.get(asked.id) or 'nothing'}, the supervisor {answers[asked.id]}."
        for asked in policy().request.prohibitions.values()
        if answers.get(asked.id) in YES_NO and answers[asked.id] != said.get(asked.id)
    ]
    return " ".join(differing) or None


@condition("attested", "REQ-3")
def attested(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    for number, image in enumerate(request.current_images, 1):
        if image.attested_at is None:
            return f"Image {number} is not attested."
    return None


@condition("new_image_ready", "REQ-7")
def new_image_ready(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    fresh = [image for image in request.current_images if image.submission > request.submission]
    return None if fresh else "No image was added since the request came back."


@condition("actor_is_named_supervisor", "AUD-1")
def actor_is_named_supervisor(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    return None if actor.id == request.discussing_supervisor_id else "Another supervisor is named in this request."


@condition("discussion_open", "AUD-1")
def discussion_open(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    return None if request.discussion_confirmed_at is None else "The discussion is already confirmed."


@condition("discussion_confirmed", "AUD-1")
def discussion_confirmed(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    return (
        None
        if request.discussion_confirmed_at is not None
        else "The named supervisor has not confirmed the discussion."
    )
