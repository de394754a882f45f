"""The asker's verbs on a disclosure: draft, items, documents, submit, withdraw (EXT, ACC-12).

The verbs of decision and release are in `decisions` and are offered here too. Every function needs an open
unit of work and raises Refused; none commits.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from app import audit
from app.access.actor import Actor
from app.access.capabilities import check_capability
from app.clauses import enforces
from app.domain.accounts.people import holders_of
from app.domain.disclosures.contradictions import for_the_officer, prohibited_in
from app.domain.disclosures.decisions import (
    acknowledge,
    approve,
    begin_fetch,
    default_release_by,
    determine,
    discard_unfetched,
    expire_due,
    fail_release,
    fetch,
    finish_release,
    keep_decision_document,
    refuse,
    reissue,
    release,
    return_for_changes,
    withheld,
)
from app.domain.disclosures.designations import by_number
from app.domain.disclosures.items import available_items, check_own_case
from app.domain.matters import numbers
from app.domain.notices.notifications import tell
from app.domain.numbers import draw
from app.extensions import db, stores
from app.models.base import now
from app.models.disclosures import Disclosure, DisclosureDocument, DisclosureItem
from app.policy import policy
from app.policy.case_numbers import check_case_number
from app.policy.names import DisclosureVerb
from app.policy.refused import Refused
from app.storage import BlobRef
from app.storage.keys import Derived
from app.workflow.engine import advance, explain, refuse_if

__all__ = [
    "DisclosureValues",
    "acknowledge",
    "add_document",
    "approve",
    "begin_fetch",
    "create_draft",
    "deciders",
    "default_release_by",
    "determine",
    "expire_due",
    "fail_release",
    "fetch",
    "finish_release",
    "keep_decision_document",
    "open_for_changes",
    "person_digest",
    "refuse",
    "reissue",
    "release",
    "remove_document",
    "resubmit",
    "return_for_changes",
    "save_draft",
    "set_items",
    "submit",
    "withdraw",
    "withheld",
]

#: while one of these steps leads on, whoever asked may still change the request
FILING: tuple[DisclosureVerb, ...] = ("submit", "resubmit")


@dataclass(frozen=True, slots=True)
class DisclosureValues:
    """What is stated in a disclosure request; anything may still be missing in a draft.

    `recipient` answers [addressee], `recipient_facts` the facts of the recipient kind, `facts` those of the basis,
    `identity` [identity], `agreement` [agreement] of disclosures/rules.toml. `immigration` is "yes", "no" or empty;
    `designation` the number of a routine designation.
    """

    recipient_kind: str | None = None
    recipient: Mapping[str, str] = field(default_factory=dict)
    recipient_facts: Mapping[str, str] = field(default_factory=dict)
    basis: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    designation: str | None = None
    purpose: str | None = None
    purpose_text: str = ""
    necessity: str = ""
    person: str = ""
    immigration: str = ""
    identity: Mapping[str, str] = field(default_factory=dict)
    agreement: Mapping[str, str] = field(default_factory=dict)
    changed_because: str = ""


def person_digest(name: str) -> str | None:
    """A keyed digest (hex) of a person's name, the same for “Lark, Dana” and “dana lark”; None for no name."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    words = re.findall(r"\w+", "".join(c for c in plain if not unicodedata.combining(c)))
    if not words:
        return None
    key = stores().keys.derived(Derived.DISCLOSURES)
    return hmac.new(key, " ".join(sorted(words)).encode(), "sha256").hexdigest()


@enforces("EXT-7", "ACC-6")
def create_draft(actor: Actor, case_number: str) -> Disclosure:
    """Begin a disclosure request under its own data key.

    Raises Refused for a case number of no accepted form, and for a case that is not the actor's to disclose from.
    """
    check_capability(actor, "disclosure.file")
    faults = check_case_number(policy(), case_number)
    if faults:
        raise Refused(faults[0].rule_id, faults[0].message, faults=faults)
    check_own_case(case_number, actor)
    disclosure = Disclosure(
        number=draw("D"),
        key_id=stores().keys.create(),
        policy_version=policy().version,
        asked_by_id=actor.id,
        case_number=(number := numbers.take(case_number)),
        typed_number=numbers.as_typed(case_number, number),
    )
    db.session.add(disclosure)
    db.session.flush()
    audit.record("disclosure.created", disclosure, actor=actor, case_number=disclosure.case_number)
    return disclosure


def open_for_changes(disclosure: Disclosure, actor: Actor) -> None:
    """Refuse unless the actor asked for the disclosure and it is a draft or came back for changes."""
    check_capability(actor, "disclosure.file")
    refuse_if("actor_asked", disclosure.asked_by_id != actor.id, "You did not file this disclosure request.")
    title = disclosure.stands.title
    refuse_if("WF-disclosure-submit", not disclosure.takes(*FILING), f"The disclosure is now in the state “{title}”.")


def save_draft(disclosure: Disclosure, actor: Actor, values: DisclosureValues) -> None:
    """Keep what was typed, complete or not; `submit` judges completeness.

    Raises Refused for words that are no recipient kind, basis or purpose, and for an unknown designation.
    """
    open_for_changes(disclosure, actor)
    rules = policy().disclosure
    refuse_if(
        "recipient_named", values.recipient_kind not in {None, *rules.recipients}, "Choose one of the recipients."
    )
    refuse_if("basis_serves_recipient", values.basis not in {None, *rules.bases}, "Choose one of the seven bases.")
    refuse_if("purpose_serves_recipient", values.purpose not in {None, *rules.purposes}, "Choose one of the purposes.")
    designation = by_number(values.designation)
    unknown = bool(values.designation) and designation is None
    refuse_if("designation_in_force", unknown, "There is no routine designation of this number.")
    sealed = {
        "recipient": dict(values.recipient),
        "recipient_facts": dict(values.recipient_facts),
        "facts": dict(values.facts),
        "purpose_text": values.purpose_text,
        "necessity": values.necessity,
        "person": values.person,
        "identity": dict(values.identity),
        "agreement": dict(values.agreement),
        "changed_because": values.changed_because,
    }
    columns = {
        "recipient_kind": values.recipient_kind,
        "basis": values.basis,
        "purpose": values.purpose,
        "designation_id": designation.id if designation else None,
        "immigration": {"yes": True, "no": False}.get(values.immigration),
        "agreement_reference": str(values.agreement.get("reference") or "").strip()[:80] or None,
        "person_digest": person_digest(values.person),
    }
    if disclosure.state == "returned":
        # the table refuses a request that was submitted once and now lacks these
        missing = not (values.recipient_kind and values.basis and values.purpose) or columns["immigration"] is not False
        refuse_if("WF-disclosure-resubmit", missing, "Keep recipient, basis, purpose and the answer on immigration.")
        needs = rules.bases[values.basis].needs_designation if values.basis else False
        refuse_if("designation_in_force", needs and designation is None, "Choose the routine designation.")
    private = disclosure.private
    # a question asked only where an answer was changed is not changed by staying empty
    held = {"changed_because": "", **private}
    changed = [name for name, value in sealed.items() if held.get(name) != value]
    changed += [name for name, value in columns.items() if getattr(disclosure, name) != value]
    if not changed:
        return
    before = prohibited_in(disclosure)
    for name, value in columns.items():
        setattr(disclosure, name, value)
    disclosure.seal(**sealed)
    _keep_prohibited(disclosure, actor, before)
    db.session.flush()
    audit.record("disclosure.saved", disclosure, actor=actor, fields=sorted(changed))


@enforces("EXT-5")
def _keep_prohibited(disclosure: Disclosure, actor: Actor, before: Mapping[str, tuple[str, str]]) -> None:
    """Keep each answer that ends a disclosure when it is given, with who and when: it stays when it is changed."""
    kept = list(disclosure.private.get("prohibited_answers", ()))
    fresh = [one for one in prohibited_in(disclosure).items() if before.get(one[0]) != one[1]]
    known = {entry["name"] for entry in kept}
    # of a draft of before these were kept, at the latest when the answer is changed
    fresh += [one for one in before.items() if one[0] not in known and one not in fresh]
    for name, (question, answer) in fresh:
        kept.append(
            {
                "name": name,
                "question": question,
                "answer": answer,
                "by": f"{actor.title} {actor.display_name}",
                "at": now().isoformat(),
            }
        )
        audit.record("disclosure.prohibited_answered", disclosure, actor=actor, question=name, answer=answer)
    if fresh:
        disclosure.seal(prohibited_answers=kept)


def set_items(disclosure: Disclosure, actor: Actor, chosen: Iterable[tuple[str, str]]) -> None:
    """Choose what is asked for: (kind, uid) of things of the case. Raises Refused for anything else."""
    open_for_changes(disclosure, actor)
    offered = {(thing.kind, thing.uid): thing for thing in available_items(disclosure.case_number, actor)}
    wanted = list(dict.fromkeys(chosen))
    foreign = any(pair not in offered for pair in wanted)
    refuse_if("items_chosen", foreign, "Choose only what this case holds.")
    kept = {(item.kind, item.thing.uid): item for item in disclosure.items}
    if list(kept) == wanted:
        return
    disclosure.items = [item for pair, item in kept.items() if pair in wanted]
    for pair in wanted:
        if pair not in kept:
            thing = offered[pair]
            column = "image_id" if thing.kind == "original" else "report_id"
            disclosure.items.append(DisclosureItem(kind=thing.kind, sha256=thing.sha256, **{column: thing.row.id}))
    db.session.flush()
    audit.record("disclosure.items_set", disclosure, actor=actor, items=sorted(item.uid for item in disclosure.items))


def add_document(
    disclosure: Disclosure, actor: Actor, kind: str, stored: BlobRef, media_type: str, file_name: str
) -> DisclosureDocument:
    """Attach a stored upload. `media_type` is what was sniffed from the content. Raises Refused."""
    open_for_changes(disclosure, actor)
    rule = policy().disclosure.documents
    known = policy().disclosure.document_kinds
    refuse_if(rule.id, kind not in known, "Choose what kind of document this is.")
    allowed = {format_.value: format_.label for format_ in rule.formats}
    refuse_if(rule.id, media_type not in allowed, f"Attach one of: {', '.join(allowed.values())}.")
    too_large = stored.size > rule.max_bytes
    refuse_if(rule.id, too_large, f"A document is at most {rule.max_bytes // 2**20} MB large.")
    full = len(disclosure.documents) >= rule.max_files
    refuse_if(rule.id, full, f"At most {rule.max_files} documents; remove one first.")
    twice = any(document.sha256 == stored.sha256 for document in disclosure.documents)
    refuse_if(rule.id, twice, "This very document is already attached.")
    document = DisclosureDocument(
        disclosure=disclosure,
        kind=kind,
        media_type=media_type,
        size=stored.size,
        sha256=stored.sha256,
        blob_id=stored.id,
        added_by_id=actor.id,
    )
    document.seal(file_name=file_name[-200:])
    db.session.add(document)
    db.session.flush()
    audit.record(
        "disclosure.document_added", disclosure, actor=actor, document=document.uid, kind=kind, sha256=stored.sha256
    )
    return document


def remove_document(document: DisclosureDocument, actor: Actor) -> None:
    """Remove a document before anybody could have decided on it; later it stays. Raises Refused."""
    disclosure = document.disclosure
    open_for_changes(disclosure, actor)
    seen = disclosure.submitted_at is not None and document.created_at <= disclosure.submitted_at
    refuse_if(policy().disclosure.documents.id, seen, "A document that was submitted stays with the request.")
    disclosure.documents.remove(document)
    db.session.flush()
    audit.record("disclosure.document_removed", disclosure, actor=actor, document=document.uid)


@enforces("EXT-7", "ACC-12")
def submit(disclosure: Disclosure, actor: Actor) -> None:
    """Ask for the decision. Raises Refused."""
    _submit(disclosure, actor, "submit")


@enforces("EXT-7", "ACC-12")
def resubmit(disclosure: Disclosure, actor: Actor) -> None:
    """Ask again after the request came back; every earlier decision is void. Raises Refused."""
    _submit(disclosure, actor, "resubmit")


def _submit(disclosure: Disclosure, actor: Actor, verb: DisclosureVerb) -> None:
    refused = explain(disclosure, verb, actor)
    if refused is not None:
        raise refused
    # counted first: a submitted row without a count would break the table's own check
    disclosure.submission += 1
    disclosure.submitted_at, disclosure.release_by = now(), None
    disclosure.policy_version = policy().version
    for item in disclosure.items:
        item.included = None
    advance(
        disclosure,
        verb,
        actor,
        basis=disclosure.basis,
        recipient_kind=disclosure.recipient_kind,
        submission=disclosure.submission,
    )
    tell("disclosure_submitted", deciders(disclosure), disclosure)


def withdraw(disclosure: Disclosure, actor: Actor, reason: str) -> None:
    """Take the request back before anything is released. Raises Refused."""
    decided = [decision.decided_by_id for decision in disclosure.decisions]
    advance(disclosure, "withdraw", actor, reason=reason)
    discard_unfetched(disclosure)
    disclosure.seal(withdrawal_reason=reason.strip())
    tell("disclosure_withdrawn", decided, disclosure)


def deciders(disclosure: Disclosure) -> set[int]:
    """The accounts that may decide on the disclosure, without whoever asked."""
    basis = policy().disclosure.bases.get(disclosure.basis or "")
    officer = basis is None or basis.decided_by == "privacy_officer" or for_the_officer(disclosure)
    return set(holders_of("disclosure.decide" if officer else "disclosure.determine")) - {disclosure.asked_by_id}
