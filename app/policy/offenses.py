"""The offenses that requests name, each with its class, and when a supervisor must state which crime is suspected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta, field, structs

from app.clauses import enforces
from app.policy.base import Choice, Count, Statement, Table, Text
from app.policy.reasons import gives_reason
from app.policy.words import spoken

if TYPE_CHECKING:
    from app.policy.types import Policy

#: what a fact of a use names to be chosen from this list
LIST = "offenses"


class OffenseClass(Table, frozen=True, kw_only=True):
    """A class of offenses, and whether what belongs to it is a crime."""

    id: Text
    title: Text
    is_crime: bool


class Offense(Table, frozen=True, kw_only=True):
    """An offense of the list. ``kept_as`` is the class of case record it suggests; ``words`` name it in a sentence."""

    id: Text
    title: Text
    class_id: Text = field(name="class")
    kept_as: Text
    words: tuple[Text, ...] = ()


class SeriousnessRule(Statement, frozen=True, kw_only=True):
    """The list of offenses, and the uses under which what is suspected must be a crime (CAP-9).

    ``fact`` is chosen from the list, ``in_words`` names the offense in the request's own words. ``min_reason``:
    characters of the reason for which a supervisor states a crime.
    """

    uses: tuple[Text, ...]
    fact: Text
    in_words: Text
    min_reason: Count
    classes: Annotated[tuple[OffenseClass, ...], Meta(min_length=1)] = field(name="class")
    offenses: Annotated[tuple[Offense, ...], Meta(min_length=1)] = field(name="offense")

    def of_class(self, class_id: str) -> OffenseClass:
        """The class of that id. Raises KeyError."""
        return {one.id: one for one in self.classes}[class_id]

    def offense(self, offense_id: object) -> Offense | None:
        """The offense of the list with that id, or None."""
        return next((one for one in self.offenses if one.id == offense_id), None)

    def is_crime(self, offense: Offense) -> bool:
        """Tell whether an offense of the list is a crime."""
        return self.of_class(offense.class_id).is_crime

    def named(self, offense: Offense) -> str:
        """Return an offense with its class, as people read it; one that is called like its class says it once."""
        if offense.title == self.of_class(offense.class_id).title:
            return offense.title
        return f"{offense.title} ({self.of_class(offense.class_id).title.lower()})"

    @property
    def crimes(self) -> tuple[Offense, ...]:
        """The offenses of the list that are crimes."""
        return tuple(one for one in self.offenses if self.is_crime(one))


@enforces("CAP-9")
def no_crime(rule: SeriousnessRule, use_id: str | None, facts: Mapping[str, Any]) -> str | None:
    """Return why what a request suspects is no crime; None where it is one, or where nobody asks for seriousness.

    Words count as the choice does: a crime that is chosen for what the request itself calls a violation is none.
    """
    offense = rule.offense(facts.get(rule.fact))
    if use_id not in rule.uses or offense is None:
        return None
    if not rule.is_crime(offense):
        return f"The request suspects: {rule.named(offense)}. That is no crime."
    said = str(facts.get(rule.in_words) or "")
    named = next((one for one in rule.offenses if not rule.is_crime(one) and any(spoken(one.words, said))), None)
    if named is None or any(any(spoken(one.words, said)) for one in rule.crimes):
        return None
    return f"The request chose {rule.named(offense)}, and names in words: {rule.named(named)}. That is no crime."


@enforces("CAP-9")
def statement_fault(policy: Policy, crime: object, because: object) -> str | None:
    """Return what a supervisor's statement of the crime suspected lacks, or None."""
    rule = policy.request.seriousness
    offense = rule.offense(crime)
    if offense is None:
        return "State which crime of the list is suspected, or send the request back."
    if not rule.is_crime(offense):
        return f"{rule.named(offense)} is no crime: state a crime of the list, or send the request back."
    if not gives_reason(policy, because, rule.min_reason):
        return f"Say in at least {rule.min_reason} characters why this crime is suspected."
    return None


def filled(tables: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the tables with the list of offenses as the choices of every fact that is chosen from it."""
    rule = tables["requests/offenses.toml"]["seriousness"]
    known = {one.id for one in rule.classes}
    choices = tuple(Choice(value=one.id, label=rule.named(one)) for one in rule.offenses if one.class_id in known)
    uses = tuple(
        structs.replace(
            use,
            facts=tuple(
                structs.replace(fact, choices=choices) if fact.choices_from == LIST else fact for fact in use.facts
            ),
        )
        for use in tables["requests/uses.toml"]["use"]
    )
    return {**tables, "requests/uses.toml": {**tables["requests/uses.toml"], "use": uses}}


def priority_fault(policy: Policy, priority: str, use_id: str | None, facts: Mapping[str, Any]) -> str | None:
    """Return why a priority does not fit the offense that a request names, or None."""
    rule, urgency = policy.request.seriousness, policy.request.priorities.get(priority)
    offense = rule.offense(facts.get(rule.fact)) if use_id in rule.uses else None
    if urgency is None or offense is None or not urgency.offenses or offense.id in urgency.offenses:
        return None
    return f"The priority “{urgency.title}” does not fit the offense chosen: {rule.named(offense)}."


def offense_faults(tables: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Every fault of the list of offenses, one line each, without the file's name."""
    rule, uses = tables["requests/offenses.toml"]["seriousness"], tables["requests/uses.toml"]["use"]
    classes, kept = {one.id for one in rule.classes}, {one.id for one in tables["retention/rules.toml"]["class"]}
    ids = [one.id for one in rule.offenses]
    yield from (f"{one.id}: unknown class '{one.class_id}'" for one in rule.offenses if one.class_id not in classes)
    yield from (
        f"{one.id}: no case record is kept as '{one.kept_as}'" for one in rule.offenses if one.kept_as not in kept
    )
    yield from (f"{twice}: duplicate offense" for twice in sorted({one for one in ids if ids.count(one) > 1}))
    for urgency in tables["workload/rules.toml"]["priority"]:
        yield from (f"{urgency.id}: unknown offense '{one}'" for one in urgency.offenses if one not in ids)
    for use in uses:
        asks = [fact.name for fact in use.facts if fact.choices_from]
        if use.id in rule.uses and rule.fact not in asks:
            yield f"{use.id}: no fact '{rule.fact}' is chosen from the list"
        if use.id not in rule.uses and asks:
            yield f"{use.id}: this use is never asked for seriousness"
