"""What a supervisor may decide in each state, and the verb behind each decision (SRC-5, SRC-6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.access.actor import Actor
from app.domain import approvals
from app.models import FRRequest
from app.policy import policy
from app.workflow import Refused
from app.workflow.conditions.examination import nominee_left
from app.workflow.engine import explain

Verb = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Choice:
    """One decision: its value in the form, the workflow verb, the domain verb, its words and what it signs."""

    value: str
    verb: str
    do: Verb
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
    "do_not_approve", "disapprove", approvals.disapprove, "Do not approve",
    "The possible match is not approved; a negative report is being delivered.",
)  # fmt: skip
CONTINUE = Choice(
    "continue", "continue_investigation", approvals.continue_investigation,
    "Continue the investigation, with instructions", "A fresh round is directed.",
)  # fmt: skip
REISSUE = Choice(
    "reissue", "reissue_report", approvals.reissue, "Have a corrected report issued",
    "The examiner is asked to prepare the corrected report.",
)  # fmt: skip
RECALL = Choice("recall", "recall_report", approvals.recall, "Recall the report", "The report is recalled.")

CHOICES: dict[str, tuple[Choice, ...]] = {
    "peer_reviewed": (APPROVE, DO_NOT_APPROVE, CONTINUE),
    # only once the nominee's photograph left the repository: see `offered`
    "nominated": (DO_NOT_APPROVE, CONTINUE),
    "approved": (DO_NOT_APPROVE, CONTINUE),
    "superseded": (REISSUE, CONTINUE),
    "reported": (RECALL,),
    "closed": (RECALL,),
}


#: states in which a supervisor decides only because the nominee's photograph left (CAP-3)
WITHOUT_NOMINEE = ("nominated", "approved")


def choice_named(value: str) -> Choice | None:
    """The decision of that value, whatever the state: the engine refuses what the state does not allow."""
    return next((c for c in (APPROVE, DO_NOT_APPROVE, CONTINUE, REISSUE, RECALL) if c.value == value), None)


def offered(request: FRRequest, actor: Actor) -> tuple[list[Choice], list[Blocked]]:
    """The decisions that would be accepted now (reason and password given), and those a rule blocks."""
    if request.state in WITHOUT_NOMINEE and not nominee_left(request):
        return [], []
    open_ones, blocked = [], []
    for choice in CHOICES.get(request.state, ()):
        refusal = explain(request, choice.verb, actor, reason="given", password_confirmed=True)
        if refusal is None:
            open_ones.append(choice)
        else:
            blocked.append(Blocked(choice, refusal))
    return open_ones, blocked


def rule_of(choice: Choice, state: str) -> Any:
    """The workflow rule under which the decision is taken in this state."""
    rows = policy().workflow("request").transitions
    return next(row for row in rows if row.verb == choice.verb and state in row.sources)
