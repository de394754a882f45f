"""What comes next for a disclosure and for this person: the step, or the rule that stands in its way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import g

from app.access.actor import Actor
from app.domain.disclosures import verbs as domain
from app.domain.disclosures.overview import may_decide
from app.models.disclosures import Disclosure
from app.policy import policy
from app.policy.names import DisclosureVerb
from app.policy.refused import Refused
from app.workflow.engine import allowed, blockers, explain


@dataclass(frozen=True, slots=True)
class Choice:
    """One decision: its value in the form, the workflow verb, its words, what is said when it is done."""

    verb: DisclosureVerb
    label: str
    done: str


CHOICES = (
    Choice("approve", "Approve in writing", "is approved; the written decision is being rendered."),
    Choice("determine", "Find the release lawful", "is found lawful; its package can be built."),
    Choice("refuse", "Refuse", "is refused."),
    Choice("return_for_changes", "Return for changes", "went back for changes."),
)


@dataclass(frozen=True, slots=True)
class Blocked:
    """A decision that is not offered, with the rule that blocks it."""

    choice: Choice
    refusal: Refused


def _given(disclosure: Disclosure) -> dict[str, Any]:
    """Facts as a complete form would give them: what is asked is whether anything else stands in the way."""
    return {
        "text": "x" * policy().disclosure.approval.min_text,
        "reason": "x" * policy().disclosure.approval.min_reason,
        "included": [item.uid for item in disclosure.items],
        "release_by": domain.default_release_by(),
        "password_confirmed": True,
    }


def offered(disclosure: Disclosure, actor: Actor) -> tuple[list[Choice], list[Blocked]]:
    """The decisions this person could take now, and those a rule blocks for them in this state."""
    verbs = {row.verb for row in policy().workflow("disclosure").transitions if disclosure.state in row.sources}
    officer = "disclosure.decide" in actor.capabilities
    open_ones, blocked = [], []
    for choice in CHOICES:
        # the officer approves; a finding of lawfulness is what others give where no approval is needed
        if choice.verb not in verbs or choice.verb == ("determine" if officer else "approve"):
            continue
        refusal = explain(disclosure, choice.verb, actor, **_given(disclosure))
        if refusal is None:
            open_ones.append(choice)
        else:
            blocked.append(Blocked(choice, refusal))
    return open_ones, blocked


def refused_anyway(disclosure: Disclosure, choice: Choice, actor: Actor) -> Refused | None:
    """What would refuse this decision however complete its form were, or None."""
    return explain(disclosure, choice.verb, actor, **_given(disclosure))


def choice_named(value: str | None) -> Choice | None:
    """The decision of that value, whatever the state: the engine refuses what the state does not allow."""
    return next((choice for choice in CHOICES if choice.verb == value), None)


@dataclass(frozen=True, slots=True)
class Next:
    """What the page says comes next for this person. `refusals` stand in its way."""

    kind: str
    refusals: tuple[Refused, ...] = ()


def next_step(disclosure: Disclosure, actor: Actor) -> Next | None:
    """The next step of this person, or None when it is not their turn."""
    own = disclosure.asked_by_id == actor.id
    state = disclosure.state
    verb = disclosure.first_of(*domain.FILING)
    if verb is not None:
        return Next(verb, tuple(blockers(disclosure, verb, actor))) if own else None
    if state == "submitted":
        return Next("decide") if may_decide(disclosure, actor) else None
    able: Callable[[str], bool] = lambda name: name in {row.verb for row in allowed(disclosure, actor)}  # noqa: E731
    hands_out = own or "disclosure.custody" in actor.capabilities
    if state == "approved" and hands_out and able("release"):
        return Next("release", tuple(blockers(disclosure, "release", actor)))
    if state == "released" and hands_out and able("begin_fetch"):
        package = disclosure.current_package
        if package is not None and package.fetched_at is not None:
            return Next("acknowledge")
        facts = domain.fetch_facts(disclosure, g.session_uid)
        return Next("fetch", tuple(blockers(disclosure, "begin_fetch", actor, **facts)))
    return None


def may(disclosure: Disclosure, verb: DisclosureVerb, actor: Actor, **facts: Any) -> bool:
    """Whether a step would be taken from this person now."""
    return explain(disclosure, verb, actor, **facts) is None
