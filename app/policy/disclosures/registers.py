"""Registers of disclosures: agencies with their agreements, and civil immigration enforcement by name and citation."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Annotated, Any

from msgspec import Meta

from app.policy.base import Rule, Statement, Text
from app.policy.words import hyphens_joined, letters_apart, plain, readings, spoken, spoken_in, visible

Names = Annotated[tuple[Text, ...], Meta(min_length=1)]


class Agency(Rule, frozen=True, kw_only=True):
    """An agency with a written agreement: the kinds of recipient it is, its names, channel, agreement and expiry."""

    title: Text
    kinds: Annotated[tuple[Text, ...], Meta(min_length=1)]
    names: Names
    channel: Text
    reference: Text
    document: Text
    expires: date


class ImmigrationAgency(Rule, frozen=True, kw_only=True):
    """An agency of immigration enforcement by its names."""

    title: Text
    names: Names


class ImmigrationTerm(Rule, frozen=True, kw_only=True):
    """Words and citations in which civil immigration enforcement is spoken of.

    In ``names`` “*” ends the stem of a family of words, and “...” is a gap of a few words.
    """

    title: Text
    names: Names


@dataclass(frozen=True)
class Registers:
    """disclosures/registers.toml."""

    agencies: Mapping[str, Agency]
    agency_kind: Statement
    contradiction: Statement
    immigration_agencies: Mapping[str, ImmigrationAgency]
    immigration_terms: Mapping[str, ImmigrationTerm]


SCHEMA: Mapping[str, tuple[type, str]] = {
    "agency": (Agency, "many"),
    "agency_kind": (Statement, "one"),
    "immigration_contradiction": (Statement, "one"),
    "immigration_agency": (ImmigrationAgency, "many"),
    "immigration_term": (ImmigrationTerm, "many"),
}


def registers_of(read: Mapping[str, Any]) -> Registers:
    """The registers of the tables read from disclosures/registers.toml."""
    agencies, immigration, terms = (
        MappingProxyType({one.id: one for one in read[table]})
        for table in ("agency", "immigration_agency", "immigration_term")
    )
    return Registers(agencies, read["agency_kind"], read["immigration_contradiction"], immigration, terms)


def register_faults(read: Mapping[str, Any], recipients: set[str]) -> list[str]:
    """References that lead nowhere and references used twice, one line each, without the file's name."""
    found = [
        f"{rule.id}: unknown recipient '{kind}'"
        for rule in read["agency"]
        for kind in rule.kinds
        if kind not in recipients
    ]
    references = [plain(rule.reference).casefold() for rule in read["agency"]]
    return found + [f"agency: the reference {name} stands twice" for name in references if references.count(name) > 1]


@dataclass(frozen=True)
class Immigration:
    """What a form says of immigration enforcement: agencies among its recipient, terms in its purpose.

    ``resembling`` are agencies of which only an abbreviation stands there, written as an ordinary word: “Ice”.
    """

    agencies: tuple[ImmigrationAgency, ...] = ()
    terms: tuple[str, ...] = ()
    resembling: tuple[ImmigrationAgency, ...] = ()

    @property
    def speaks(self) -> bool:
        """True where anything of it stands in the form."""
        return bool(self.agencies or self.terms or self.resembling)

    @property
    def is_civil_enforcement(self) -> bool:
        """True where recipient and purpose both are civil immigration enforcement; no word that only resembles is."""
        return bool(self.agencies and self.terms)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What stands in the form, one sentence each."""
        named = tuple(f"The form names {one.title}." for one in self.agencies)
        named += tuple(f"A word of the form may name {one.title}." for one in self.resembling)
        return named + tuple(f"The form speaks of “{term}”." for term in self.terms)


def immigration_in(registers: Registers, recipient: Iterable[str], purpose: Iterable[str]) -> Immigration:
    """Return what recipient and purpose say of immigration enforcement; an agency may be named in either."""
    given = list(recipient)
    to, why = (_ways(" / ".join(texts)) for texts in (given, purpose))
    # where nothing is a capital letter, or nothing else stands, small letters say nothing of what is meant
    small = [hyphens_joined(text) for text in given if text == text.lower() or " " not in hyphens_joined(text)]
    agencies, resembling = [], []
    for one in registers.immigration_agencies.values():
        if any(any(spoken_in(one.names, ways, any_case=False)) for ways in (to, why)) or any(
            spoken_in(one.names, small)
        ):
            agencies.append(one)
        elif any(spoken_in(one.names, to)):
            resembling.append(one)
    families = [name for one in registers.immigration_terms.values() for name in one.names]
    # each by itself: a gap within a phrase is never filled from the end of one and the beginning of the other
    terms = {said.casefold(): said for where in (to, why) for _, said in spoken_in(families, where)}
    return Immigration(tuple(agencies), tuple(terms.values()), tuple(resembling))


def _ways(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*readings(text), letters_apart(text))))


def agency_named(registers: Registers, kind: str | None, name: str) -> Agency | None:
    """Return the agency of this kind that a text names, or None."""
    fitting = (one for one in registers.agencies.values() if kind in one.kinds)
    return next((one for one in fitting if any(spoken((one.title, *one.names), name))), None)


def agencies_in(registers: Registers, texts: Iterable[str]) -> list[Agency]:
    """Return the agencies that texts name, by a name of theirs or by the domain of their channel."""
    given = list(texts)
    ways = [way for text in given for way in readings(text)]
    written = " ".join(visible(text).casefold() for text in given)
    return [
        one
        for one in registers.agencies.values()
        if any(spoken_in((one.title, *one.names), ways)) or any(domain in written for domain in _domains(one.channel))
    ]


def _domains(channel: str) -> list[str]:
    return [found.casefold() for found in re.findall(r"@([\w.-]+\w)", channel)]
