"""What is known of a person beside what a request states, and what silence on either side supports: nothing (SRC-3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.clauses import enforces
from app.policy.facts import Fault
from app.policy.reasons import leaves_open
from app.policy.types import Policy
from app.policy.words import is_filler, visible

Answers = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Against:
    """What is known of a person, what a request states of the unknown one, and what the examiner found.

    ``recorded``: born_on (ISO date), height_in, weight_lb, marks. ``description``: height_in, weight_lb, age_from,
    age_to, build, marks. ``circumstances``: place, date, and taken_on of the probe (ISO). ``items``: the answers of the
    background check. Whatever is absent is not known.
    """

    recorded: Answers
    description: Answers
    circumstances: Answers
    items: Answers


@enforces("SRC-3", "EXT-2")
def silences(policy: Policy, against: Against) -> dict[str, str]:
    """Return {item of the background check: who says nothing on it}, for each where the request or the record does."""
    stated = {**against.description, **against.circumstances}
    found = {}
    for item in policy.review.silence.items:
        silent = [
            who
            for who, asked, given in (
                ("the request states nothing", item.stated, stated),
                ("the repository has nothing on record", item.recorded, against.recorded),
            )
            if not all(any(_says(policy, given.get(name)) for name in either) for either in asked)
        ]
        if silent:
            found[item.name] = f"{' and '.join(silent)} on this"
    return found


def silence_faults(policy: Policy, against: Against) -> list[Fault]:
    """Return a fault for each item that was found to support the candidate although there is nothing to compare."""
    labels = {fact.name: fact.label for fact in policy.review.background.facts}
    return [
        Fault(name, f"{labels[name]}: {silent}, so it supports nothing. {_INSTEAD}", policy.review.silence.id)
        for name, silent in silences(policy, against).items()
        if against.items.get(name) == SUPPORTS
    ]


def findings(policy: Policy, against: Against) -> dict[str, Any]:
    """Return the answers of the background check as they stand: support found in silence is not known."""
    silent = silences(policy, against)
    return {name: UNKNOWN if name in silent and given == SUPPORTS else given for name, given in against.items.items()}


SUPPORTS, CONTRADICTS, UNKNOWN = "supports", "contradicts", "unknown"
_INSTEAD = "Choose \u201cNot known\u201d."


def _says(policy: Policy, value: object) -> bool:
    """Tell whether a value says something: “n/a” and “unknown” do not."""
    text = "" if value is None else str(value)
    return bool(visible(text)) and not is_filler(text) and not leaves_open(policy, text)
