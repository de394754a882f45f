"""Frozen types of disclosures: recipients, the seven bases, purposes, what a release must hold (EXT, ACC-12)."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, Literal

from msgspec import Meta, field

from app.policy.base import Choice, Count, Fact, Questions, Rule, Statement, Text
from app.policy.forms import Prohibition


class Recipient(Rule, frozen=True, kw_only=True):
    """A kind of recipient: the ``bases`` and ``purposes`` that serve it and the facts asked about it.

    ``needs_agreement``: a written agreement with the agency must be in place (EXT-8). ``originals``: images go as the
    files that were submitted; otherwise as copies without what is written into the file.
    """

    title: Text
    bases: Annotated[tuple[str, ...], Meta(min_length=1)]
    purposes: Annotated[tuple[str, ...], Meta(min_length=1)]
    needs_agreement: bool = False
    originals: bool = False
    facts: tuple[Fact, ...] = field(name="fact", default=())


class Basis(Rule, frozen=True, kw_only=True):
    """One of the seven bases; ``text`` is the policy's own sentence.

    ``decided_by``: only the Agency Privacy Officer, or any other person than the one who asks. ``purposes`` narrows the
    purposes (empty: whatever the recipient may have). ``documents`` are the kinds that must be attached.
    """

    title: Text
    decided_by: Literal["privacy_officer", "another_person"]
    documents: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    needs_person: bool = False
    needs_designation: bool = False
    facts: tuple[Fact, ...] = field(name="fact", default=())


class Purpose(Rule, frozen=True, kw_only=True):
    """What released information may serve."""

    title: Text


class DocumentKind(Rule, frozen=True, kw_only=True):
    """A kind of supporting document."""

    title: Text


class Agreement(Questions, frozen=True, kw_only=True):
    """What the written agreement with another agency must say; not asked for on the ``except_bases``."""

    except_bases: tuple[str, ...] = ()


class Completeness(Statement, frozen=True, kw_only=True):
    """The recipients whose package must hold everything of the case (EXT-2)."""

    recipients: Annotated[tuple[str, ...], Meta(min_length=1)]


class Package(Statement, frozen=True, kw_only=True):
    """A built package: its largest size, and for how long it can be fetched once."""

    max_bytes: Count
    expires_hours: Count


class Approval(Statement, frozen=True, kw_only=True):
    """A decision: for how many days it lets a package out, by default and at most; shortest text, reason and answer
    to a contradiction.
    """

    default_days: Count
    max_days: Count
    min_text: Count
    min_reason: Count
    min_answer: Count


class Designation(Statement, frozen=True, kw_only=True):
    """A routine designation lasts at most ``max_days``."""

    max_days: Count


class DocumentRules(Statement, frozen=True, kw_only=True):
    """Which files may be attached; ``value`` is the media type sniffed from the content."""

    max_bytes: Count
    max_files: Count
    formats: Annotated[tuple[Choice, ...], Meta(min_length=1)] = field(name="format")


@dataclass(frozen=True)
class DisclosureRules:
    """disclosures/rules.toml: who may be given what, on which basis, decided by whom."""

    recipients: Mapping[str, Recipient]
    bases: Mapping[str, Basis]
    purposes: Mapping[str, Purpose]
    immigration: Prohibition
    changed_answer: Questions
    days: Statement
    addressee: Questions
    identity: Questions
    minimum: Questions
    agreement: Agreement
    completeness: Completeness
    copies: Statement
    determination: Statement
    approval: Approval
    package: Package
    receipt: Questions
    designation: Designation
    documents: DocumentRules
    document_kinds: Mapping[str, DocumentKind]
    incident: Statement


#: table -> (type, how many), as in the loader's schema
SCHEMA: Mapping[str, tuple[type, str]] = {
    "recipient": (Recipient, "many"),
    "basis": (Basis, "many"),
    "purpose": (Purpose, "many"),
    "immigration": (Prohibition, "one"),
    "changed_answer": (Questions, "one"),
    "days": (Statement, "one"),
    "addressee": (Questions, "one"),
    "identity": (Questions, "one"),
    "minimum": (Questions, "one"),
    "agreement": (Agreement, "one"),
    "completeness": (Completeness, "one"),
    "copies": (Statement, "one"),
    "determination": (Statement, "one"),
    "approval": (Approval, "one"),
    "package": (Package, "one"),
    "receipt": (Questions, "one"),
    "designation": (Designation, "one"),
    "documents": (DocumentRules, "one"),
    "document": (DocumentKind, "many"),
    "incident": (Statement, "one"),
}


def rules_of(read: Mapping[str, Any]) -> DisclosureRules:
    """The rules of the tables read from disclosures/rules.toml."""
    single = {table: read[table] for table, (_, many) in SCHEMA.items() if many == "one"}
    return DisclosureRules(
        recipients=_by_id(read["recipient"]),
        bases=_by_id(read["basis"]),
        purposes=_by_id(read["purpose"]),
        document_kinds=_by_id(read["document"]),
        **single,
    )


def faults_in(read: Mapping[str, Any]) -> list[str]:
    """References inside the rules of disclosures that lead nowhere, one line each, without the file's name."""
    bases, purposes = {rule.id for rule in read["basis"]}, {rule.id for rule in read["purpose"]}
    kinds, recipients = {rule.id for rule in read["document"]}, {rule.id for rule in read["recipient"]}
    named = [(rule.id, "basis", rule.bases, bases) for rule in read["recipient"]]
    named += [(rule.id, "purpose", rule.purposes, purposes) for rule in (*read["recipient"], *read["basis"])]
    named += [(rule.id, "kind of document", rule.documents, kinds) for rule in read["basis"]]
    named.append((read["agreement"].id, "basis", read["agreement"].except_bases, bases))
    named.append((read["completeness"].id, "recipient", read["completeness"].recipients, recipients))
    found = [
        f"{rule_id}: unknown {kind} '{name}'"
        for rule_id, kind, names, known in named
        for name in names
        if name not in known
    ]
    for rule in read["recipient"]:
        for basis in read["basis"]:
            if basis.id in rule.bases and basis.purposes and not set(basis.purposes) & set(rule.purposes):
                found.append(f"{rule.id}: no purpose of this recipient fits the basis '{basis.id}'")
    found += [
        f"{rule.id}: what is complete holds the originals"
        for rule in read["recipient"]
        if rule.id in read["completeness"].recipients and not rule.originals
    ]
    if read["approval"].default_days > read["approval"].max_days:
        found.append(f"{read['approval'].id}: default_days is larger than max_days")
    return found


def _by_id(items: tuple[Any, ...]) -> Mapping[str, Any]:
    return MappingProxyType({item.id: item for item in items})
