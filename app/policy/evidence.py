"""Pure rules of the ledger of evidence (USE-8): what depends on a result, what outcome and arrest rest on.

Moments are meant in the department's time zone and carry none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Literal

from app.clauses import enforces
from app.policy.facts import Fault, check_facts, check_ground, time_of
from app.policy.forms import Outcome
from app.policy.types import Policy
from app.policy.words import folded, is_family, spoken, visible

#: on what an arrest rests, as far as the result is concerned
Basis = Literal["no_lead", "before_lead", "on_lead"]
#: how an item recorded after a result is dated: not before it, or before it, with or without a citation of that
Dating = Literal["no", "cited", "uncited"]
ARREST = "arrest"
#: the answer that an item rests on nobody's recognition, and what is said where it does
NO_PERSON = "no_person"
RECOGNISED = (
    "The item tells of a person who recognized or named somebody: say whether that person was shown or told anything."
)
UNIDENTIFIED = "Give the number that identifies it: of the laboratory, the property office or the record."
UNAGREED = " Without the agreement of the supervisor named in the request no item counts ({})."
#: the ground of an arrest that only a request about a person under arrest can have
UNDER_ARREST = "under_arrest"
#: the condition that an arrest is possible
POSSIBLE = "arrest_possible"


@dataclass(frozen=True, slots=True)
class Item:
    """One item of evidence, as the rules see it. `clock` is None where the time of day is not known.

    `agreed`: the supervisor named in the request agreed to it; nothing counts on the word of its writer alone.
    """

    on: date
    clock: time | None
    depends: bool
    speaks_for: bool
    agreed: bool = False

    @property
    def independent(self) -> bool:
        """Tell whether it corroborates without the result."""
        return self.speaks_for and not self.depends and self.agreed

    def before(self, moment: datetime) -> bool:
        """Tell whether it was obtained before a moment; of the same day only with a time that says so."""
        if self.on != moment.date():
            return self.on < moment.date()
        return self.clock is not None and self.clock < moment.time()


@enforces("USE-8")
def check_item(
    policy: Policy, kind: str, facts: Mapping[str, object], present: datetime, matter: date | None = None
) -> list[Fault]:
    """Return everything wrong with an item of evidence: its kind, its answers, a moment that has not come.

    `matter` is the day on which the matter began, where known: nothing was obtained in it before.
    """
    rule = policy.request.evidence
    found = check_ground(policy, rule.facts, facts, rule.id, present.date())
    if kind not in policy.request.evidence_kinds:
        found.insert(0, Fault("kind", "Choose what kind of evidence it is.", rule.id))
    nobody = facts.get("shown_or_told") == NO_PERSON and kind in policy.request.evidence_kinds
    if nobody and recognises(policy, kind, facts):
        found.append(Fault("shown_or_told", RECOGNISED, rule.id))
    known = policy.request.evidence_kinds.get(kind)
    if known is not None and known.thing and not _numbered(facts.get("thing_number")):
        found.append(Fault("thing_number", UNIDENTIFIED, rule.id))
    if not found and _moment(facts, "obtained_on", "obtained_time", time.min) > present:
        found.append(Fault("obtained_time", "This time lies in the future.", rule.id))
    if not found and matter is not None and date.fromisoformat(str(facts["obtained_on"])) < matter:
        found.append(Fault("obtained_on", "This day lies before the matter; nothing was obtained in it then.", rule.id))
    return found or _faults_of_citation(policy, facts, present)


def _faults_of_citation(policy: Policy, facts: Mapping[str, object], present: datetime) -> list[Fault]:
    """Return what is wrong with the words on where an item stood before; whether it did, `dated` tells."""
    rule, found = policy.request.evidence, []
    given = {name for name in (*rule.cited_by, "stood_time") if visible(str(facts.get(name) or ""))}
    labels = {fact.name: fact.label for fact in rule.facts}
    if not given:
        return []
    for name in rule.cited_by:
        if name not in given:
            found.append(Fault(name, f"{labels[name]}: say it too, or leave all of it open.", rule.id))
    if "stood_in" in given and not _numbered(facts["stood_in"]):
        found.append(Fault("stood_in", "Give the number of the document or entry.", rule.id))
    if not found and _moment(facts, "stood_on", "stood_time", time.min) > present:
        found.append(Fault("stood_time", "This time lies in the future.", rule.id))
    if not found and _moment(facts, "stood_on", "stood_time", time.max) < _moment(
        facts, "obtained_on", "obtained_time", time.min
    ):
        found.append(Fault("stood_on", "The item had not been obtained then.", rule.id))
    return found


def _numbered(text: object) -> bool:
    return re.search(r"\d", visible(str(text or ""))) is not None


@enforces("USE-8")
def dated(policy: Policy, facts: Mapping[str, object], lead: datetime | None) -> Dating:
    """Tell whether an item recorded after a result is dated before it, and cites what shows that.

    Cited is a document or entry made before the result was received: of the same day only with a time that says so.
    """
    if lead is None or not item_of(facts, False).before(lead):
        return "no"
    if not all(visible(str(facts.get(name) or "")) for name in policy.request.evidence.cited_by):
        return "uncited"
    return "cited" if _made(facts, "stood").before(lead) else "uncited"


def _made(facts: Mapping[str, object], record: str) -> Item:
    return Item(date.fromisoformat(str(facts.get(f"{record}_on"))), time_of(facts.get(f"{record}_time")), False, True)


@enforces("USE-8", "USE-7")
def depends(policy: Policy, kind: str, facts: Mapping[str, object], after_lead: bool) -> bool:
    """Tell whether an item depends on the result: by what is said of it, by its kind, or by its own words.

    Who calls a line-up by another name changes nothing: see ``identification_words``. Nor does its day: before the
    result there was no candidate whom anybody could have been shown. Silence on what a person who recognised somebody
    had seen and heard counts against what came after the result; that they were shown or told, against all.
    """
    told = "yes" in (facts.get("shown_or_told"), facts.get("told_since"))
    if facts.get("stands_alone") != "yes" or told:
        return True
    if policy.request.evidence_kinds[kind].after_lead_depends or tells_of_identification(policy, facts):
        return True
    return after_lead and not untouched(policy, kind, facts)


@enforces("USE-8", "USE-7")
def untouched(policy: Policy, kind: str, facts: Mapping[str, object]) -> bool:
    """Tell whether nobody on whose recognition an item rests was shown or told anything of the candidate.

    That must be said, of before and of since, and how it is known; what is left open is not said.
    """
    if facts.get("shown_or_told") == NO_PERSON:
        return not recognises(policy, kind, facts)
    said = (facts.get("shown_or_told"), facts.get("told_since"))
    return said == ("no", "no") and bool(str(facts.get("told_source") or "").strip())


def recognises(policy: Policy, kind: str, facts: Mapping[str, object]) -> bool:
    """Tell whether an item rests on a person who recognised or named somebody: by its kind, or by its own words."""
    families = policy.request.evidence.recognition_words
    return policy.request.evidence_kinds[kind].recognition or any(spoken(families, _told(facts)))


def tells_of_identification(policy: Policy, facts: Mapping[str, object]) -> bool:
    """Tell whether an item's own words speak of an identification by picture, however spaced or hyphenated."""
    told = _told(facts)
    words, said = policy.request.evidence.identification_words, _plain(told)
    families = [word for word in words if is_family(word)]
    return any(_plain(word) in said for word in words if not is_family(word)) or any(spoken(families, told))


def _told(facts: Mapping[str, object]) -> str:
    return " / ".join(str(facts.get(name) or "") for name in ("what", "source", "why", "told_source"))


def _plain(words: str) -> str:
    return re.sub(r"[\W_]+", "", folded(words).casefold())


def same_words(one: object, other: object) -> bool:
    """Tell whether two descriptions say the same, apart from spaces, signs and capital letters."""
    return _plain(str(one)) == _plain(str(other))


def named(number: str, text: str) -> bool:
    """Tell whether a text names a number, however it is spaced or signed."""
    return _plain(number) in _plain(text)


def item_of(
    facts: Mapping[str, object], depends_on_lead: bool, recorded: datetime | None = None, *, agreed: bool = False
) -> Item:
    """Return an item as the rules see it, from answers that were checked.

    `recorded`: when it was, where it counts as obtained then for want of a citation.
    """
    speaks_for = facts.get("speaks") == "for"
    if recorded is not None:
        return Item(recorded.date(), recorded.time(), depends_on_lead, speaks_for, agreed)
    on = date.fromisoformat(str(facts["obtained_on"]))
    return Item(on, time_of(facts.get("obtained_time")), depends_on_lead, speaks_for, agreed)


def arrested_at(facts: Mapping[str, object]) -> datetime | None:
    """Return when an arrest was made, or None where its day or time is not one."""
    try:
        return _moment(facts, "arrested_on", "arrested_time", None)
    except ValueError:
        return None


def _moment(facts: Mapping[str, object], day: str, clock: str, otherwise: time | None) -> datetime:
    at = time_of(facts.get(clock)) or otherwise
    if at is None:
        raise ValueError("the time of day is not known")
    return datetime.combine(date.fromisoformat(str(facts.get(day) or "")), at)


def basis_of(arrested: datetime, lead: datetime | None) -> Basis:
    """Return what an arrest rests on: whether it was made after a result was received, whatever is said about it."""
    if lead is None:
        return "no_lead"
    return "before_lead" if arrested < lead else "on_lead"


def in_hand(items: Iterable[Item], arrested: datetime) -> int:
    """Count the items independent of the result that had been obtained when the arrest was made."""
    return sum(item.independent and item.before(arrested) for item in items)


@enforces("USE-8", "AUD-7")
def check_arrest(
    policy: Policy,
    facts: Mapping[str, object],
    *,
    lead: datetime | None,
    matter: date | None,
    present: datetime,
    use: str | None = None,
) -> list[Fault]:
    """Return everything wrong with what is said of an arrest: never that it was made on too little.

    `lead` is when a possible match of the matter was first received, `matter` the day of the matter, where known.
    `use` is that of the request: only some uses are of a person who is under arrest already.
    """
    found = check_facts(policy.request.outcomes[ARREST].facts, facts, ARREST, present.date())
    arrested = arrested_at(facts)
    if found or arrested is None:
        return found
    if arrested > present:
        found.append(Fault("arrested_time", "This time lies in the future.", POSSIBLE))
    if matter is not None and arrested.date() < matter:
        day = matter.isoformat()
        found.append(Fault("arrested_on", f"The arrest lies before the matter, which is of {day}.", POSSIBLE))
    if lead is not None and basis_of(arrested, lead) == "before_lead":
        found += _faults_of_earlier(policy, facts, arrested, lead, use)
    return found


def _faults_of_earlier(
    policy: Policy, facts: Mapping[str, object], arrested: datetime, lead: datetime, use: str | None
) -> list[Fault]:
    """Return what is wrong with an arrest that is reported after the result and dated before it."""
    rule, found = policy.request.evidence, []
    if not facts.get("ground"):
        found.append(Fault("ground", "The arrest was made before the result was received: say on what.", POSSIBLE))
    if facts.get("ground") == UNDER_ARREST and use not in rule.under_arrest_uses:
        said = f"Only a request on {' or '.join(rule.under_arrest_uses)} is about a person who is under arrest."
        found.append(Fault("ground", said, POSSIBLE))
    open_ = [name for name in rule.arrest_cited_by if not visible(str(facts.get(name) or ""))]
    if open_:
        said = "It is reported after the result and dated before it: cite the record in which it stood before."
        return [*found, *(Fault(name, said, POSSIBLE) for name in open_)]
    if not _numbered(facts["record_in"]):
        found.append(Fault("record_in", "Give the number of the document or entry.", POSSIBLE))
    if _moment(facts, "record_on", "record_time", time.max) < arrested:
        found.append(Fault("record_on", "The arrest had not been made then.", POSSIBLE))
    if not _made(facts, "record").before(lead):
        said = "That record was made with the result or after it; of the same day, give its time."
        found.append(Fault("record_on", said, POSSIBLE))
    return found


@enforces("USE-8", "AUD-7")
def contradicts_request(policy: Policy, arrested: datetime, filed: datetime | None, use: str | None) -> bool:
    """Tell whether an arrest lies before the request was filed that asked who an unknown person is."""
    return filed is not None and arrested < filed and use not in policy.request.evidence.under_arrest_uses


@enforces("USE-8", "USE-7")
def lacking(outcome: Outcome, items: Sequence[Item]) -> str | None:
    """Return what an outcome after a possible match lacks on record, as a sentence, or None."""
    independent = sum(item.independent for item in items)
    if independent < outcome.least_independent:
        depending = sum(item.speaks_for and item.depends for item in items)
        also = f" What is on record ({depending}) depends on it." if depending else ""
        unagreed = sum(item.speaks_for and not item.depends and not item.agreed for item in items)
        also += UNAGREED.format(unagreed) if unagreed else ""
        return f"No item of evidence on record stands without the facial recognition result.{also}"
    against = [item for item in items if not item.speaks_for]
    if sum(item.agreed for item in against) < outcome.least_against:
        also = UNAGREED.format(len(against)) if against else ""
        return f"No item of evidence on record speaks against the possible match.{also}"
    return None


def check_corroboration(policy: Policy, outcome_id: str, facts: Mapping[str, Any]) -> list[Fault]:
    """Check a whole case: its `lead`, `matter` and `present` moments, the `arrest`, the `items`."""
    lead, present, arrest = facts.get("lead"), facts["present"], facts.get("arrest", {})
    if outcome_id == ARREST:
        use = facts.get("use")
        found = check_arrest(policy, arrest, lead=lead, matter=facts.get("matter"), present=present, use=use)
        arrested = arrested_at(arrest)
        if found or arrested is None or basis_of(arrested, lead) != "on_lead":
            return found
    if lead is None:
        return []
    items = []
    for one in facts.get("items", ()):
        said = {name: value for name, value in one.items() if name not in ("kind", "agreed")}
        wrong = check_item(policy, one["kind"], said, present, facts.get("matter"))
        if wrong:
            return wrong
        dating = dated(policy, said, lead)
        recorded = present if dating == "uncited" else None
        rests, agreed = depends(policy, one["kind"], said, dating != "cited"), bool(one.get("agreed"))
        items.append(item_of(said, rests, recorded, agreed=agreed))
    missing = lacking(policy.request.outcomes[outcome_id], items)
    return [Fault("items", missing, outcome_id)] if missing else []


def numbered(policy: Policy, count: int) -> Literal["none", "one", "several"]:
    """Return how the yearly figure counts so many independent items."""
    if count >= policy.request.evidence.several:
        return "several"
    return "one" if count else "none"
