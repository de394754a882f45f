"""Refusals, conflicts and an absent directory as pages: the rule's own text and citation, the right status."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from flask import Flask, Response

from app import audit
from app.access.directory import DirectoryUnavailable
from app.policy import policy
from app.policy.names import Verb
from app.policy.refused import Refused
from app.unit_of_work import Conflict, unit_of_work
from app.web.errors import error_page

#: what people do that is no step of a workflow, as its refusal is recorded
OtherAct = Literal[
    "accept_link",
    "acknowledge",
    "add_document",
    "add_image",
    "ask_replay",
    "change_file",
    "check_background",
    "check_image",
    "compare_in_line",
    "complete_again",
    "compose",
    "create",
    "decide",
    "decline_link",
    "describe_image",
    "designate",
    "end_copy",
    "give_verdict",
    "link",
    "link_numbers",
    "mark",
    "notice",
    "open_file",
    "part_numbers",
    "place",
    "record_incident",
    "record_training",
    "remove_document",
    "remove_image",
    "render_decision",
    "report_misuse",
    "review_schedule",
    "revoke_designation",
    "revoke_training",
    "run_again",
    "draw_sample",
    "save",
    "sign_sample",
    "take_back",
    "tell_recipient",
    "withdraw_peer",
]
#: what a person does: a step of a workflow or something beside it
ActName = Verb | OtherAct


def status_of(refusal: Refused) -> int:
    """Return 403 for what the person may not do, 409 for what the state forbids, 422 for what is still missing."""
    barred = {*policy().capabilities, *policy().separations, policy().sealing.withheld.id, policy().acknowledgement.id}
    if refusal.rule_id in barred:
        return 403
    return 409 if refusal.rule_id.startswith("WF-") else 422


def attempt(verb: ActName, subject: Any, action: Callable[[], Any]) -> Refused | None:
    """Run a domain verb in one unit of work. A refusal changes nothing, is recorded, and is returned for the page.

    Raises Conflict when somebody else changed the subject meanwhile.
    """
    try:
        with unit_of_work():
            action()
    except Refused as refusal:
        audit.viewed("workflow.refused", subject, verb=verb, rule=refusal.rule_id)
        return refusal
    return None


def register_refusals(app: Flask) -> None:
    """Answer what the engine raises with a page."""

    @app.errorhandler(Refused)
    def refused(refusal: Refused) -> Response:
        passing = refusal.rule_id == policy().acknowledgement.id
        return error_page(status_of(refusal), safe=False, passing=passing, refusal=refusal)

    @app.errorhandler(Conflict)
    def conflict(_error: Conflict) -> Response:
        return error_page(409, safe=False)

    @app.errorhandler(DirectoryUnavailable)
    def no_directory(error: DirectoryUnavailable) -> Response:
        return error_page(503, detail="The directory does not answer, so nobody can be let in. Try again in a moment.")
