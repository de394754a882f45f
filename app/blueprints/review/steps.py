"""The next step of a request, for the person who looks at it: what may be done, or the rule that blocks it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.access.actor import Actor, current_actor
from app.access.capabilities import check_capability
from app.domain.algorithms import registry as algorithms
from app.extensions import settings
from app.matching.nist import NistStatus
from app.models import FRRequest, Search
from app.models.base import Stateful, now
from app.models.engine import Job
from app.outbox import last_job
from app.policy import policy
from app.policy.refused import Refused
from app.refusals import attempt, status_of
from app.unit_of_work import Conflict
from app.web.formats import clock
from app.workflow import explain
from app.workflow.engine import check_separations
from app.workflow.history import steps_of
from app.workflow.registry import CONDITIONS

#: what only the filled-in form can show; left out when the page asks whether to offer the form at all
OF_THE_FORM = frozenset(
    {
        "basis_is_authorized_use", "refusal_cites_rule", "reason_given", "unsuitable_reasons_given",
        "one_face_selected", "suitability_recorded", "quality_override_reasoned",
        "worksheet_complete", "background_checked", "nominee_retained", "nomination_supported",
        "unexplained_justified", "nominee_record_eligible", "inconsistencies_answered",
        "peer_worksheet_complete", "peer_opinion_given", "receiver_may_examine", "hand_over_noted",
    }
)  # fmt: skip


def blocking(request: FRRequest, verb: str, actor: Actor, **facts: Any) -> Refused | None:
    """The rule that keeps this person from a step before anything is filled in, or None when the form is offered."""
    row = next((r for r in policy().transitions("request", request.state) if r.verb == verb), None)
    if row is None:
        return explain(request, verb, actor, **facts)
    try:
        check_capability(actor, row.capability)
        check_separations(row, request, actor)
    except Refused as refusal:
        return refusal
    for name in row.conditions:
        missing = None if name in OF_THE_FORM else CONDITIONS[name](request, actor, facts)
        if missing is not None:
            return Refused(name, missing)
    return None


def job_of(search: Search | None) -> Job | None:
    """The work that compares the probe with the repository."""
    return last_job("search", search.uid) if search is not None else None


def algorithm_status() -> NistStatus:
    """FAIR-2: whether the installed algorithm has a current NIST evaluation record."""
    return algorithms.status(now().date())


def start_block(subject: FRRequest, actor: Actor) -> Refused | None:
    """The rule that keeps this person from starting the search, or None."""
    return blocking(
        subject, "start_search", actor, algorithm_status=algorithm_status(), demonstration=settings().demonstration
    )


@dataclass(frozen=True, slots=True)
class Overtaken:
    """The subject changed since the page was made: it is shown as it stands now, with what was typed.

    said: what is so, as a heading. final: nothing more can be decided there.
    """

    typed: list[tuple[str, str]]
    said: str = "Somebody else changed this first"
    final: bool = False
    rule_id: str = ""


def tried(
    verb: str, subject: Any, action: Callable[[], Any], form: Any = None, version: Callable[[], Any] | None = None,
    *, own: bool = False,
) -> Refused | Overtaken | None:  # fmt: skip
    """As `attempt`; a conflict comes back too, the form then carrying the version that stands now.

    own: nobody but this person can have changed it, so the page says that it was they, in another window.
    """
    try:
        return attempt(verb, subject, action)
    except Conflict:
        if form is not None and "version" in form:
            form.version.data = str(version() if version else subject.version)
        return Overtaken(typed_in(form), _who_changed(subject, own))


def typed_in(form: Any) -> list[tuple[str, str]]:
    """The words of a form that was not taken, as (label, text)."""
    words = [field for field in form or () if field.type in {"StringField", "TextAreaField"} and field.data]
    return [(field.label.text, field.data) for field in words]


def _who_changed(subject: Any, own: bool) -> str:
    """Who changed the subject since the page was made, as far as the record says."""
    if own:
        return "You changed this in another window"
    steps = steps_of(subject) if isinstance(subject, Stateful) else []
    last = steps[-1] if steps else None
    if last is not None and last.actor_id == current_actor().id:
        return f"You took the last step here yourself at {clock(last.created_at)}"
    if last is not None and last.actor_id is None:
        return f"The portal itself took the last step here at {clock(last.created_at)}"
    return "Somebody else changed this first"


def status_for(fault: Refused | Overtaken) -> int:
    """The HTTP status of an answer that carries this fault."""
    return 409 if isinstance(fault, Overtaken) else status_of(fault)
