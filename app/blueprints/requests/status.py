"""The status of a request in the investigator's words, without the unit's inner work before its report.

Whether a search listed anybody, whom an examiner retained or what a peer thought is not the requester's to know
(ACC-1); even the name of such a state would tell that there is a candidate.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.access.actor import Actor
from app.access.scoping import visible
from app.audit.policy_texts import rule_of
from app.blueprints.timeline import TimelineEntry
from app.clauses import enforces
from app.domain.workload.overview import due_of
from app.extensions import db
from app.models.approval import Report
from app.models.engine import Transition
from app.models.requests import FRRequest
from app.policy import policy
from app.workflow.history import steps_of

REPORT_TITLES = {"possible_match": "Possible match report", "negative": "Negative-results report"}
#: what stands in place of the state's own sentence once the discussion is confirmed
DISCUSSED = "The discussion is confirmed; an examiner confirms the basis next."


@dataclass(frozen=True, slots=True)
class Standing:
    """A word and its tone for the list, a sentence for the page, what the requester does next, the steps done.

    The words stand in workflow.toml: those of the state, or of what is told in its place.
    """

    key: str
    label: str
    tone: str
    text: str
    action: str
    step: int


def groups() -> dict[str, tuple[str, tuple[str, ...]]]:
    """What the list can be narrowed to: key -> its words, and the states that are told as this; in workflow order."""
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    for state in FRRequest.flow().states:
        if state.id == "disposed":
            continue  # in no list: see app.access.scoping
        told = FRRequest.flow().outside(state.id)
        _, states = found.get(told.id, ("", ()))
        found[told.id] = (told.title, (*states, state.id))
    return found


#: the steps a requester is told of, with their words
STEP_TITLES = {
    "submit": "Submitted",
    "confirm_discussion": "Discussion confirmed by the supervisor",
    "deny_discussion": "Discussion not confirmed; back to draft",
    "accept": "Basis confirmed",
    "refuse": "Refused",
    "return_for_images": "Images returned as unsuitable",
    "resubmit": "Submitted again with more images",
    "document": "Confirmation documented in the case management system",
    "end_unexamined": "Search ended, not examined",
    "deliver_report": "Report attached to the case file",
    "recall_report": "Report recalled",
    "record_corroboration": "Item of evidence recorded",
    "report_arrest": "Arrest reported",
    "close": "Outcome recorded; closed",
    "withdraw": "Withdrawn",
}


@enforces("ACC-1")
def standing(request: FRRequest, *, own: bool = False) -> Standing:
    """Return the request's status as its requester sees it; `own` says it to the requester."""
    flow = request.flow()
    told = flow.outside(request.state)
    waits_for_basis = request.state == "submitted" and request.discussion_confirmed_at is not None
    place = len(flow.steps) if request.has("done") else flow.place(told.step)
    said = (own and told.to_filer) or told.text
    text = DISCUSSED if waits_for_basis else said
    return Standing(told.id, told.title, told.tone, text, due_of(request, "requester"), place)


@enforces("ACC-1")
def since(request: FRRequest) -> datetime:
    """Return since when the request has the status its requester sees; steps inside the unit do not count."""
    decision = request.basis_decisions[-1] if request.basis_decisions else None
    if request.stands.told_as and decision is not None and decision.documented_at is not None:
        return decision.documented_at
    return request.state_since


@enforces("ACC-1", "SRC-4")
def timeline(request: FRRequest, actor: Actor | None = None) -> list[TimelineEntry]:
    """Return the timeline, oldest first, each step with its rule; steps inside the unit are left out.

    Whoever may become a peer, and nobody in particular, reads no name but the requester's and the named supervisor's.
    """
    begun = TimelineEntry(
        request.created_at, "Draft begun", request.requester.display_name, "", policy().clause("REQ-1").id
    )
    outside = {request.requester_id, request.discussing_supervisor_id}
    all_named = actor is not None and not actor.can("peer.review")
    return [
        begun,
        *(
            _entry(step, all_named or step.actor_id in outside)
            for step in steps_of(request)
            if step.verb in STEP_TITLES
        ),
    ]


def _entry(step: Transition, named: bool) -> TimelineEntry:
    if step.actor is None:
        by = "The portal"
    elif named:
        by = step.actor.titled
    else:
        by = "Facial recognition unit"
    return TimelineEntry(step.created_at, STEP_TITLES[step.verb], by, "", rule_of(step), step.policy_version)


@enforces("ACC-1", "SRC-8")
def reports_for(request: FRRequest, actor: Actor) -> list[Report]:
    """Return the delivered reports, newest first, for whoever may read them."""
    if all(report.delivered_at is None for report in request.reports):
        return []
    delivered = Report.delivered_at.is_not(None)
    rows = visible(Report, actor).where(Report.request_id == request.id, delivered)
    return list(db.session.scalars(rows.order_by(Report.id.desc())))
