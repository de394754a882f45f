"""Where a request stands, in the investigator's words: nothing of the unit's inner work is told before its report.

Whether a search listed anybody, whom an examiner retained or what a peer thought is not the requester's to know
(ACC-1); even the name of such a state would tell that there is a candidate.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from app.access.actor import Actor
from app.blueprints.timeline import Entry
from app.models.engine import Transition
from app.models.report import Report
from app.models.request import FRRequest
from app.policy import policy
from app.policy.enforcement import enforces
from app.workflow.history import steps_of

WITH_UNIT = "with_unit"
#: the states whose names stay inside the unit
INNER = (
    "documented", "probe_selected", "searching", "search_failed", "searched", "under_examination", "nominated",
    "peer_reviewed", "continued", "approved", "negative",
)  # fmt: skip
STEPS = ("Request", "Discussion and basis", "Facial recognition unit", "Report", "Outcome")
REPORT_TITLES = {"possible_match": "Possible match report", "negative": "Negative-results report"}


@dataclass(frozen=True, slots=True)
class Standing:
    """A word and its tone for the list, a sentence for the page, what the requester does next, the step of STEPS."""

    key: str
    label: str
    tone: str
    text: str
    action: str
    step: int


_STANDINGS = {
    "draft": Standing("draft", "Draft", "idle", "Only you see this draft.", "Complete and submit it", 0),
    "submitted": Standing(
        "submitted", "Submitted", "waiting",
        "The named supervisor confirms the discussion, then an examiner confirms the basis.",
        "", 1,
    ),
    "awaiting_images": Standing(
        "awaiting_images", "Awaiting images", "attention",
        "The images were unsuitable for comparison. You can submit more.",
        "Add a better image", 0,
    ),
    "accepted": Standing(
        "accepted", "Basis confirmed", "attention",
        "Enter this in the case management system, then record the entry number here so the FR Unit can continue.",
        "Document the confirmation", 1,
    ),
    WITH_UNIT: Standing(
        WITH_UNIT, "With the FR unit", "working",
        "The facial recognition unit works on the request. You are told when a report is in the case file.", "", 2,
    ),
    # what comes next stands with the result in the rule file
    "reported": Standing("reported", "Reported", "good", "The report is in the case file.", "", 3),
    "superseded": Standing(
        "superseded", "Report recalled", "bad", "The report was recalled. Do not act on it.", "", 3,
    ),
    "closed": Standing("closed", "Closed", "ended", "The outcome is recorded.", "", 5),
    "refused": Standing("refused", "Refused", "bad", "An examiner refused the basis.", "", 1),
    "withdrawn": Standing("withdrawn", "Withdrawn", "ended", "You withdrew the request.", "", 0),
}  # fmt: skip

GROUPS = [(key, standing.label) for key, standing in _STANDINGS.items()]
STATES_OF = {key: INNER if key == WITH_UNIT else (key,) for key in _STANDINGS}

#: the steps a requester is told of, with their words
TOLD = {
    "submit": "Submitted",
    "confirm_discussion": "Discussion confirmed by the supervisor",
    "deny_discussion": "Discussion not confirmed; back to draft",
    "accept": "Basis confirmed",
    "refuse": "Refused",
    "return_for_images": "Images returned as unsuitable",
    "resubmit": "Submitted again with more images",
    "document": "Confirmation documented in the case management system",
    "deliver_report": "Report attached to the case file",
    "recall_report": "Report recalled",
    "record_corroboration": "Corroborating evidence recorded",
    "close": "Outcome recorded; closed",
    "withdraw": "Withdrawn",
}


@enforces("ACC-1")
def standing(request: FRRequest) -> Standing:
    """Where the request stands as its requester is told."""
    if request.state == "submitted" and request.discussion_confirmed_at is not None:
        told = _STANDINGS["submitted"]
        return Standing(told.key, told.label, told.tone, "An examiner confirms the basis next.", told.action, told.step)
    found = _STANDINGS[WITH_UNIT if request.state in INNER else request.state]
    if request.state == "reported" and request.result:
        return replace(found, action=policy().request.results[request.result].task)
    return found


@enforces("ACC-1")
def since(request: FRRequest) -> datetime:
    """Since when the request stands where its requester is told; steps inside the unit do not show in it either."""
    decision = request.basis_decisions[-1] if request.basis_decisions else None
    if request.state in INNER and decision is not None and decision.documented_at is not None:
        return decision.documented_at
    return request.state_since


@enforces("ACC-1", "SRC-4")
def timeline(request: FRRequest, actor: Actor | None = None) -> list[Entry]:
    """What happened, oldest first, each with the rule it happened under; steps inside the unit are left out.

    Whoever may become a peer, and nobody in particular, reads no name but the requester's and the named supervisor's.
    """
    begun = Entry(request.created_at, "Draft begun", request.requester.display_name, "", policy().clause("REQ-1").id)
    outside = {request.requester_id, request.discussing_supervisor_id}
    all_named = actor is not None and not actor.can("peer.review")
    return [
        begun,
        *(_entry(step, all_named or step.actor_id in outside) for step in steps_of(request) if step.verb in TOLD),
    ]


def _entry(step: Transition, named: bool) -> Entry:
    if step.actor is None:
        by = "The portal"
    elif named:
        by = step.actor.titled
    else:
        by = "Facial recognition unit"
    return Entry(step.created_at, TOLD[step.verb], by, "", policy().rule(step.rule))


@enforces("ACC-1", "SRC-8")
def reports_for(request: FRRequest, actor: Actor) -> list[Report]:
    """The delivered reports, newest first, for whoever may read them."""
    if not actor.can("report.read"):
        return []
    return [report for report in reversed(request.reports) if report.delivered_at is not None]
