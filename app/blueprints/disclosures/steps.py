"""The next step of a disclosure for this person, or the rule that prevents it."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.disclosures import verbs as domain
from app.domain.disclosures.overview import may_decide
from app.policy.names import DisclosureVerb
from app.policy.refused import Refused
from app.workflow.options import Options


@dataclass(frozen=True, slots=True)
class Choice:
    """One decision: its value in the form, the workflow verb, its words, the message when it is done."""

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


def offered(options: Options) -> tuple[list[Choice], list[Blocked]]:
    """Split the decisions into those that only their form can still fail, and those that a rule blocks."""
    officer = "disclosure.decide" in options.actor.capabilities
    open_ones, blocked = [], []
    for choice in CHOICES:
        # the officer approves; a finding of lawfulness is what others give where no approval is needed
        if not options.subject.takes(choice.verb) or choice.verb == ("determine" if officer else "approve"):
            continue
        refusal = options.why(choice.verb)
        if refusal is None:
            open_ones.append(choice)
        else:
            blocked.append(Blocked(choice, refusal))
    return open_ones, blocked


def choice_named(value: str | None) -> Choice | None:
    """Return the decision of that value, whatever the state: the engine refuses what the state does not allow."""
    return next((choice for choice in CHOICES if choice.verb == value), None)


@dataclass(frozen=True, slots=True)
class Next:
    """The next step as the page shows it to this person. `refusals` prevent it."""

    kind: str
    refusals: tuple[Refused, ...] = ()


def next_step(options: Options) -> Next | None:
    """Return the next step of this person, or None when it is not their turn."""
    disclosure, actor = options.subject, options.actor
    own = disclosure.asked_by_id == actor.id
    verb = disclosure.first_of(*domain.FILING)
    if verb is not None:
        return Next(verb, options.blockers(verb)) if own else None
    if disclosure.state == "submitted":
        return Next("decide") if may_decide(options) else None
    if not (own or "disclosure.custody" in actor.capabilities):
        return None
    if disclosure.state == "approved" and options.permits("release"):
        return Next("release", options.blockers("release"))
    if disclosure.state == "released" and options.permits("begin_fetch"):
        if "acknowledge" in options:
            return Next("acknowledge")
        return Next("fetch", options.blockers("begin_fetch"))
    return None
