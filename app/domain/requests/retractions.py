"""Answers that would have refused a request and were changed: they stay with it (LIM-2, LIM-3, LIM-7, EXT-5, CAP-7).

Whoever files says why in writing, the supervisor of the discussion reads and judges it first, the examiner reads both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.access.actor import Actor
from app.calendar import day_of
from app.clauses import enforces
from app.models.base import now
from app.models.requests import FRRequest
from app.policy import policy
from app.policy.facts import YES_NO
from app.policy.forms import Prohibition
from app.policy.reasons import gives_reason
from app.workflow.facts import Facts
from app.workflow.registry import condition

#: under which name a request keeps them, and the reason for which they were changed
KEPT, BECAUSE = "refusing_answers", "changed_because"


@dataclass(frozen=True, slots=True)
class Refusing:
    """An answer that the rules refuse, as it was once saved: to which question, by whom and when."""

    asked: Prohibition
    answer: str
    by: str
    at: datetime

    @property
    def said(self) -> str:
        """Return the answer with its author and day, as people read it."""
        return f"{YES_NO[self.answer]}, saved by {self.by} on {day_of(self.at).isoformat()}"


@enforces("LIM-2", "LIM-3", "LIM-7", "EXT-5", "CAP-7")
def kept_answers(request: FRRequest, actor: Actor, answers: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return what a request keeps of refused answers once these are saved: each that was ever given, oldest first."""
    private = request.private
    rows, before = list(private.get(KEPT) or ()), private.get("answers") or {}
    known = {row["asked"] for row in rows}
    for asked in policy().request.prohibitions.values():
        refused = asked.refused_answer
        given_anew = answers.get(asked.id) == refused != before.get(asked.id)
        # an answer of before they were kept
        unknown = before.get(asked.id) == refused and asked.id not in known
        if given_anew or unknown:
            rows.append({"asked": asked.id, "answer": refused, "by": actor.display_name, "at": now().isoformat()})
    return rows


def refusing_answers(request: FRRequest) -> list[Refusing]:
    """Return every answer of a request that the rules refuse, also those that were changed since, oldest first."""
    rules = policy().request.prohibitions
    return [
        Refusing(rules[row["asked"]], row["answer"], row["by"], datetime.fromisoformat(row["at"]))
        for row in request.private.get(KEPT) or ()
        if row["asked"] in rules
    ]


def retracted(request: FRRequest) -> list[Refusing]:
    """Return the refused answers that are no longer the request's."""
    stated = request.private.get("answers") or {}
    return [one for one in refusing_answers(request) if stated.get(one.asked.id) != one.answer]


def because_of(request: FRRequest) -> str:
    """Return why the requester changed such an answer."""
    return str(request.private.get(BECAUSE) or "")


def judged_of(request: FRRequest) -> str:
    """Return what the supervisor of a confirmed discussion answered to the change, with their name."""
    discussed = request.private.get("discussed") or {}
    if request.discussion_confirmed_at is None or not discussed.get("changed"):
        return ""
    return f"{discussed['by']}: {discussed['changed']}"


def told(request: FRRequest) -> list[tuple[str, str]]:
    """(question, all that is known of its changed answer) for the pages and the file of a request."""
    why, judged = because_of(request), judged_of(request)
    words = " ".join(part for part in (f"Changed because: {why}" if why else "", judged) if part)
    return [(f"Answer changed: {one.asked.question}", f"{one.said}. {words}".strip()) for one in retracted(request)]


def unexplained(request: FRRequest) -> str | None:
    """Return what is missing of the reason for a changed answer, or None."""
    rule = policy().request.changed_answers
    changed = retracted(request)
    if not changed or gives_reason(policy(), because_of(request), rule.least_reason):
        return None
    least = f"Say in at least {rule.least_reason} characters why that was changed."
    return f"{changed[0].asked.question} The answer was once “{YES_NO[changed[0].answer]}”. {least}"


@condition("changed_answers_reasoned", "LIM-2", "LIM-3", "LIM-7", "EXT-5", "CAP-7")
def changed_answers_reasoned(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    return unexplained(request)


@condition("changed_answers_judged", "LIM-2", "LIM-3", "LIM-7", "EXT-5", "CAP-7", "AUD-1")
def changed_answers_judged(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    """`stated`: under `changed`, what the supervisor of the discussion answers to the change."""
    least = policy().request.changed_answers.least_answer
    if not retracted(request) or gives_reason(policy(), facts["stated"].get("changed"), least):
        return None
    return f"Answer in at least {least} characters what you find of the changed answer, or send the request back."
