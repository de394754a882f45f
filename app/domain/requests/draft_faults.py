"""What is still to be corrected in a draft, all at once: the conditions of submitting tell the first fault each."""

from __future__ import annotations

from app.access.actor import Actor
from app.access.clearance import is_member_account
from app.domain.matters import case_system
from app.domain.matters.case_system import LookUp
from app.domain.requests.retractions import BECAUSE, unexplained
from app.models.requests import FRRequest
from app.policy import policy
from app.policy.case_numbers import check_case_number
from app.policy.facts import (
    Fault,
    check_description,
    check_prohibited,
    check_purposes_answered,
    check_questions,
    check_reserved,
    check_use_facts,
)
from app.policy.offenses import priority_fault
from app.policy.reasons import gives_reason


def draft_faults(request: FRRequest, actor: Actor, looked_up: LookUp | None) -> dict[str, list[Fault]]:
    """Return the faults by the part of the form they are in, in its order; "" holds those of its own fields.

    The other parts are named as the request keeps them: facts, answers, description, circumstances. `looked_up`: what
    the case management system answers for its number.
    """
    rules, private = policy().request, request.private
    answers = private.get("answers", {})
    own = check_case_number(policy(), request.case_number)
    if unknown := case_system.refused(looked_up):
        own.append(Fault("case_number", unknown, "case_number_on_record"))
    facts: list[Fault] = []
    if request.use_id is None:
        own.append(Fault("use_id", "Choose the authorized use.", "use_facts_complete"))
    else:
        facts = check_use_facts(policy(), request.use_id, private.get("facts", {}))
    own += check_questions(rules.basis, {"narrative": private.get("narrative", "")})
    if unfit := priority_fault(policy(), request.priority, request.use_id, private.get("facts") or {}):
        own.append(Fault("priority", unfit, "priority_reasoned"))
    if not gives_reason(policy(), private.get("priority_reason")):
        own.append(Fault("priority_reason", "Write the reason for the priority.", "priority_reasoned"))
    if missing := unexplained(request):
        own.append(Fault(BECAUSE, missing, "changed_answers_reasoned"))
    own += _supervisor_faults(request)
    return {
        "": own,
        "facts": facts,
        "answers": check_purposes_answered(policy(), answers)
        + check_prohibited(policy(), answers)
        + check_reserved(policy(), answers, actor.capabilities),
        "description": check_description(policy(), private.get("description", {})),
        "circumstances": check_questions(rules.circumstances, private.get("circumstances", {})),
    }


def _supervisor_faults(request: FRRequest) -> list[Fault]:
    supervisor = request.discussing_supervisor
    if supervisor is None:
        return [Fault("supervisor", "Choose the supervisor with whom you discussed it.", "supervisor_named")]
    if request.political and not is_member_account(supervisor):
        said = f"{supervisor.display_name} is no member of the Intelligence Bureau."
        return [Fault("supervisor", said, "supervisor_cleared")]
    return []
