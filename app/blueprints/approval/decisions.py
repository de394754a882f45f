"""The decisions open to a supervisor in each state, and the verb behind each (SRC-5, SRC-6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.blueprints.options import options_of
from app.domain.approval import verbs as approvals
from app.domain.examination.conditions import nominee_left
from app.models import FRRequest
from app.policy import policy
from app.policy.names import RequestVerb, StateName
from app.policy.refused import Refused
from app.policy.types import Transition


@dataclass(frozen=True, slots=True)
class Choice:
    """One decision: its value in the form, the workflow verb, the domain verb, its words and what it signs."""

    value: str
    verb: RequestVerb
    do: Callable[..., Any]
    label: str
    done: str


@dataclass(frozen=True, slots=True)
class Blocked:
    """A decision that is not offered, with the rule that blocks it."""

    choice: Choice
    refusal: Refused


APPROVE = Choice(
    "approve", "approve", approvals.approve, "Approve the possible match", "The possible match is approved."
)
DO_NOT_APPROVE = Choice(
    "do_not_approve",
    "disapprove",
    approvals.disapprove,
    "Do not approve",
    "The possible match is not approved; a negative report is being delivered.",
)
CONTINUE = Choice(
    "continue",
    "continue_investigation",
    approvals.continue_investigation,
    "Continue the investigation, with instructions",
    "A fresh round is directed.",
)
REISSUE = Choice(
    "reissue",
    "reissue_report",
    approvals.reissue,
    "Have a corrected report issued",
    "The examiner is asked to prepare the corrected report.",
)
RECALL = Choice("recall", "recall_report", approvals.recall, "Recall the report", "The report is recalled.")

#: in the order of the page; in which state each can be taken is the workflow's to say
CHOICES = (APPROVE, REISSUE, DO_NOT_APPROVE, CONTINUE, RECALL)


def choices_in(request: FRRequest) -> list[Choice]:
    """Return the decisions that the workflow has in the request's state, whoever asks."""
    return [choice for choice in CHOICES if request.takes(choice.verb)]


def only_without_nominee(request: FRRequest) -> bool:
    """Tell whether a supervisor decides in this state only because the nominee's photograph left (CAP-3)."""
    return request.state in without_nominee()


def without_nominee() -> set[str]:
    """Return the states in which a supervisor decides only because the nominee's photograph left (CAP-3)."""
    rules = [row for row in policy().workflow("request").transitions if row.verb == CONTINUE.verb]
    return {state for row in rules if "nominee_gone" in row.conditions for state in row.sources}


def choice_named(value: str) -> Choice | None:
    """Return the decision of that value, whatever the state: the engine refuses what the state does not allow."""
    return next((choice for choice in CHOICES if choice.value == value), None)


def offered(request: FRRequest) -> tuple[list[Choice], list[Blocked]]:
    """Split the decisions into those that only their form can still fail, and those that a rule blocks."""
    if only_without_nominee(request) and not nominee_left(request):
        return [], []
    open_ones, blocked = [], []
    for choice in choices_in(request):
        refusal = options_of(request).why(choice.verb)
        if refusal is None:
            open_ones.append(choice)
        else:
            blocked.append(Blocked(choice, refusal))
    return open_ones, blocked


def rule_of(choice: Choice, state: StateName) -> Transition:
    """Return the workflow rule under which the decision is taken in this state."""
    rows = policy().workflow("request").transitions
    return next(row for row in rows if row.verb == choice.verb and state in row.sources)
