"""Frozen types of retention: the rule tables, the facts asked about a record, and the answer with its reasons."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, field

from app.policy.base import Count, Rule, Statement, Table, Text

Keep = Literal["permanent", "permanent_until", "years_after_closure", "until_age", "years_after_age"]
Status = Literal["held", "open", "unclassified", "permanent", "unknown", "upcoming", "disposable"]
PersonRole = Literal["suspect", "victim", "relative", "witness"]
Kind = Literal["closed", "reopened", "disposition", "event"]


class RetentionClass(Rule, frozen=True, kw_only=True):
    """A class of case record and how long it is kept (RET-1 to RET-8).

    ``years`` counts from closure or from an age; ``age`` is attained by the people marked ``person``;
    ``ends_with`` names the event that ends a permanent period; ``except_classes`` go by their own rule instead;
    ``under`` is the age that the people marked ``person`` had not attained when the matter began.
    """

    title: Text
    keep: Keep
    years: Count | None = None
    age: Count | None = None
    person: Literal["child_victim", "juvenile", ""] = ""
    under: Count | None = None
    ends_with: str = ""
    except_classes: tuple[str, ...] = ()


class SuspectedOffense(Table, frozen=True, kw_only=True):
    """An offense by the words in which requests name it, and the class they suggest."""

    class_id: Text = field(name="class")
    words: Annotated[tuple[Text, ...], Meta(min_length=1)]


class Suspicion(Statement, frozen=True, kw_only=True):
    """The suspicion of a request, as a class: the ``fact`` of its basis that names the offense, and the words in it.

    ``min_length`` and ``min_words``: what the source of a disposition below it has at least.
    """

    fact: Text
    min_length: Count
    min_words: Count
    offenses: Annotated[tuple[SuspectedOffense, ...], Meta(min_length=1)] = field(name="offense")


class ScheduleRule(Statement, frozen=True, kw_only=True):
    """The published Schedule that the periods rest on (RET-12), by the ``edition`` that the department states.

    ``review_days``: so long after a review the next is due; ``min_note``: characters of what a review found.
    """

    name: Text
    publisher: Text
    supplement: Text
    edition: str = ""
    review_days: Count
    min_note: Count


class Closure(Rule, frozen=True, kw_only=True):
    """A reason for which a case is closed; there is no other (RET-11).

    ``no_arrest``: an arrest contradicts it. ``after_arrest``: it comes some day after an arrest and a request; without
    them it is told to whoever decides.
    """

    title: Text
    no_arrest: bool = False
    after_arrest: bool = False


class EndingEvent(Rule, frozen=True, kw_only=True):
    """An event that ends a period that is otherwise permanent (RET-1)."""

    title: Text


class FileRule(Rule, frozen=True, kw_only=True):
    """How long a personal information file is kept (RET-9, RET-10).

    ``with_case``: as long as the case records. Otherwise the shorter of ``after_death`` years after death, and
    ``after_birth`` years after birth once the last ``arrest_free`` years saw no arrest, which a look at the arrest
    records at most ``look_up_days`` ago must say.
    """

    title: Text
    role: Literal["criminal_or_suspect", "associated"]
    with_case: bool
    after_death: Count | None = None
    after_birth: Count | None = None
    arrest_free: Count | None = None
    look_up_days: Count | None = None


class HoldKind(Rule, frozen=True, kw_only=True):
    """A reason to hold a record whatever its period."""

    title: Text


@dataclass(frozen=True)
class RetentionRules:
    """retention/rules.toml. ``principles`` holds the rules that no class, closure, event, file or hold is."""

    classes: Mapping[str, RetentionClass]
    closures: Mapping[str, Closure]
    events: Mapping[str, EndingEvent]
    files: Mapping[str, FileRule]
    holds: Mapping[str, HoldKind]
    principles: Mapping[str, Statement]
    suspicion: Suspicion
    schedule: ScheduleRule


@dataclass(frozen=True)
class HistoryEntry:
    """One line of a case's history; ``value`` is the id of the closure, class or event, empty for a reopening."""

    kind: Kind
    on: date
    value: str = ""


@dataclass(frozen=True)
class LinkedPerson:
    """The known facts of a person linked to a case; ``ref`` is an id that names nobody."""

    ref: str
    role: PersonRole
    born_on: date | None = None
    died_on: date | None = None
    last_arrest_on: date | None = None
    child_victim: bool = False
    juvenile: bool = False


@dataclass(frozen=True)
class Hold:
    """A hold in force; ``number`` is its own, ``kind`` one of the rule file's."""

    number: str
    kind: str
    placed_on: date


@dataclass(frozen=True)
class CaseFacts:
    """The facts that decide on a case record.

    ``classes`` are those a person confirmed, when the history had ``history_seen`` lines; ``history`` is in the
    order recorded; ``open_requests`` and ``open_disclosures`` count what is not at an end; ``holds`` are those in
    force; ``filed_on`` is the day on which the last of its requests was filed, ``began_on`` the earliest day of the
    matter that the portal knows; ``matter`` holds the other case records of its matter, each as it stands alone.
    """

    classes: tuple[str, ...] = ()
    history_seen: int = 0
    history: tuple[HistoryEntry, ...] = ()
    people: tuple[LinkedPerson, ...] = ()
    open_requests: int = 0
    holds: tuple[Hold, ...] = ()
    open_disclosures: int = 0
    filed_on: date | None = None
    began_on: date | None = None
    matter: tuple["LinkedCase", ...] = ()


@dataclass(frozen=True)
class Reason:
    """One step of the derivation, in plain words: no names, only ids and dates.

    ``on`` is the first day on which this step alone would allow disposal (None: it names no day); ``decides`` marks
    the step that settles its parent.
    """

    rule_id: str
    clause: str
    sentence: str
    on: date | None = None
    children: tuple["Reason", ...] = ()
    decides: bool = False


@dataclass(frozen=True)
class Standing:
    """A record's standing on one day.

    ``earliest``: the first day on which disposal is allowed as things stand, only when ``disposable`` or
    ``upcoming``. ``only_with``: case records that must be disposed of before or together with this person file
    (empty for case records); a file is never disposed of while one of them is kept.
    """

    status: Status
    earliest: date | None
    why: Reason
    only_with: tuple[str, ...] = ()


@dataclass(frozen=True)
class LinkedCase:
    """Another case record to which this one, or a person file, belongs: its number, its standing or day of disposal.

    For a person file also: the day on which its last request was filed, and, where the person is a suspect in it, the
    earliest day of the matter that the portal knows.
    """

    case_number: str
    standing: Standing | None
    disposed_on: date | None = None
    filed_on: date | None = None
    suspected_from: date | None = None


@dataclass(frozen=True)
class PersonFacts:
    """The facts that decide on a personal information file.

    ``role`` is ``criminal_or_suspect`` when the person is a suspect in any linked case. That there was no
    arrest since is known only when somebody looked lately: ``arrests_checked_on``.
    """

    role: Literal["criminal_or_suspect", "associated"]
    born_on: date | None = None
    died_on: date | None = None
    last_arrest_on: date | None = None
    arrests_checked_on: date | None = None
    cases: tuple[LinkedCase, ...] = ()
    holds: tuple[Hold, ...] = ()


@dataclass(frozen=True)
class Proposal:
    """Classes the rules propose from a history; a person confirms them.

    ``superseded``: classes of earlier dispositions that a reopening set aside. If one of them still stands for
    another arrestee, the person who confirms adds it.
    """

    classes: tuple[str, ...] = ()
    superseded: tuple[str, ...] = dataclass_field(default=())
