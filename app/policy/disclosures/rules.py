"""Pure checks of a disclosure against disclosures/rules.toml; a fault names the form field and the rule broken.

The conditions of disclosures/workflow.toml and the tables of worked cases call the same functions.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.clauses import enforces
from app.policy.base import Fact
from app.policy.disclosures.registers import Immigration, agencies_in, agency_named
from app.policy.facts import Fault, check_facts, check_ground, check_questions
from app.policy.types import Policy
from app.policy.words import plain

#: decisions that let something out; only the Agency Privacy Officer's is an approval
GRANTS = ("approved", "determined")


@dataclass(frozen=True)
class DesignationFacts:
    """A routine designation: whom, what for and what it covers, and from when to when, both days included."""

    recipients: Collection[str]
    purposes: Collection[str]
    items: Collection[str]
    effective_on: date
    expires_on: date
    revoked: bool = False

    def in_force(self, today: date) -> bool:
        """Tell whether it is in force today."""
        return not self.revoked and self.effective_on <= today <= self.expires_on


@dataclass(frozen=True)
class DecisionFacts:
    """A decision on the present submission: its kind, whether the asker made it, its last day."""

    kind: str
    by_asker: bool
    release_by: date | None


@dataclass(frozen=True)
class ReleaseFacts:
    """What decides whether a package may leave: basis, recipient, purpose, designation, decision."""

    recipient: str
    basis: str
    decision: DecisionFacts | None
    purpose: str = ""
    designation: DesignationFacts | None = None
    items: Collection[str] = ()


@enforces("EXT-7", "EXT-1", "EXT-3", "EXT-4", "EXT-6", "PUB-1")
def check_basis(policy: Policy, basis_id: str | None, recipient_id: str | None) -> list[Fault]:
    """Check that one of the seven bases is named, and that it serves this kind of recipient."""
    rules = policy.disclosure
    recipient, basis = rules.recipients.get(recipient_id or ""), rules.bases.get(basis_id or "")
    if recipient is None:
        return [Fault("recipient_kind", "Choose what kind of recipient asks.", rules.addressee.id)]
    if basis is None:
        return [Fault("basis", "Choose one of the seven bases; there is no other.", rules.determination.id)]
    if basis_id in recipient.bases:
        return []
    return [Fault("basis", f"“{basis.title}” is no basis for a disclosure to: {recipient.title}.", recipient.id)]


@enforces("EXT-4", "EXT-6", "ACC-13")
def check_disclosure_purpose(
    policy: Policy, purpose_id: str | None, recipient_id: str | None, basis_id: str | None
) -> list[Fault]:
    """Check that the purpose is one this recipient may have, and that the basis covers it."""
    rules = policy.disclosure
    recipient, basis = rules.recipients.get(recipient_id or ""), rules.bases.get(basis_id or "")
    purpose = rules.purposes.get(purpose_id or "")
    if purpose is None:
        return [Fault("purpose", "Choose what the information serves.", rules.minimum.id)]
    title = purpose.title
    if recipient is not None and purpose_id not in recipient.purposes:
        return [Fault("purpose", f"{recipient.title}: “{title}” is not a purpose it may have.", recipient.id)]
    if basis is not None and basis.purposes and purpose_id not in basis.purposes:
        return [Fault("purpose", f"“{title}” is not covered by the basis “{basis.title}”.", basis.id)]
    return []


@enforces("EXT-7")
def check_basis_facts(policy: Policy, basis_id: str | None, facts: Mapping[str, object], person: str) -> list[Fault]:
    """Check that what the basis needs is stated."""
    basis = policy.disclosure.bases.get(basis_id or "")
    if basis is None:
        return [Fault("basis", "Choose one of the seven bases; there is no other.", policy.disclosure.determination.id)]
    found = check_ground(policy, basis.facts, facts, basis.id)
    if basis.needs_person and not person.strip():
        found.append(
            Fault("person", "This basis concerns one individual: say whom the information is about.", basis.id)
        )
    return found


@enforces("EXT-7")
def check_documents(policy: Policy, basis_id: str | None, kinds: Collection[str]) -> list[Fault]:
    """Check that each document the basis rests on is attached."""
    basis = policy.disclosure.bases.get(basis_id or "")
    missing = [kind for kind in basis.documents if kind not in kinds] if basis else []
    titles = policy.disclosure.document_kinds
    return [Fault("documents", f"Attach: {titles[kind].title}.", basis.id) for kind in missing if basis]


@enforces("ACC-12", "EXT-1", "PUB-1")
def check_recipient(
    policy: Policy, recipient_id: str | None, addressee: Mapping[str, object], facts: Mapping[str, object]
) -> list[Fault]:
    """Check that the recipient is named, with what is asked about its kind."""
    recipient = policy.disclosure.recipients.get(recipient_id or "")
    if recipient is None:
        return [Fault("recipient_kind", "Choose what kind of recipient asks.", policy.disclosure.addressee.id)]
    return check_questions(policy.disclosure.addressee, addressee) + check_facts(recipient.facts, facts, recipient.id)


@enforces("EXT-8", "EXT-4", "EXT-6", "ACC-12")
def check_kind(
    policy: Policy, recipient_id: str | None, addressee: Mapping[str, object], facts: Mapping[str, object]
) -> list[Fault]:
    """Check that no registered agency is named as another kind of recipient than the register says it is."""
    said = [str(text) for text in (*addressee.values(), *facts.values()) if text]
    other = [one for one in agencies_in(policy.registers, said) if recipient_id not in one.kinds]
    titles = policy.disclosure.recipients
    return [
        Fault(
            "recipient_kind",
            f"{one.title} is registered as: {' or '.join(titles[kind].title for kind in one.kinds)}.",
            policy.registers.agency_kind.id,
        )
        for one in other
    ]


@enforces("ACC-12")
def check_identity(policy: Policy, answers: Mapping[str, object]) -> list[Fault]:
    """Check that identity and affiliation were confirmed: how, by whom, when."""
    return check_questions(policy.disclosure.identity, answers)


@enforces("ACC-13")
def check_minimum(policy: Policy, answers: Mapping[str, object]) -> list[Fault]:
    """Check that the purpose is described and why nothing less serves it."""
    rule = policy.disclosure.minimum
    return check_ground(policy, rule.facts, answers, rule.id)


@enforces("EXT-5")
def check_immigration(policy: Policy, answer: bool | None) -> list[Fault]:
    """Check the question on immigration enforcement: only a clear no passes, for everybody and on every basis."""
    rule = policy.disclosure.immigration
    if answer is None:
        return [Fault("immigration", f"Answer: {rule.question}", rule.id)]
    refused = answer == (rule.refused_answer == "yes")
    return [Fault("immigration", rule.refusal, rule.id)] if refused else []


@enforces("EXT-5")
def prohibited_answers(
    policy: Policy, recipient_id: str | None, basis_id: str | None, stated: Mapping[str, Any]
) -> dict[str, tuple[str, str]]:
    """Return the answers given that end a disclosure: name -> (question, answer).

    ``stated``: the answer on immigration enforcement, and the answers of each set of questions by its name.
    """
    rules = policy.disclosure
    found: dict[str, tuple[str, str]] = {}
    if str(stated.get("immigration") or "") == rules.immigration.refused_answer:
        found["immigration"] = (rules.immigration.question, rules.immigration.refused_answer)
    for part, fact, answer in _answers(policy, recipient_id, basis_id, stated):
        if fact.must_be and answer and answer != fact.must_be:
            found[f"{part}.{fact.name}"] = (fact.label, answer)
    return found


def _answers(
    policy: Policy, recipient_id: str | None, basis_id: str | None, stated: Mapping[str, Any]
) -> Iterator[tuple[str, Fact, str]]:
    """Yield (set of questions, question, answer) of everything a request to this recipient on this basis is asked."""
    rules = policy.disclosure
    recipient, basis = rules.recipients.get(recipient_id or ""), rules.bases.get(basis_id or "")
    for part, facts in (
        ("recipient", rules.addressee.facts),
        ("recipient_facts", recipient.facts if recipient else ()),
        ("facts", basis.facts if basis else ()),
        ("identity", rules.identity.facts),
        ("agreement", rules.agreement.facts),
    ):
        for fact in facts:
            yield part, fact, str((stated.get(part) or {}).get(fact.name) or "").strip()


@enforces("EXT-7", "ACC-12")
def days_before(
    policy: Policy, recipient_id: str | None, basis_id: str | None, stated: Mapping[str, Any], matter: date
) -> list[str]:
    """Return a sentence for each day typed into the form that lies before the day on which the matter began."""
    found = []
    for _, fact, answer in _answers(policy, recipient_id, basis_id, stated):
        if fact.kind != "date":
            continue
        try:
            early = date.fromisoformat(answer) < matter
        except ValueError:
            continue  # another check says that it is no day
        if early:
            found.append(f"“{fact.label}” is {answer}, before the matter began on {matter}.")
    return found


@enforces("EXT-5")
def check_changed_answer(policy: Policy, changed: bool, because: str) -> list[Fault]:
    """Check that whoever changed an answer that ends a disclosure says why."""
    rule = policy.disclosure.changed_answer
    return check_ground(policy, rule.facts, {"changed_because": because}, rule.id) if changed else []


@enforces("EXT-5")
def check_immigration_terms(policy: Policy, said: Immigration) -> list[Fault]:
    """Check the rest of the form against a “no”: recipient and purpose of civil immigration enforcement are refused."""
    if not said.is_civil_enforcement:
        return []
    rule = policy.disclosure.immigration
    return [Fault("immigration", f"{' '.join(said.sentences)} {rule.refusal}", rule.id)]


@enforces("EXT-8", "EXT-3", "EXT-4")
def check_register(
    policy: Policy, recipient_id: str | None, basis_id: str | None, agency: str, reference: str, today: date
) -> list[Fault]:
    """Check that the agency is registered, and that the agreement named is the one it has, in force."""
    if not agreement_needed(policy, recipient_id, basis_id):
        return []
    rule, known = policy.disclosure.agreement, agency_named(policy.registers, recipient_id, agency)
    if known is None:
        return [Fault("agency", "The register holds no agreement with an agency of this name.", rule.id)]
    if plain(known.reference).casefold() != plain(reference).casefold():
        return [Fault("reference", f"The register holds another agreement with {known.title}.", rule.id)]
    if known.expires < today:
        return [Fault("reference", f"The agreement with {known.title} ended on {known.expires}.", rule.id)]
    return []


def agreement_needed(policy: Policy, recipient_id: str | None, basis_id: str | None) -> bool:
    """Tell whether a written agreement must be in place (EXT-8)."""
    recipient = policy.disclosure.recipients.get(recipient_id or "")
    excepted = policy.disclosure.agreement.except_bases
    return recipient is not None and recipient.needs_agreement and basis_id not in excepted


@enforces("EXT-8")
def check_agreement(
    policy: Policy, recipient_id: str | None, basis_id: str | None, answers: Mapping[str, object]
) -> list[Fault]:
    """Check the written agreement with an agency: security, onward disclosure, notice of legal process."""
    if not agreement_needed(policy, recipient_id, basis_id):
        return []
    return check_questions(policy.disclosure.agreement, answers)


@enforces("EXT-7")
def check_designation(policy: Policy, facts: ReleaseFacts, today: date) -> list[Fault]:
    """Check the basis that needs a routine designation: one in force, covering recipient, purpose and items."""
    basis = policy.disclosure.bases.get(facts.basis)
    if basis is None or not basis.needs_designation:
        return []
    given = facts.designation
    if given is None:
        return [Fault("designation", "Choose the routine designation.", basis.id)]
    if not given.in_force(today):
        return [Fault("designation", "The routine designation is not in force.", basis.id)]
    if facts.recipient not in given.recipients:
        return [Fault("designation", "The routine designation does not cover this kind of recipient.", basis.id)]
    if facts.purpose and facts.purpose not in given.purposes:
        return [Fault("designation", "The routine designation does not cover this purpose.", basis.id)]
    if set(facts.items) - set(given.items):
        return [Fault("designation", "The routine designation does not cover items of this kind.", basis.id)]
    return []


@enforces("ACC-12")
def check_decider(policy: Policy, decision: DecisionFacts | None) -> list[Fault]:
    """Check that whoever asked did not decide."""
    if decision is not None and decision.by_asker:
        return [Fault("decision", "Whoever asks for a disclosure does not decide on it.", determination(policy))]
    return []


@enforces("EXT-7", "ACC-12")
def check_decision(policy: Policy, basis_id: str, decision: DecisionFacts | None, today: date) -> list[Fault]:
    """Check that the decision the basis needs was made, and still lets a package out today."""
    basis = policy.disclosure.bases[basis_id]
    by_officer = basis.decided_by == "privacy_officer"
    rule = basis.id if by_officer else determination(policy)
    if decision is None or decision.kind not in GRANTS:
        wanted = "approved this in writing" if by_officer else "found this release lawful"
        who = "The Agency Privacy Officer has not" if by_officer else "No other person has"
        return [Fault("decision", f"{who} {wanted}.", rule)]
    if by_officer and decision.kind != "approved":
        return [Fault("decision", "This basis needs the Agency Privacy Officer's own approval in writing.", rule)]
    if decision.release_by is None or decision.release_by < today:
        return [Fault("decision", "The decision has lapsed; a fresh one is needed.", rule)]
    return []


def check_release(policy: Policy, facts: ReleaseFacts, today: date) -> list[Fault]:
    """Return the first reason why a package may not leave, in the engine's order; none when it may."""
    return (
        check_basis(policy, facts.basis, facts.recipient)
        or check_designation(policy, facts, today)
        or check_decider(policy, facts.decision)
        or check_decision(policy, facts.basis, facts.decision, today)
    )


@enforces("EXT-1", "EXT-2")
def check_complete(
    policy: Policy, recipient_id: str | None, included: Collection[str], required: Collection[str]
) -> list[Fault]:
    """Check that a package that must be complete holds everything required; both are ids of items."""
    rule = policy.disclosure.completeness
    missing = set(required) - set(included) if recipient_id in rule.recipients else set()
    if not missing:
        return []
    return [Fault("items", f"{len(missing)} of {len(set(required))} things of the case are left out.", rule.id)]


def determination(policy: Policy) -> str:
    """Return the rule that another person finds a release lawful."""
    return policy.disclosure.determination.id
