"""The page of a disclosure, shown by its view and again with what went wrong by the views of its forms."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.access.actor import current_actor
from app.audit.policy_texts import rule_of
from app.blueprints.disclosures.forms import UploadForm
from app.blueprints.disclosures.steps import next_step, offered
from app.blueprints.options import options_of
from app.blueprints.timeline import TimelineEntry
from app.domain.accounts.naming import here
from app.domain.disclosures.claims import claim_of
from app.domain.disclosures.decisions import DECISION_JOB, PACKAGE_JOB
from app.domain.disclosures.leaving import stopped
from app.domain.disclosures.verbs import FILING
from app.models.base import now
from app.models.disclosures import Disclosure
from app.outbox import last_job
from app.policy import policy
from app.policy.facts import YES_NO
from app.web.pages import page
from app.workflow.history import steps_of

#: verb -> the words of the timeline
STEP_TITLES = {
    "submit": "Submitted",
    "resubmit": "Submitted again",
    "return_for_changes": "Returned for changes",
    "approve": "Approved in writing",
    "determine": "Found lawful",
    "refuse": "Refused",
    "withdraw": "Withdrawn",
    "release": "Package asked for",
    "finish_release": "Package built",
    "fail_release": "Package could not be built",
    "begin_fetch": "Download of the package begun",
    "fetch": "Package fetched",
    "reissue": "Another package asked for",
    "acknowledge": "Receipt recorded",
    "expire": "Lapsed",
}
DECISIONS = {
    "approved": "Approved in writing",
    "determined": "Found lawful",
    "refused": "Refused",
    "returned": "Returned for changes",
}


def timeline_of(subject: Any, told: dict[str, str], begun: str, by: str) -> list[TimelineEntry]:
    """Return the timeline of a subject, oldest first, each step with its rule."""
    lines = [TimelineEntry(subject.created_at, begun, by, "", None)]
    for step in steps_of(subject):
        who = step.actor.titled if step.actor else "The portal"
        lines.append(TimelineEntry(step.created_at, told[step.verb], who, "", rule_of(step), step.policy_version))
    return lines


def standing_of(subject: Disclosure) -> str:
    """Return how a disclosure stands: the words of its state, or what is so beyond them."""
    package = subject.current_package
    if stopped(subject):
        return "Something in it has left the repository since: nothing is handed out as it is."
    if subject.takes("fetch") and package is not None and package.fetched_at is not None:
        return f"The package was fetched on {here(package.fetched_at):%Y-%m-%d}; its receipt is to be recorded."
    return subject.stands.text


def _answered(subject: Disclosure) -> list[TimelineEntry]:
    """Return the answers that end a disclosure as they were given, which stay when they are changed."""
    rule = policy().disclosure.changed_answer
    return [
        TimelineEntry(
            datetime.fromisoformat(one["at"]),
            f"Answered “{YES_NO.get(one['answer'], one['answer'])}”, which ends a disclosure",
            one["by"],
            one["question"],
            rule,
        )
        for one in subject.private.get("prohibited_answers", ())
    ]


def place_of(disclosure: Disclosure) -> int:
    """Return the workflow step a disclosure is at; one that ended early counts as at the last step it reached."""
    flow, package = disclosure.flow(), disclosure.current_package
    if disclosure.takes("reissue") and package is not None:
        return flow.place(flow.state("released").step) + (package.fetched_at is not None)
    if disclosure.has("done"):
        return len(flow.steps)
    decided = disclosure.has("final") and disclosure.stands.step == flow.steps[0] and disclosure.decisions
    return flow.place(flow.state("approved").step if decided else disclosure.stands.step)


def render_disclosure(subject: Disclosure, **changed: Any) -> str:
    """Render the page of a disclosure; `changed` replaces template values (a refusal, a form with its fault)."""
    return page("disclosures/show.html", **{**disclosure_context(subject), **changed})


def disclosure_context(subject: Disclosure) -> dict[str, Any]:
    """Build the template values of a disclosure's page and its parts."""
    options, decision = options_of(subject), subject.current_decision
    own = subject.asked_by_id == current_actor().id
    rendering = last_job(DECISION_JOB, decision.uid) if decision is not None else None
    asked_by = subject.asked_by.titled
    return {
        "item": subject,
        "private": subject.private,
        "own": own,
        "editable": own and subject.takes(*FILING),
        "options": options,
        "next": next_step(options),
        "choices": offered(options)[0] if not own else [],
        "claim": claim_of(subject) if subject.state == "released" else None,
        "decision": decision,
        "job": last_job(PACKAGE_JOB, subject.number),
        "rendering": rendering,
        "decision_titles": DECISIONS,
        "standing": standing_of(subject),
        "steps": subject.flow().steps,
        "place": place_of(subject),
        "timeline": sorted(
            [*timeline_of(subject, STEP_TITLES, "Draft begun", asked_by), *_answered(subject)], key=lambda one: one.at
        ),
        "upload": UploadForm(version=subject.version, formdata=None),
        "refusal": None,
        "now": now(),
    }
