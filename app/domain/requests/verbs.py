"""The investigator's verbs on a request: draft, submit, discuss, document, withdraw (REQ-1 to REQ-7, AUD-1).

Every function needs an open unit of work and raises Refused; none commits.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from app import audit
from app.access.actor import Actor
from app.access.capabilities import check_capability
from app.access.directory import DirectoryEntry
from app.access.sessions import sync_account
from app.clauses import enforces
from app.domain.accounts.people import holders_of
from app.domain.matters import case_system, numbers
from app.domain.matters.proposals import JOB as COMPARING
from app.domain.notices.notifications import tell
from app.domain.numbers import draw
from app.domain.requests import clearances
from app.domain.requests.conditions import contradicted
from app.domain.requests.earlier_refusals import denials_of
from app.domain.requests.new_images import not_discussed
from app.domain.requests.retractions import BECAUSE, KEPT, kept_answers, retracted
from app.domain.requests.seriousness import not_a_crime, note_class, state_crime
from app.domain.retention.verbs import case_record_for
from app.extensions import db, stores
from app.models.base import now
from app.models.requests import FRRequest
from app.outbox import ask
from app.policy import policy
from app.policy.case_numbers import check_case_number
from app.policy.facts import YES_NO, Fault, answers_read
from app.policy.names import RequestVerb
from app.policy.refused import Refused
from app.workflow.engine import advance, explain, refuse_if

#: the role of those with whom a use is discussed; the unit's own supervisors decide on what it found
ASKED = "supervisor"
#: while one of these steps leads on, the requester may still change what will be submitted
FILING: tuple[RequestVerb, ...] = ("submit", "resubmit")


@dataclass(frozen=True, slots=True)
class DraftValues:
    """What the investigator states in a draft; anything but the case number may still be missing.

    `supervisor` is the directory entry of the person with whom the use was discussed (AUD-1).
    """

    case_number: str
    use_id: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    narrative: str = ""
    priority: str = "other"
    priority_reason: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)
    description: Mapping[str, str] = field(default_factory=dict)
    circumstances: Mapping[str, str] = field(default_factory=dict)
    changed_because: str = ""
    supervisor: DirectoryEntry | None = None


@enforces("REQ-1", "REQ-2")
def create_draft(actor: Actor, case_number: str) -> FRRequest:
    """Begin a request under its own data key.

    Raises Refused for a case number of no accepted form.
    """
    check_capability(actor, "request.file")
    _check_case_number(case_number)
    request = FRRequest(
        number=draw("FR"),
        key_id=stores().keys.create(),
        policy_version=policy().version,
        requester_id=actor.id,
        command=actor.command,
        case_number=(number := numbers.take(case_number)),
        typed_number=numbers.as_typed(case_number, number),
    )
    db.session.add(request)
    db.session.flush()
    audit.record("request.created", request, actor=actor, case_number=request.case_number)
    return request


def save_draft(request: FRRequest, actor: Actor, values: DraftValues) -> None:
    """Keep what was typed, complete or not; `submit` judges completeness.

    Raises Refused when the request is not the actor's or no longer a draft, for a case number of no accepted
    form, and for a supervisor whom the directory does not have as one.
    """
    open_for_changes(request, actor)
    refuse_if("WF-submit", request.state != "draft", "Only a draft can be changed; this was already submitted.")
    faults = saving_faults(values, actor)
    if faults:
        raise Refused(
            "supervisor_named" if faults[0].field == "supervisor" else "case_number_valid",
            faults[0].message,
            faults=faults,
        )
    supervisor = sync_account(values.supervisor) if values.supervisor else None
    answers = answers_read(policy(), values.answers)
    sealed: dict[str, Any] = {
        "facts": dict(values.facts),
        "narrative": values.narrative,
        "priority_reason": values.priority_reason,
        "answers": answers,
        "description": dict(values.description),
        "circumstances": dict(values.circumstances),
    }
    if refusing := kept_answers(request, actor, answers):
        sealed |= {KEPT: refusing, BECAUSE: values.changed_because}
    number, typed = request.case_number, request.typed_number
    if values.case_number.strip() != number:  # the page shows the number as it stands
        number = numbers.take(values.case_number)
        typed = numbers.as_typed(values.case_number, number)
    columns = {
        "case_number": number,
        "typed_number": typed,
        "use_id": values.use_id,
        "priority": values.priority,
        "political": answers[policy().request.reserved.id] == "yes",
        "discussing_supervisor_id": supervisor.id if supervisor else None,
    }
    private = request.private
    changed = [name for name, value in sealed.items() if private.get(name) != value]
    changed += [name for name, value in columns.items() if getattr(request, name) != value]
    if not changed:
        return
    for name, value in columns.items():
        setattr(request, name, value)
    request.seal(**sealed)
    db.session.flush()
    audit.record("request.saved", request, actor=actor, fields=sorted(changed))


def open_for_changes(request: FRRequest, actor: Actor) -> None:
    """Refuse unless the actor filed the request and it is a draft or waits for images."""
    check_capability(actor, "request.file")
    refuse_if("actor_is_requester", request.requester_id != actor.id, "You did not file this request.")
    title = request.stands.title
    refuse_if("WF-submit", not request.takes(*FILING), f"The request is now in the state “{title}”.")


@enforces("REQ-1", "AUD-1", "RET-11")
def submit(request: FRRequest, actor: Actor) -> None:
    """File the draft; the named supervisor is asked about the discussion. A new case number begins a case record.

    What the connected case management system answers for the number is kept with the request.
    """
    # asked here, whatever a page was answered before, and once
    found = case_system.look_up(request.case_number)
    refused = explain(request, "submit", actor, looked_up=found)
    if refused is not None:
        raise refused
    # counted first: a submitted row without a count would break the table's own check
    request.submission += 1
    request.submitted_at, request.discussion_confirmed_at = now(), None
    request.policy_version = policy().version
    if found is not None or "looked_up" in request.private:
        # what an earlier filing was answered, before it was sent back, is no answer for this one
        request.seal(looked_up=found.as_kept() if found else None)
    advance(request, "submit", actor, use=request.use_id, submission=request.submission, looked_up=found)
    note_class(request)
    case_record_for(request.case_number)
    _compare(request)
    tell("discussion_asked", [request.discussing_supervisor_id], request)
    clearances.ask_for_people(request)


@enforces("REQ-7", "AUD-1")
def resubmit(request: FRRequest, actor: Actor) -> None:
    """Send more images after the request came back; the basis is confirmed anew (REQ-4, REQ-5), the discussion too.

    The discussion stands only where every new image is a copy of a photograph that was discussed (AUD-1): whether
    two faces are one person's is for people to say, not for the portal.
    """
    anew = bool(not_discussed(request))
    advance(request, "resubmit", actor, submission=request.submission + 1)
    # counted last: the rule asks for an image newer than the submission that came back
    request.submission += 1
    request.submitted_at = now()
    _compare(request)
    if anew:
        request.discussion_confirmed_at = None
        tell("discussion_asked", [request.discussing_supervisor_id], request)
        return
    last = request.basis_decisions[-1] if request.basis_decisions else None
    tell("request_submitted", [last.examiner_id] if last else holders_of("basis.confirm"), request)


def _compare(request: FRRequest) -> None:
    """Ask for the comparison with other numbers, which a worker makes: texts are opened for it (REQ-2, RET-11)."""
    ask(COMPARING, request.number, once=f"{COMPARING}:{request.number}:{request.submission}")


def withdraw(request: FRRequest, actor: Actor, reason: str) -> None:
    """Withdraw the request; refused once a search was run, so that no negative result is hidden (SRC-7)."""
    advance(request, "withdraw", actor, reason=reason)
    request.seal(withdrawal_reason=reason.strip())
    case_record_for(request.case_number)
    tell("withdrawn", [request.examiner_id], request)


@enforces("REQ-5")
def document(request: FRRequest, actor: Actor, reference: str, note: str = "") -> None:
    """Record where in the case management system the requester documented the examiner's confirmation."""
    advance(request, "document", actor, reference=reference)
    decision = request.basis_decisions[-1]
    decision.documented_at, decision.documented_by_id = now(), actor.id
    decision.entry_reference = reference.strip()
    decision.seal(entry_note=note.strip())
    tell("documented", [request.examiner_id], request)


@enforces("AUD-1", "LIM-2", "LIM-3", "LIM-7", "CAP-7", "CAP-9", "EXT-5")
def confirm_discussion(
    request: FRRequest,
    actor: Actor,
    answers: Mapping[str, str],
    shown: Collection[str] = (),
    stated: Mapping[str, str] | None = None,
) -> bool:
    """Record the named supervisor's confirmation of the discussion; the unit can then examine the basis.

    answers: the supervisor's own "yes" or "no" to each prohibited purpose. Where one is not the request's, the request
    goes back with both, and False is returned. shown: the ids of the earlier refusals they had before them.
    stated: the `crime` suspected, and `because`, of a request that names no crime (CAP-9); else not looked at. Under
    `changed`, the supervisor's word on answers that would have refused the request and were changed.
    """
    if set(answers.values()) <= set(YES_NO) and (otherwise := contradicted(request, answers)):
        deny_discussion(request, actor, otherwise)
        return False
    political = answers.get(policy().request.reserved.id)
    stated, asked = stated or {}, not_a_crime(request) is not None
    advance(request, "confirm_discussion", actor, answers=answers, political=political, shown=shown, stated=stated)
    if asked:
        state_crime(request, actor, stated)
    changed = str(stated.get("changed") or "").strip() if retracted(request) else ""
    request.seal(discussed={"answers": dict(answers), "by": actor.display_name, "changed": changed})
    request.discussion_confirmed_at = now()
    tell("discussion_confirmed", [request.requester_id], request)
    tell("request_submitted", holders_of("basis.confirm"), request)
    return True


@enforces("AUD-1")
def deny_discussion(request: FRRequest, actor: Actor, reason: str) -> None:
    """Record the named supervisor's denial; the request is a draft again and shows the reason.

    Every denial stays: whoever is asked next reads it, also in another request of the matter.
    """
    advance(request, "deny_discussion", actor, reason=reason)
    denial = {
        "reason": reason.strip(),
        "by": actor.display_name,
        "at": now().isoformat(),
        "use": request.use_id,
    }
    request.seal(denial=denial, denials=[*denials_of(request), denial])
    tell("discussion_denied", [request.requester_id], request)


def _check_case_number(number: str) -> None:
    faults = check_case_number(policy(), number)
    if faults:
        raise Refused("case_number_valid", faults[0].message, faults=faults)


def saving_faults(values: DraftValues, actor: Actor) -> list[Fault]:
    """Return all for which a draft is not even kept: its case number, a supervisor who is none."""
    return check_case_number(policy(), values.case_number) + _supervisor_faults(values.supervisor, actor)


def _supervisor_faults(entry: DirectoryEntry | None, actor: Actor) -> list[Fault]:
    if entry is None:
        return []
    if entry.name == actor.name:
        return [Fault("supervisor", "You cannot name yourself.", "supervisor_named")]
    if entry.enabled and ASKED in entry.roles:
        return []
    said = f"{entry.display_name} is no {policy().roles[ASKED].title.lower()}: choose one of the list."
    return [Fault("supervisor", said, "supervisor_named")]
