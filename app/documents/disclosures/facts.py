"""The facts of a disclosure's documents, as frozen values that are checked when they are made (EXT-7, ACC-12).

``None`` means "not recorded" and is printed as such. Times carry their zone and are printed in it.
"""

import enum
from dataclasses import dataclass
from datetime import date, datetime

from app.clauses import enforces
from app.documents.errors import FactsError
from app.documents.facts import Person, check_aware, check_digest


class Outcome(enum.StrEnum):
    """The privacy officer's decision; ``PARTLY`` is an approval of some of the items asked for."""

    APPROVED = "approved"
    PARTLY = "approved in part"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Recipient:
    """The recipient: the kind as the policy names it, then who exactly (ACC-12).

    ``details`` are the answers asked of this kind of recipient, as (question, answer) pairs.
    """

    kind: str
    name: str | None
    affiliation: str | None
    address: str | None = None
    details: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Basis:
    """The basis of EXT-7: ``id`` such as "D1", the policy's own sentence, and the facts stated for it."""

    id: str
    title: str
    text: str
    clauses: tuple[str, ...]
    facts: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True)
class DecidedItem:
    """One item asked for, and whether its release is approved; ``stays``: why it does not leave all the same."""

    what: str
    sha256: str
    included: bool
    note: str | None = None
    stays: str | None = None

    def __post_init__(self) -> None:
        check_digest(self.sha256, "an item")


@dataclass(frozen=True, slots=True)
class Enclosure:
    """One file of the package: its path in it, what it is, its digest and size; ``note`` where it was recalled."""

    path: str
    what: str
    sha256: str
    size: int
    note: str | None = None

    def __post_init__(self) -> None:
        check_digest(self.sha256, "an enclosed file")


@dataclass(frozen=True, slots=True)
class Against:
    """One thing that spoke against the form: what whoever asked wrote of it, what whoever decided answered."""

    said: str
    reason: str | None
    answer: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DisclosureFacts:
    """The facts that both documents of a disclosure state. Raises FactsError for an absent number.

    ``answers`` are (question, answer) of what is asked of every disclosure, ``against`` what spoke against the form.
    """

    department: str
    unit: str
    number: str
    case_number: str
    dated: datetime
    recipient: Recipient
    basis: Basis
    purpose: str
    conditions: str | None
    policy_version: str
    answers: tuple[tuple[str, str | None], ...] = ()
    against: tuple[Against, ...] = ()
    demonstration: bool = False

    def __post_init__(self) -> None:
        check_aware(self.dated, "the document")
        for name in ("department", "unit", "number", "case_number", "purpose", "policy_version"):
            if not getattr(self, name).strip():
                raise FactsError(f"The document of a disclosure needs its {name.replace('_', ' ')}.")


@enforces("EXT-7")
@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionFacts(DisclosureFacts):
    """The privacy officer's written decision. Raises FactsError when it contradicts its items or says nothing.

    An approval includes at least one item, a partial one leaves at least one out, a refusal includes none.
    """

    outcome: Outcome
    text: str
    reason: str
    necessity: str | None
    identity: str | None
    items: tuple[DecidedItem, ...]
    asked_by: Person
    asked_at: datetime | None
    decided_by: Person
    decided_at: datetime
    release_by: date | None

    def __post_init__(self) -> None:
        # slots make a new class, which zero-argument super() does not know
        DisclosureFacts.__post_init__(self)
        check_aware(self.asked_at, "the request")
        check_aware(self.decided_at, "the decision")
        if not self.text.strip() or not self.reason.strip():
            raise FactsError("A written decision has its text and its reason (EXT-7).")
        included = {item.included for item in self.items}
        allowed = {Outcome.APPROVED: {True}, Outcome.PARTLY: {True, False}, Outcome.REFUSED: {False}}[self.outcome]
        if included != allowed and not (self.outcome is Outcome.REFUSED and not self.items):
            raise FactsError(f"The decision says {self.outcome}, its items say otherwise.")


@enforces("EXT-8", "SRC-9", "USE-7")
@dataclass(frozen=True, slots=True, kw_only=True)
class LetterFacts(DisclosureFacts):
    """The letter that goes with a package; it lists every file of a record; not itself, nor what checks them.

    ``lead`` says whether a possible match is among it, which is no more than a lead.
    ``checking`` are the names of the files that only check the others.
    ``withheld`` are (what, under what) of what is named instead of enclosed.
    ``onward`` is what EXT-8 demands of another government agency, None for any other recipient.
    """

    enclosures: tuple[Enclosure, ...]
    lead: bool
    sent_by: Person
    onward: str | None
    agreement: str | None
    signing_key: str
    verify_page: str
    checking: tuple[str, ...]
    withheld: tuple[tuple[str, str], ...] = ()

    @property
    def files(self) -> int:
        """How many files the package holds: those of the record, this letter, those that check them."""
        return len(self.enclosures) + 1 + len(self.checking)

    def __post_init__(self) -> None:
        DisclosureFacts.__post_init__(self)
        if not self.enclosures and not self.withheld:
            raise FactsError("A package holds at least one item.")
        if self.agreement and not (self.onward or "").strip():
            raise FactsError("The letter to an agency says that nothing is passed on without approval (EXT-8).")
        check_digest(self.signing_key, "the signing key")
