"""The period of one class of case record: permanent, unknown, ended by an event, or a first day of disposal."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from app.clauses import enforces
from app.policy.retention.dates import anniversary, said
from app.policy.retention.types import (
    CaseFacts,
    HistoryEntry,
    LinkedPerson,
    Reason,
    RetentionClass,
    RetentionRules,
)

WHO = {"child_victim": "child", "juvenile": "juvenile"}


@dataclass(frozen=True)
class Period:
    """The period of one class. ``on``: the first day of disposal by this class; for ``ended``, the day of its event."""

    kind: Literal["permanent", "unknown", "ended", "until"]
    reason: Reason
    on: date | None = field(default=None)


@enforces("RET-1", "RET-2", "RET-3", "RET-4", "RET-5", "RET-6", "RET-7", "RET-8")
def period_of(
    rules: RetentionRules, class_id: str, facts: CaseFacts, closure: HistoryEntry | None, today: date
) -> Period:
    """Return the period of one confirmed class; ``closure`` is the closure in force, if any."""
    known = rules.classes.get(class_id)
    if known is None:
        return _unknown("unknown_is_kept", "RET-11", f"No rule knows the class '{class_id}'.")
    others = [rules.classes[other].title for other in known.except_classes if other in facts.classes]
    if others:
        words = f"{known.title}: does not apply, since the record is also of the class {', '.join(others)}."
        return Period("permanent", _reason(known, words))
    match known.keep:
        case "permanent":
            return Period("permanent", _reason(known, f"{known.title}: kept permanently."))
        case "permanent_until":
            return _until_event(rules, known, facts.history, today)
        case "years_after_closure":
            return _after_closure(known, closure)
        case _:
            return _after_age(rules, known, facts)


def ended_on(known: RetentionClass, history: Iterable[HistoryEntry], today: date) -> date | None:
    """Return the day on which its event ended a permanent period, or None while it lasts.

    A later disposition of the same class (missing again) starts the period anew; of several events the last counts,
    since until then somebody or something was still missing.
    """
    if not known.ends_with:
        return None
    lines = list(history)
    began = max((e.on for e in lines if e.kind == "disposition" and e.value == known.id), default=date.min)
    events = [e.on for e in lines if e.kind == "event" and e.value == known.ends_with and e.on >= began]
    last = max(events, default=None)
    return last if last is not None and last <= today else None


def _until_event(
    rules: RetentionRules, known: RetentionClass, history: tuple[HistoryEntry, ...], today: date
) -> Period:
    event = rules.events[known.ends_with]
    ended = ended_on(known, history, today)
    if ended is None:
        words = f"{known.title}: kept permanently until this is recorded: {_lower(event.title)}."
        return Period("permanent", _reason(known, words))
    words = f"{known.title}: no longer permanent since {said(ended)} ({_lower(event.title)}); "
    words += "the final disposition decides."
    return Period("ended", _reason(known, words, ended), ended)


def _after_closure(known: RetentionClass, closure: HistoryEntry | None) -> Period:
    assert known.years is not None  # the loader refuses such a class without years
    if closure is None:
        return Period("unknown", _reason(known, f"{known.title}: {_years(known.years)} after closing; not closed."))
    end = anniversary(closure.on, known.years)
    words = f"{known.title}: kept {_years(known.years)} after the case was closed on {said(closure.on)}, "
    words += f"so until {said(end)}."
    return Period("until", _reason(known, words, end), end)


def least_years(rules: RetentionRules, known: RetentionClass) -> int:
    """Return the years for which a class keeps at least what was filed, whatever ages people have attained.

    Its own, or the fewest of all classes where an age is all it names.
    """
    return known.years or min(other.years for other in rules.classes.values() if other.years)


def grown_up(known: RetentionClass, facts: CaseFacts) -> list[tuple[LinkedPerson, date]]:
    """Return who had outgrown the age of a class on the earliest day of the matter, each with the day they did."""
    began, under = facts.began_on, known.under
    if began is None or under is None:
        return []
    marked = [person for person in facts.people if getattr(person, known.person) and person.born_on is not None]
    found = [(person, anniversary(person.born_on, under)) for person in marked if person.born_on is not None]
    return [(person, attained) for person, attained in found if attained <= began]


def _after_age(rules: RetentionRules, known: RetentionClass, facts: CaseFacts) -> Period:
    assert known.age is not None  # the loader refuses such a class without an age
    who = WHO[known.person]
    grown = grown_up(known, facts)
    if grown:
        # days of birth stand in the steps inside, which not everybody sees
        inside = tuple(
            _reason(known, f"The {who} {person.ref} turned {known.under} on {said(attained)}; the matter is of {day}.")
            for person, attained in grown
            for day in (said(facts.began_on or attained),)
        )
        words = f"{known.title}: somebody marked as a {who} was {known.under} before the matter began: correct the "
        words += "birth, the mark or the class."
        return Period("unknown", _reason(known, words, None, inside))
    concerned = [person for person in facts.people if getattr(person, known.person)]
    if not concerned:
        words = f"{known.title}: no {who} is linked to the case, so that the period cannot be calculated."
        return Period("unknown", _reason(known, words))
    children, ends = [], []
    for person in concerned:
        if person.born_on is None:
            words = f"The date of birth of {who} {person.ref} is not known."
            children.append(_reason(known, words))
            continue
        attained = anniversary(person.born_on, known.age)
        end = anniversary(attained, known.years) if known.years else attained
        words = f"The {who} {person.ref} turns {known.age} on {said(attained)}"
        words += f"; {_years(known.years)} later is {said(end)}." if known.years else "."
        children.append(_reason(known, words, end))
        ends.append(end)
    if len(ends) < len(concerned):
        words = f"{known.title}: a date of birth is missing, so that the period cannot be calculated."
        return Period("unknown", _reason(known, words, None, tuple(children)))
    end = max(ends)
    words = f"{known.title}: kept until {said(end)}"
    words += f", for the youngest {who} decides." if len(ends) > 1 else "."
    least = least_years(rules, known)
    floor = None if facts.filed_on is None else anniversary(facts.filed_on, least)
    if floor is not None and floor > end:
        words = f"{known.title}: kept until {said(floor)}, {_years(least)} after a request of the case was filed."
        end = floor
    return Period("until", _reason(known, words, end, tuple(children)), end)


def _reason(known: RetentionClass, sentence: str, on: date | None = None, children: tuple[Reason, ...] = ()) -> Reason:
    return Reason(known.id, known.authority[0], sentence, on, children)


def _unknown(rule_id: str, clause: str, sentence: str) -> Period:
    return Period("unknown", Reason(rule_id, clause, sentence))


def _years(count: int) -> str:
    return "1 year" if count == 1 else f"{count} years"


def _lower(title: str) -> str:
    return title[0].lower() + title[1:]
