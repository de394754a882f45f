"""`Options`: what a person may do with a subject now, each verb offered or refused by which rules, asked once.

A page takes its buttons, its next action and its "why not" from one such value. What only the filled-in form can show
is left out and stays a question of the step itself: a condition that looks at a fact which the page does not know, and
one that judges what the form of this very step writes (`written_by` of its registration), unless the page asks about
one choice of that form (`chosen_as`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.policy.names import Verb
from app.policy.refused import Refused
from app.workflow.engine import rule_for
from app.workflow.registry import CHOSEN_AS, CONDITIONS, SEPARATIONS, WRITTEN_BY


class UnknownFact(Exception):
    """Raised when a condition looks at a fact that is unknown before the form is filled in."""


class KnownFacts(Mapping[str, Any]):
    """The facts a page knows; one given as a function is asked when a condition first looks at it, and once.

    Looking at any other raises UnknownFact, by `get` too; `in` answers plainly.
    """

    def __init__(self, facts: Mapping[str, Any]) -> None:
        self._facts = dict(facts)

    def __getitem__(self, name: str) -> Any:
        if name not in self._facts:
            raise UnknownFact(name)
        if callable(self._facts[name]):
            self._facts[name] = self._facts[name]()
        return self._facts[name]

    def __contains__(self, name: object) -> bool:
        return name in self._facts

    def __iter__(self) -> Iterator[str]:
        return iter(self._facts)

    def __len__(self) -> int:
        return len(self._facts)


class _Step:
    """One verb: `bar`, the rule on state, role, training or parts that refuses it, else its conditions one by one."""

    def __init__(self, bar: Refused | None, unmet: Iterator[Refused]) -> None:
        self.bar, self._unmet = bar, unmet
        self._found = [bar] if bar is not None else []

    def first(self) -> Refused | None:
        """Return what refuses the step first, or None."""
        return self._found[0] if self._found else self._look()

    def every(self) -> tuple[Refused, ...]:
        """Return everything that refuses the step."""
        while self._look() is not None:
            pass
        return tuple(self._found)

    def _look(self) -> Refused | None:
        found = next(self._unmet, None)
        if found is not None:
            self._found.append(found)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Options:
    """Each verb of a subject for one person: offered, or the rules that refuse it. Made by `options`.

    Each verb, condition and separation is asked when a page first wants to know it, and never again: a value tells of
    the subject as it stands, and is made anew when the subject has moved.
    """

    subject: Any
    actor: Any
    facts: KnownFacts
    _steps: dict[Verb, _Step] = field(default_factory=dict)
    _answers: dict[str, str | None] = field(default_factory=dict)
    _holders: dict[str, set[int]] = field(default_factory=dict)

    def __contains__(self, verb: Verb) -> bool:
        """Tell whether the step is offered: nothing but its form can still refuse it."""
        return self.why(verb) is None

    def why(self, verb: Verb) -> Refused | None:
        """Return what refuses the step first, which may be the state itself; None when it is offered."""
        return self._step(verb).first()

    def blockers(self, verb: Verb) -> tuple[Refused, ...]:
        """Return every rule that refuses the step, for the page that prepares it."""
        return self._step(verb).every()

    def permits(self, *verbs: Verb) -> bool:
        """Tell whether state, role, training and parts permit one of the steps; conditions are not asked."""
        return any(self._step(verb).bar is None for verb in verbs)

    def _step(self, verb: Verb) -> _Step:
        if verb not in self._steps:
            try:
                row = rule_for(self.subject, verb, self.actor, self._parts)
            except Refused as refusal:
                self._steps[verb] = _Step(refusal, iter(()))
            else:
                self._steps[verb] = _Step(None, self._unmet(row))
        return self._steps[verb]

    def _unmet(self, row: Any) -> Iterator[Refused]:
        for name in row.conditions:
            unwritten = row.verb in WRITTEN_BY[name] and CHOSEN_AS[name] not in self.facts
            missing = None if unwritten else self._missing(name)
            if missing is not None:
                yield Refused(name, missing)

    def _missing(self, name: str) -> str | None:
        if name not in self._answers:
            try:
                self._answers[name] = CONDITIONS[name](self.subject, self.actor, self.facts)
            except UnknownFact:
                self._answers[name] = None
        return self._answers[name]

    def _parts(self, name: str) -> set[int]:
        if name not in self._holders:
            self._holders[name] = SEPARATIONS[name](self.subject)
        return self._holders[name]


def options(subject: Any, actor: Any, **facts: Any) -> Options:
    """Return what `actor` may do with `subject` now. `facts`: what the page knows beside the row, for conditions."""
    return Options(subject, actor, KnownFacts(facts))
