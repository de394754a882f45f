"""Worked cases of disclosures: whole tables of what may leave, and the answers to what a request must state."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Annotated, Any, Literal

from msgspec import Meta

from app.policy.base import Table, Text
from app.policy.disclosures import rules as disclosing
from app.policy.disclosures.rules import DecisionFacts, DesignationFacts, ReleaseFacts
from app.policy.facts import Fault
from app.policy.types import Policy

RELEASED = "released"
State = Literal["none", "determined", "refused", "approved", "lapsed", "own"]
DISCLOSURE_CHECKS = Literal[
    "disclosure_immigration",
    "disclosure_purpose",
    "disclosure_basis",
    "disclosure_identity",
    "disclosure_agreement",
    "disclosure_recipient",
]


class ReleaseTable(Table, frozen=True, kw_only=True):
    """For one basis: recipient -> for each state of the decision "released", or the clause that refuses.

    ``designated``: the recipients that the routine designation of the case covers.
    """

    basis: Text
    text: Text
    states: Annotated[tuple[State, ...], Meta(min_length=1)]
    recipients: Mapping[str, tuple[str, ...]]
    designated: tuple[str, ...] = ()


class PurposeTable(Table, frozen=True, kw_only=True):
    """For one recipient: the purposes it may have, and the clause that refuses every other."""

    recipient: Text
    text: Text
    may: tuple[str, ...]
    otherwise: Text


def cells(table: ReleaseTable) -> Iterator[tuple[str, str, str]]:
    """Yield (recipient, state, expected) of every cell. Raises ValueError when a row is not as long as the heading."""
    for recipient, row in table.recipients.items():
        for state, expected in zip(table.states, row, strict=True):
            yield recipient, state, expected


def case(table: ReleaseTable, recipient: str, state: str, today: date) -> ReleaseFacts:
    """Return the facts of one cell, on the day ``today``."""
    designation = DesignationFacts(
        recipients=table.designated,
        purposes=(),
        items=(),
        effective_on=today - timedelta(days=30),
        expires_on=today + timedelta(days=30),
    )
    return ReleaseFacts(
        recipient=recipient,
        basis=table.basis,
        decision=decision_of(state, today),
        designation=designation if table.designated else None,
    )


def decision_of(state: str, today: date) -> DecisionFacts | None:
    """Return the decision that a column of the tables stands for."""
    soon, past = today + timedelta(days=10), today - timedelta(days=1)
    return {
        "none": None,
        "determined": DecisionFacts("determined", False, soon),
        "refused": DecisionFacts("refused", False, None),
        "approved": DecisionFacts("approved", False, soon),
        "lapsed": DecisionFacts("approved", False, past),
        "own": DecisionFacts("approved", True, soon),
    }[state]


def answer(policy: Policy, faults: list[Fault]) -> str:
    """Return the rules' answer: "released", or the first clause of the rule that refuses."""
    return policy.rule(faults[0].rule_id).authority[0] if faults else RELEASED


def release_disagreements(policy: Policy, table: ReleaseTable, today: date) -> Iterator[str]:
    """Yield a sentence for each cell in which the rules differ from the table."""
    for recipient, state, expected in cells(table):
        said = answer(policy, disclosing.check_release(policy, case(table, recipient, state, today), today))
        if said != expected:
            yield f"{table.basis} × {recipient} × {state}: expected {expected}, the rules say {said}"


def purpose_disagreements(policy: Policy, table: PurposeTable) -> Iterator[str]:
    """Yield a sentence for each purpose on which the rules differ from the table."""
    for purpose in policy.disclosure.purposes:
        expected = RELEASED if purpose in table.may else table.otherwise
        said = answer(policy, disclosing.check_disclosure_purpose(policy, purpose, table.recipient, None))
        if said != expected:
            yield f"{table.recipient} × {purpose}: expected {expected}, the rules say {said}"


def missing_cells(policy: Policy, tables: tuple[ReleaseTable, ...], states: tuple[str, ...]) -> list[str]:
    """Yield the combinations of basis, recipient and state that no table holds."""
    held = {(table.basis, recipient, state) for table in tables for recipient, state, _ in cells(table)}
    wanted = [(b, r, s) for b in policy.disclosure.bases for r in policy.disclosure.recipients for s in states]
    return [" × ".join(combination) for combination in wanted if combination not in held]


def decide_stated(policy: Policy, check: str, subject: str, given: Mapping[str, Any], **about: str) -> list[Fault]:
    """What the rules answer to one stated thing; ``about`` names recipient, basis and person of the case."""
    match check:
        case "disclosure_immigration":
            return disclosing.check_immigration(policy, {"yes": True, "no": False}.get(subject))
        case "disclosure_purpose":
            return disclosing.check_disclosure_purpose(policy, subject, about["recipient"], about["basis"])
        case "disclosure_basis":
            return disclosing.check_basis_facts(policy, subject, given, about["person"])
        case "disclosure_identity":
            return disclosing.check_identity(policy, given)
        case "disclosure_agreement":
            return disclosing.check_agreement(policy, subject, about["basis"], given)
        case "disclosure_recipient":
            named = {fact.name: "As stated in the request" for fact in policy.disclosure.addressee.facts}
            return disclosing.check_recipient(policy, subject, named, given)
    raise LookupError(f"there is no check {check}")
