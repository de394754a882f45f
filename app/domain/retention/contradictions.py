"""What a person typed of a case against what the portal knows of it: sentences without names (RET-1, RET-8 to RET-11).

Whoever decides about a record reads them first. Where a period rests on what contradicts, it is not calculated at all
(app/policy/retention/periods.py, person.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from app.clauses import enforces
from app.domain.retention.eligibility import facts_of, filed_on, requests_of
from app.domain.retention.matter_days import beginning_of
from app.models.retention import CaseRecord
from app.policy import policy
from app.policy.retention.dates import said
from app.policy.retention.periods import WHO, grown_up
from app.policy.retention.types import RetentionClass


@enforces("RET-6", "RET-8", "RET-9")
def of_people(record: CaseRecord) -> Iterator[str]:
    """Yield who cannot have been, on the day of the matter, what they are marked as."""
    facts = facts_of(record)
    for rule in policy().retention.classes.values():
        for person, attained in grown_up(rule, facts):
            yield (
                f"Person {person.ref} is marked as a {WHO[rule.person]} and turned {rule.under} on {said(attained)}; "
                f"the matter is of {said(facts.began_on or attained)}."
            )
    dead = [person for person in facts.people if person.role == "suspect" and person.died_on is not None]
    began = beginning_of(record.case_number) if dead else None
    for person in dead:
        if began is not None and person.died_on is not None and person.died_on < began:
            yield (
                f"Person {person.ref} is a suspect and died on {said(person.died_on)}; the matter is of {said(began)}."
            )


@enforces("RET-11")
def of_closings(record: CaseRecord, arrested: date | None) -> Iterator[str]:
    """Yield the closings whose reason the arrests and requests of the matter speak against."""
    filed, asked = filed_on(record), requests_of(record)
    for line in record.history:
        rule = policy().retention.closures.get(line.value) if line.kind == "closed" else None
        if rule is None:
            continue
        closed = f"It was closed on {said(line.on)} as “{rule.title}”"
        if rule.no_arrest and arrested is not None:
            yield f"{closed}, and an arrest was reported on {said(arrested)}."
        if not rule.after_arrest or not asked:
            continue
        if arrested is None:
            yield f"{closed}, and no arrest in this matter was reported."
        elif line.on <= arrested:
            yield f"{closed}, and an arrest was reported on {said(arrested)}, no day before."
        if filed is not None and line.on <= filed:
            yield f"{closed}, and a request of the case was filed on {said(filed)}, no day before."


@enforces("RET-1")
def of_events(record: CaseRecord, suspected: list[RetentionClass]) -> Iterator[str]:
    """Yield the events that end no class that was recorded, confirmed or suspected of the case."""
    rules = policy().retention
    named = {line.value for line in record.history if line.kind == "disposition"} | {*record.classes}
    ends = {rules.classes[name].ends_with for name in named if name in rules.classes}
    ends |= {rule.ends_with for rule in suspected}
    for line in record.history:
        if line.kind == "event" and line.value in rules.events and line.value not in ends:
            yield f"“{rules.events[line.value].title}” of {said(line.on)} belongs to no class of this case."
