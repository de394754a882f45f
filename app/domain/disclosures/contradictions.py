"""What a disclosure request says against itself, and what was said before (EXT-5, EXT-7).

An answer that ends a disclosure is kept with who gave it and when. Whoever changes it says why; whoever decides
answers it, as everything else in which the form contradicts itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from app.clauses import enforces
from app.domain.accounts.naming import here
from app.domain.disclosures.items import filed
from app.domain.requests.ledger import matter_began
from app.extensions import db
from app.models.disclosures import Disclosure
from app.models.matters import in_matter_of
from app.policy import policy
from app.policy.disclosures.registers import Immigration, immigration_in
from app.policy.disclosures.rules import days_before, prohibited_answers
from app.policy.facts import YES_NO
from app.policy.words import readings, spoken_in
from app.storage import StorageError


@dataclass(frozen=True, slots=True)
class Given:
    """A prohibited answer that was given once: in which disclosure, to which question, by whom, at which moment."""

    number: str
    question: str
    answer: str
    by: str
    at: datetime

    @property
    def sentence(self) -> str:
        """Return who gave which answer to which question, and when."""
        return (
            f"{self.number}: “{self.question}” was answered “{YES_NO.get(self.answer, self.answer)}” by {self.by} on "
            f"{here(self.at):%Y-%m-%d at %H:%M}; the answer was changed afterwards."
        )


@dataclass(frozen=True, slots=True)
class Contradiction:
    """One thing that speaks against the form. `reason`: what whoever asks wrote of it."""

    said: str
    reason: str = ""

    @property
    def key(self) -> str:
        """Return its name in the form of the decision."""
        return hashlib.sha256(self.said.encode()).hexdigest()[:12]


@enforces("EXT-5")
def immigration_of(disclosure: Disclosure) -> Immigration:
    """Return what recipient, basis, purpose and necessity say of immigration enforcement, by the registers."""
    private = disclosure.private
    recipient = [*private.get("recipient", {}).values(), *private.get("recipient_facts", {}).values()]
    purpose = [*private.get("facts", {}).values(), private.get("purpose_text", ""), private.get("necessity", "")]
    purpose += private.get("agreement", {}).values()
    return immigration_in(policy().registers, map(str, recipient), map(str, purpose))


def prohibited_in(disclosure: Disclosure) -> dict[str, tuple[str, str]]:
    """Return the answers in the form that end a disclosure: name -> (question, answer)."""
    return prohibited_answers(policy(), disclosure.recipient_kind, disclosure.basis, stated_in(disclosure))


def stated_in(disclosure: Disclosure) -> dict[str, Any]:
    """Return the answers of the form that a rule may prohibit."""
    private = disclosure.private
    return {
        "immigration": {True: "yes", False: "no", None: ""}[disclosure.immigration],
        **{name: private.get(name, {}) for name in ("recipient", "recipient_facts", "facts", "identity", "agreement")},
    }


@enforces("EXT-5")
def earlier_answers(disclosure: Disclosure) -> list[Given]:
    """Return the prohibited answers that the form no longer gives, also those of this person's other drafts of the
    matter: beginning anew is no way around an answer.
    """
    now = {name: answer for name, (_, answer) in prohibited_in(disclosure).items()}
    rows = select(Disclosure).where(
        in_matter_of(Disclosure.case_number, disclosure.case_number),
        Disclosure.asked_by_id == disclosure.asked_by_id,
        Disclosure.erased_at.is_(None),
    )
    found = [disclosure, *(one for one in db.session.scalars(rows) if one.id != disclosure.id)]
    return [
        Given(one.number, entry["question"], entry["answer"], entry["by"], datetime.fromisoformat(entry["at"]))
        for one in found
        for entry in _kept(one)
        if now.get(entry["name"]) != entry["answer"]
    ]


def _kept(disclosure: Disclosure) -> Iterator[Mapping[str, str]]:
    with suppress(StorageError):
        yield from disclosure.private.get("prohibited_answers", ())


@enforces("EXT-5", "EXT-7")
def contradictions_of(disclosure: Disclosure) -> list[Contradiction]:
    """Return what speaks against the form: answers changed first, then words of immigration, then impossible days."""
    because = str(disclosure.private.get("changed_because") or "")
    found = [Contradiction(given.sentence, because) for given in earlier_answers(disclosure)]
    found += [Contradiction(sentence) for sentence in _said_of_immigration(disclosure)]
    began = _matter_began(disclosure)
    if began is None:
        return found
    about = (policy(), disclosure.recipient_kind, disclosure.basis, stated_in(disclosure), began)
    return found + [Contradiction(sentence) for sentence in days_before(*about)]


def _said_of_immigration(disclosure: Disclosure) -> list[str]:
    """Return the sentences on immigration enforcement, each agency with the words of the form that name it."""
    said, private = immigration_of(disclosure), disclosure.private
    typed = [str(text) for part in ("recipient", "recipient_facts", "facts") for text in private.get(part, {}).values()]
    typed += [str(private.get("purpose_text", "")), str(private.get("necessity", ""))]
    ways = [way for text in typed for way in readings(text)]
    quoted = {}
    for one in said.agencies:
        words = next((words for _, words in spoken_in(one.names, ways)), "")
        if words:
            quoted[f"The form names {one.title}."] = f"The form names {one.title}: “{words}”."
    return [quoted.get(sentence, sentence) for sentence in said.sentences]


def _matter_began(disclosure: Disclosure) -> date | None:
    """Return the day on which the matter of a disclosure began, as the first of its requests that says so states it."""
    requests = filed(disclosure.case_number)
    return matter_began(requests[0]) if requests else None


def for_the_officer(disclosure: Disclosure) -> bool:
    """Tell whether the Agency Privacy Officer decides, for something speaks against the form."""
    return bool(contradictions_of(disclosure))
