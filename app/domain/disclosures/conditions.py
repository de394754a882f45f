"""The conditions of a disclosure: what it must state, who decides, what must still hold when it leaves (EXT, ACC-12).

The answers come from `app.policy.disclosures.rules`, so that the worked cases and the engine cannot differ.
"""

from __future__ import annotations

from datetime import date, timedelta

from app.access.actor import Actor
from app.calendar import day_of, today
from app.domain.disclosures.claims import claim_of
from app.domain.disclosures.contradictions import contradictions_of, earlier_answers, immigration_of
from app.domain.disclosures.items import available, inconclusive, offered_to, required
from app.domain.serving import of_disclosure
from app.models.base import now
from app.models.disclosures import Disclosure, DisclosureDecision, DisclosureItem, RoutineDesignation
from app.policy import policy
from app.policy.disclosures import rules as disclosing
from app.policy.disclosures.rules import DecisionFacts, DesignationFacts, ReleaseFacts
from app.policy.facts import check_questions
from app.policy.reasons import gives_reason
from app.workflow.facts import Facts, first
from app.workflow.registry import condition


def release_facts(disclosure: Disclosure) -> ReleaseFacts:
    """Read from the rows what the pure checks of a release need."""
    items = disclosure.included_items or disclosure.items
    return ReleaseFacts(
        recipient=disclosure.recipient_kind or "",
        basis=disclosure.basis or "",
        purpose=disclosure.purpose or "",
        decision=_decision(disclosure, disclosure.current_decision),
        designation=_designation(disclosure.designation),
        items={item.kind for item in items},
    )


def _decision(disclosure: Disclosure, row: DisclosureDecision | None) -> DecisionFacts | None:
    if row is None:
        return None
    return DecisionFacts(row.kind, row.decided_by_id == disclosure.asked_by_id, row.release_by)


def _designation(row: RoutineDesignation | None) -> DesignationFacts | None:
    if row is None:
        return None
    return DesignationFacts(
        recipients=row.recipient_kinds,
        purposes=row.purposes,
        items=row.item_kinds,
        effective_on=row.effective_on,
        expires_on=row.expires_on,
        revoked=row.revoked_at is not None,
    )


@condition("actor_asked", "ACC-12")
def actor_asked(disclosure: Disclosure, actor: Actor, facts: Facts) -> str | None:
    return None if actor.id == disclosure.asked_by_id else "You did not file this disclosure request."


@condition("not_immigration", "EXT-5")
def not_immigration(disclosure: Disclosure, actor: Actor, facts: Facts) -> str | None:
    stated = first(disclosing.check_immigration(policy(), disclosure.immigration))
    return stated or first(disclosing.check_immigration_terms(policy(), immigration_of(disclosure)))


@condition("changed_answer_explained", "EXT-5")
def changed_answer_explained(disclosure: Disclosure, actor: Actor, facts: Facts) -> str | None:
    changed = earlier_answers(disclosure)
    because = str(disclosure.private.get("changed_because") or "")
    missing = first(disclosing.check_changed_answer(policy(), bool(changed), because))
    return f"{changed[0].sentence} {missing}" if missing else None


@condition("contradictions_answered", "EXT-5", "EXT-7", written_by=("approve",))
def contradictions_answered(disclosure: Disclosure, actor: Actor, facts: Facts) -> str | None:
    """`answers`: key of a contradiction -> what whoever decides writes of it."""
    given, least = facts.get("answers") or {}, policy().disclosure.approval.min_answer
    for one in contradictions_of(disclosure):
        if not gives_reason(policy(), given.get(one.key), least):
            return f"Answer in at least {least} characters, in words: {one.said}"
    return None


@condition("recipient_named", "ACC-12", "EXT-1", "EXT-3", "EXT-8")
def recipient_named(disclosure: Disclosure, actor: Actor, facts: Facts) -> str | None:
    private = disclosure.private
    about = (policy(), disclosure.recipient_kind, private.get("recipient", {}), private.get("recipient_facts", {}))
    return first(disclosing.check_recipient(*about) or disclosing.check_kind(*about))


@condition("basis_serves_recipient", "EXT-7", "EXT-3", "EXT-4", "EXT-6", "PUB-1")
def basis_serves_recipient(disclosure: Disclosure, actor: Actor, facts: Facts) -> str | None:
    return first(disclosing.check_basis(policy(), disclosure.basis, disclosure.recipient_kind))


@condition("purpose_serves_recipient", "ACC-13", "EXT-4", "EXT-6")
def purpose_serves_recipient(disclosure: Disclosure, actor: Actor, facts: Facts) -> str | None:
    return first(
        disclosing.check_disclosure_purpose(policy(), disclosure.purpose, disclosure.recipient_kind, disclosure.basis)
    )


@condition("basis_facts_complete", "EXT-7")
def basis_facts_complete(disclosure: Disclosure, actor: Actor, facts: Facts) -> str | None:
    private = disclosure.private
    stated, person = private.get("facts", {}), str(private.get("person") or "")
    return first(disclosing.check_basis_facts(policy(), disclosure.basis, stated, person))


@condition("basis_documents_attached", "EXT-7")
def basis_documents_attached(disclosure: Disclosure, actor: Actor, facts: Facts) -> str | None:
    kinds = {document.kind for document in disclosure.documents}
    return first(disclosing.check_documents(policy(), disclosure.basis, kinds))


@condition("designation_in_force", "EXT-7")
def designation_in_force(disclosure: Disclosure, actor: Actor, facts: Facts) -> str | None:
    return first(disclosing.check_designation(policy(), release_facts(disclosure), today()))


@condition("identity_confirmed", "ACC-12")
def identity_confirmed(disclosure: Disclosure, actor: Actor, facts: Facts) -> str | None:
    return first(disclosing.check_identity(policy(), disclosure.private.get("identity", {})))


@condition("minimum_stated", "ACC-13", "EXT-7")
def minimum_stated(disclosure: Disclosure, actor: Actor, facts: Facts) -> str | None:
    private = disclosure.private
    answers = {name: private.get(name, "") for name in ("purpose_text", "necessity", "person")}
    return first(disclosing.check_minimum(policy(), answers))


@condition("agreement_in_place", "EXT-8")
def agreement_in_place(disclosure: Disclosure, actor: Actor, facts: Facts) -> str | None:
    answers, named = disclosure.private.get("agreement", {}), disclosure.private.get("recipient_facts", {})
    about = (policy(), disclosure.recipient_kind, disclosure.basis)
    missing = first(disclosing.check_agreement(*about, answers))
    agency, reference = str(named.get("agency") or ""), str(answers.get("reference") or "")
    return missing or first(disclosing.check_register(*about, agency, reference, today()))


@condition("items_chosen", "EXT-7", "ACC-13")
def items_chosen(disclosure: Disclosure, actor: Actor, facts: Facts) -> str | None:
    if not disclosure.items:
        return "Choose at least one item of the case."
    offered = {thing.uid for thing in available(disclosure.case_number)}
    gone = [item for item in disclosure.items if item.thing.uid not in offered]
    return f"{len(gone)} of the chosen items are not, or no longer, available in this case." if gone else None


@condition("package_complete", "EXT-2", "EXT-1")
def package_complete(disclosure: Disclosure, actor: Actor, facts: Facts) -> str | None:
    """Before the decision what is asked for counts, in the decision what it includes, afterwards what it included."""
    chosen = _going(disclosure, facts)
    held = {item.thing.uid for item in chosen}
    needed = {thing.uid for thing in required(disclosure.case_number)}
    missing = first(disclosing.check_complete(policy(), disclosure.recipient_kind, held, needed))
    if missing is None or actor.id != disclosure.asked_by_id:
        return missing
    # who asks is told what of theirs is missing, never how much there is that they may not read (LIM-7)
    mine = needed & {thing.uid for thing in offered_to(disclosure.case_number, actor)}
    if mine - held:
        return first(disclosing.check_complete(policy(), disclosure.recipient_kind, held, mine))
    return "The package is not complete with what you are offered: ask the records officers for it."


@condition("case_concluded", "SRC-7", "EXT-2")
def case_concluded(disclosure: Disclosure, actor: Actor, facts: Facts) -> str | None:
    if disclosure.recipient_kind not in policy().disclosure.completeness.recipients:
        return None
    # how many there are, not which: whoever asks may not know of every request of the case (LIM-7)
    waiting = inconclusive(disclosure.case_number)
    return f"{waiting} of the requests of the case have a finished search without a conclusion." if waiting else None


def _going(disclosure: Disclosure, facts: Facts) -> list[DisclosureItem]:
    """Return the items in question: those asked for, those the decision includes, those it included."""
    if "included" in facts:
        named = set(facts["included"])
        return [item for item in disclosure.items if item.uid in named]
    return disclosure.items if disclosure.takes("submit", "resubmit") else disclosure.included_items


@condition("sealed_material_kept_back", "CAP-3", "EXT-7")
def sealed_material_kept_back(disclosure: Disclosure, actor: Actor, facts: Facts) -> str | None:
    if policy().sealing.for_recipient(disclosure.recipient_kind).treatment != "withheld":
        return None
    left = of_disclosure(_going(disclosure, facts))
    words = "shows" if len(left) == 1 else "show"
    return f"{len(left)} of the items {words} a photograph that has left the repository." if left else None


@condition("package_without_sealed", "CAP-3", "EXT-2", "EXT-7")
def package_without_sealed(disclosure: Disclosure, actor: Actor, facts: Facts) -> str | None:
    """`withheld` are the uids of the items of which the package being built, else the present one, holds a line."""
    package = disclosure.current_package
    lines = [] if package is None else package.withheld
    if "withheld" in facts:
        lines = facts["withheld"]
    inside = [item for item in of_disclosure(disclosure.included_items) if item.uid not in lines]
    if not inside:
        return None
    rules = policy().sealing
    if rules.for_recipient(disclosure.recipient_kind).treatment != "document":
        return "A photograph in the package has left the repository since it was put together."
    # the file goes to the court's parties, not by way of whoever may no longer see it
    may = actor.id is None or rules.withheld.capability in actor.capabilities
    return None if may else "It encloses what has left the repository; a records officer hands it out."


@condition("decider_suits_basis", "EXT-7")
def decider_suits_basis(disclosure: Disclosure, actor: Actor, facts: Facts) -> str | None:
    basis = policy().disclosure.bases.get(disclosure.basis or "")
    if basis is None or basis.decided_by != "privacy_officer" or "disclosure.decide" in actor.capabilities:
        return None
    return "This basis is for the Agency Privacy Officer to decide."


@condition("determination_suffices", "EXT-7")
def determination_suffices(disclosure: Disclosure, actor: Actor, facts: Facts) -> str | None:
    basis = policy().disclosure.bases.get(disclosure.basis or "")
    needs_officer = basis is None or basis.decided_by == "privacy_officer"
    if needs_officer:
        return "This basis needs the Agency Privacy Officer's written approval."
    said = [one.said for one in contradictions_of(disclosure)]
    return f"{' '.join(said)} The Agency Privacy Officer decides." if said else None


@condition("items_included", "EXT-7", "ACC-13")
def items_included(disclosure: Disclosure, actor: Actor, facts: Facts) -> str | None:
    """`included` are the uids that a decision lets out; afterwards what it let out counts."""
    if "included" not in facts:
        return None if disclosure.included_items else "The decision lets nothing out."
    named, asked = set(facts["included"]), {item.uid for item in disclosure.items}
    if not named:
        return "Include at least one item, or refuse the disclosure."
    return "An item was named that this request does not ask for." if named - asked else None


@condition("decision_written", "EXT-7", "ACC-12")
def decision_written(disclosure: Disclosure, actor: Actor, facts: Facts) -> str | None:
    rule = policy().disclosure.approval
    for name, label, shortest in (("text", "decision", rule.min_text), ("reason", "reason", rule.min_reason)):
        if not gives_reason(policy(), facts.get(name), shortest):
            return f"Write the {label} in at least {shortest} characters, in words."
    return None


@condition("release_by_within_bounds", "EXT-7", "ACC-12")
def release_by_within_bounds(disclosure: Disclosure, actor: Actor, facts: Facts) -> str | None:
    last, longest = facts.get("release_by"), policy().disclosure.approval.max_days
    if not isinstance(last, date):
        return "Name the last day on which the package may leave."
    if last < today():
        return "The last day has already passed."
    return f"At most {longest} days from today." if last > today() + timedelta(days=longest) else None


@condition("actor_may_release", "ACC-12")
def actor_may_release(disclosure: Disclosure, actor: Actor, facts: Facts) -> str | None:
    own = actor.id == disclosure.asked_by_id
    may = own or "disclosure.custody" in actor.capabilities
    return None if may else "Only whoever asked, or a records officer, hands this out."


@condition("decided_by_another", "ACC-12")
def decided_by_another(disclosure: Disclosure, actor: Actor, facts: Facts) -> str | None:
    return first(disclosing.check_decider(policy(), release_facts(disclosure).decision))


@condition("decision_in_force", "EXT-7", "ACC-12")
def decision_in_force(disclosure: Disclosure, actor: Actor, facts: Facts) -> str | None:
    if disclosure.basis is None or disclosure.basis not in policy().disclosure.bases:
        return "There is no basis to decide on."
    decision = release_facts(disclosure).decision
    missing = first(disclosing.check_decision(policy(), disclosure.basis, decision, today()))
    if missing is None and decision is not None and decision.kind != "approved" and contradictions_of(disclosure):
        return "The form contradicts itself, and the Agency Privacy Officer has not approved it."
    return missing


@condition("decision_document_rendered", "EXT-7")
def decision_document_rendered(disclosure: Disclosure, actor: Actor, facts: Facts) -> str | None:
    basis, decision = policy().disclosure.bases.get(disclosure.basis or ""), disclosure.current_decision
    if basis is not None and basis.decided_by != "privacy_officer":
        return None
    kept = decision is not None and decision.document_blob_id is not None
    return None if kept else "The Agency Privacy Officer's decision is not yet rendered as a document."


@condition("package_built", "EXT-7")
def package_built(disclosure: Disclosure, actor: Actor, facts: Facts) -> str | None:
    """`size` is that of the stored package; larger ones are not kept."""
    size, largest = facts.get("size") or 0, policy().disclosure.package.max_bytes
    if not size or not facts.get("sha256") or not facts.get("sums_sha256"):
        return "There is no built package."
    return f"The package is larger than {largest // 2**20} MB." if size > largest else None


@condition("nothing_fetched", "EXT-7")
def nothing_fetched(disclosure: Disclosure, actor: Actor, facts: Facts) -> str | None:
    out = any(package.fetched_at is not None for package in disclosure.packages)
    return "A package of it has been fetched." if out else None


@condition("package_single_use", "EXT-7", "ACC-12")
def package_single_use(disclosure: Disclosure, actor: Actor, facts: Facts) -> str | None:
    package = disclosure.current_package
    if package is None:
        return "There is no package."
    return None if package.fetched_at is None else "The package has already been fetched."


@condition("package_fresh", "EXT-7", "ACC-12")
def package_fresh(disclosure: Disclosure, actor: Actor, facts: Facts) -> str | None:
    package = disclosure.current_package
    fresh = package is not None and now() < package.expires_at
    return None if fresh else "The time to fetch the package has passed."


@condition("download_free", "EXT-7", "ACC-12")
def download_free(disclosure: Disclosure, actor: Actor, facts: Facts) -> str | None:
    """`session` is the one in which the person is signed in."""
    claim = claim_of(disclosure)
    if claim is None or claim.is_of(actor.id, facts.get("session")):
        return None
    if claim.account_id == actor.id:
        return "You began to download the package in another session."
    return "Somebody else has begun to download the package."


@condition("download_begun", "EXT-7", "ACC-12")
def download_begun(disclosure: Disclosure, actor: Actor, facts: Facts) -> str | None:
    claim = claim_of(disclosure)
    begun = claim is not None and claim.is_of(actor.id, facts.get("session"))
    return None if begun else "Its download was not begun by you in this session."


@condition("package_fetched", "ACC-12")
def package_fetched(disclosure: Disclosure, actor: Actor, facts: Facts) -> str | None:
    package = disclosure.current_package
    return None if package is not None and package.fetched_at is not None else "The package was not fetched yet."


@condition("receipt_stated", "ACC-12")
def receipt_stated(disclosure: Disclosure, actor: Actor, facts: Facts) -> str | None:
    given = facts.get("receipt") or {}
    answers = {name: given.get(name) for name in ("received_by", "how", "on")}
    message = first(check_questions(policy().disclosure.receipt, answers))
    package = disclosure.current_package
    if message is not None or package is None or package.fetched_at is None:
        return message
    early = date.fromisoformat(str(answers["on"])) < day_of(package.fetched_at)
    return "The receipt lies before the day on which the package was fetched." if early else None


@condition("time_has_passed", "EXT-7")
def time_has_passed(disclosure: Disclosure, actor: Actor, facts: Facts) -> str | None:
    if disclosure.state == "approved":
        passed = disclosure.release_by is not None and disclosure.release_by < today()
    else:
        package = disclosure.current_package
        passed = package is not None and package.fetched_at is None and package.expires_at <= now()
    return None if passed else "It has not lapsed."
