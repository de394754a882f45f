"""The facts of a disclosure's documents and the contents of its package, from the records (EXT-2, EXT-7, EXT-8)."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import func, select

from app import audit
from app.access.actor import Actor
from app.access.capabilities import check_capability
from app.clauses import enforces
from app.documents.disclosures.facts import (
    Against,
    Basis,
    DecidedItem,
    DecisionFacts,
    Enclosure,
    LetterFacts,
    Outcome,
    Recipient,
)
from app.documents.disclosures.package import (
    DECISION_NAME,
    LEDGER_NAME,
    LETTER_NAME,
    OWN_NAMES,
    RATES_NAME,
    Package,
    PackedFile,
    WithheldLine,
    build_package,
)
from app.documents.disclosures.render import render_letter
from app.documents.examination.contradictions import statement
from app.domain.accounts.naming import here, person_of
from app.domain.approval.reports import verify_page
from app.domain.disclosures import error_rates
from app.domain.disclosures.decisions import DECISION_JOB, released_by
from app.domain.disclosures.items import ended_unexamined
from app.domain.disclosures.leaving import NO_COPY, as_originals, digest_of, kept_back, staying, uncopied
from app.domain.disclosures.ledgers import ledger_of
from app.domain.examination.ending import examined_for
from app.domain.examination.printed_contradictions import printed_contradictions
from app.domain.signing import signed
from app.extensions import db, settings, stores
from app.models import Account
from app.models.approval import Report
from app.models.base import filled
from app.models.disclosures import Disclosure, DisclosureDecision, DisclosureItem
from app.models.engine import Job
from app.models.requests import FRRequest, ProbeImage
from app.outbox import ask, last_job
from app.policy import policy
from app.policy.facts import answered
from app.policy.refused import Refused

REPORTS = {"possible_match": "Possible match report", "negative": "Negative results report"}
SUFFIXES = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "image/tiff": "tif",
    "image/heic": "heic",
}
#: said beside an item of which something has left
SHOWS_LEFT = "shows a photograph that has left the repository"
PNG_START = b"\x89PNG"


# One thing of the case -------------------------------------------------------------------------------------


def words_of(thing: ProbeImage | Report, recipient_kind: str | None) -> str:
    """Return what an item is, in words for pages and documents, as this kind of recipient gets it."""
    request = thing.request
    if isinstance(thing, ProbeImage):
        how = "as submitted" if as_originals(recipient_kind) else "a copy without what is written into the file"
        return f"Image {request.current_images.index(thing) + 1} of {request.number}, {how}"
    return f"{REPORTS[thing.kind]} {thing.number} of {request.number}"


def warning_of(thing: ProbeImage | Report) -> str | None:
    """Return the warning on a recalled report, which a complete package still holds (EXT-2); else empty."""
    if isinstance(thing, ProbeImage) or thing.recalled_at is None:
        return None
    later = next((report for report in thing.request.reports if report.replaces_id == thing.id), None)
    replaced = f", replaced by {later.number}" if later is not None and later.delivered_at is not None else ""
    return f"Recalled on {here(thing.recalled_at):%Y-%m-%d}{replaced}: do not rely on it"


def _file_of(item: DisclosureItem) -> PackedFile:
    """Return the file of an item, named by our own numbers, never as it was uploaded. Raises StorageError."""
    thing, kind = item.thing, item.disclosure.recipient_kind
    what = words_of(thing, kind)
    if isinstance(thing, ProbeImage) and not as_originals(kind):
        return PackedFile(*_copy_of(thing), what, item.uid)
    kept = stores().blobs.get(filled(thing.blob_id), thing.key_id, item.sha256)
    if isinstance(thing, ProbeImage):
        return PackedFile(f"originals/{_name_of(thing)}.{SUFFIXES[thing.media_type]}", kept, what, item.uid)
    return PackedFile(f"reports/{thing.number}.pdf", kept, what, item.uid)


@enforces("EXT-6", "EXT-7")
def _copy_of(image: ProbeImage) -> tuple[str, bytes]:
    """Return name and bytes of the copy that was made of the pixels alone when the image was checked."""
    copy = stores().blobs.get(filled(image.shown_blob_id), image.key_id, filled(image.shown_sha256))
    return f"copies/{_name_of(image)}.{'png' if copy.startswith(PNG_START) else 'jpg'}", copy


def _name_of(image: ProbeImage) -> str:
    return f"{image.request.number}-image-{image.request.current_images.index(image) + 1}"


# The documents ---------------------------------------------------------------------------------------------


def _recipient(disclosure: Disclosure) -> Recipient:
    rule, private = policy().disclosure.recipients[filled(disclosure.recipient_kind)], disclosure.private
    given = private.get("recipient", {})
    details = answered(rule.facts, private.get("recipient_facts"))
    return Recipient(rule.title, given.get("name"), given.get("affiliation"), given.get("address"), tuple(details))


def _basis(disclosure: Disclosure) -> Basis:
    rule, facts = policy().disclosure.bases[filled(disclosure.basis)], []
    if disclosure.designation is not None and rule.needs_designation:
        row = disclosure.designation
        facts.append(("Routine designation", f"{row.number}: {row.title}"))
    facts += answered(rule.facts, disclosure.private.get("facts"))
    return Basis(rule.id, rule.title, rule.text, rule.authority, tuple(facts))


def _identity(disclosure: Disclosure) -> str | None:
    rows = answered(policy().disclosure.identity.facts, disclosure.private.get("identity"))
    return "\n".join(f"{label.rstrip('?')}: {answer}" for label, answer in rows if answer) or None


def _answers(disclosure: Disclosure) -> tuple[tuple[str, str | None], ...]:
    """Return what is asked of every disclosure besides its basis, with the answers."""
    rules = policy().disclosure
    immigration = {True: "Yes", False: "No", None: None}[disclosure.immigration]
    uses = [fact for fact in rules.minimum.facts if fact.name == "purpose_text"]
    return (*answered(uses, disclosure.private), (rules.immigration.question, immigration))


def _shared(disclosure: Disclosure, decision: DisclosureDecision | None) -> dict[str, Any]:
    return {
        "department": settings().department,
        "number": disclosure.number,
        "case_number": disclosure.case_number,
        "recipient": _recipient(disclosure),
        "basis": _basis(disclosure),
        "purpose": policy().disclosure.purposes[filled(disclosure.purpose)].title,
        "answers": _answers(disclosure),
        "against": tuple(
            Against(one["said"], one["reason"] or None, one["answer"] or None)
            for one in (decision.private.get("contradictions", ()) if decision is not None else ())
        ),
        "conditions": (decision.private.get("conditions") or None) if decision is not None else None,
        "demonstration": settings().demonstration,
    }


def _decided(item: DisclosureItem, stays: str | None) -> DecidedItem:
    """Return an item as the decision prints it; with the digest of the file that leaves, else of which it is."""
    (sha256, leaves), what = digest_of(item), words_of(item.thing, item.disclosure.recipient_kind)
    note = warning_of(item.thing) if leaves else "The digest is that of the original, which stays here"
    return DecidedItem(what, sha256, bool(item.included), note, stays)


@enforces("EXT-7")
def decision_facts(decision: DisclosureDecision) -> DecisionFacts:
    """Gather everything the written decision states. Raises FactsError."""
    disclosure, private = decision.disclosure, decision.private
    stays = staying(disclosure, disclosure.included_items)
    items = tuple(_decided(item, stays.get(item.uid)) for item in disclosure.items)
    if decision.kind == "refused":
        outcome = Outcome.REFUSED
    else:
        outcome = Outcome.APPROVED if all(item.included for item in items) else Outcome.PARTLY
    return DecisionFacts(
        **_shared(disclosure, decision),
        outcome=outcome,
        text=private["text"],
        reason=private["reason"],
        unit=decision.decided_by.command,
        policy_version=decision.policy_version,
        dated=here(decision.created_at),
        necessity=disclosure.private.get("necessity"),
        identity=_identity(disclosure),
        items=items,
        asked_by=person_of(disclosure.asked_by, "asked for it"),
        asked_at=here(disclosure.submitted_at),
        decided_by=person_of(decision.decided_by, "Agency Privacy Officer"),
        decided_at=here(decision.created_at),
        release_by=decision.release_by,
    )


# The package -----------------------------------------------------------------------------------------------


def _lines(disclosure: Disclosure, withheld: list[DisclosureItem]) -> list[WithheldLine]:
    """Return the lines of the inventory for what is withheld; in words that name nobody."""
    sealed = set(kept_back(disclosure, withheld))
    words, kind = policy().sealing.for_recipient(disclosure.recipient_kind).words, disclosure.recipient_kind
    found = []
    for item in withheld:
        why = words if item in sealed else NO_COPY
        found.append(WithheldLine(words_of(item.thing, kind), why, item.uid))
        if isinstance(item.thing, Report) and item.thing.kind == "possible_match":
            found.append(WithheldLine(_contradictions_of(item.thing), why, item.uid))
    return found


def _contents(disclosure: Disclosure, enclosed: list[DisclosureItem]) -> list[tuple[PackedFile, str | None]]:
    """Gather the files of the package except its letter, each with its warning. Raises StorageError."""
    found: list[tuple[PackedFile, str | None]] = [(_file_of(item), warning_of(item.thing)) for item in enclosed]
    found += [(_contradictions(item.thing), None) for item in enclosed if _is_report(item.thing, "possible_match")]
    found += [(_examined(item.thing), None) for item in enclosed if _is_report(item.thing, "negative")]
    if disclosure.recipient_kind in policy().disclosure.completeness.recipients:
        ledger = ledger_of(disclosure.case_number, disclosure.state_since).encode()
        found.append((PackedFile(LEDGER_NAME, ledger, "Evidence on record besides the results, and arrests"), None))
        rates = error_rates.statement(disclosure.case_number, disclosure.state_since).encode()
        found += [(_unexamined(request), None) for request in ended_unexamined(disclosure.case_number)]
        found.append((PackedFile(RATES_NAME, rates, "Error rates in comparisons whose truth is known"), None))
    decision = disclosure.current_decision
    if decision is not None and decision.document_blob_id is not None:
        digest = filled(decision.document_sha256)
        written = stores().blobs.get(decision.document_blob_id, decision.key_id, digest)
        found.append((PackedFile(DECISION_NAME, written, "Written decision of the Agency Privacy Officer"), None))
    return found


def _is_report(thing: ProbeImage | Report, kind: str) -> bool:
    return isinstance(thing, Report) and thing.kind == kind


@enforces("SRC-7", "EXT-2")
def _examined(thing: ProbeImage | Report) -> PackedFile:
    """Return what became of the candidates of a negative report: it goes wherever that goes, also one made before."""
    report = cast(Report, thing)
    done = examined_for(report)
    lines = [
        settings().department,
        f"What became of the candidates of report {report.number}, case {report.request.case_number}",
        policy().notice("negative-result").text,
        "",
        *(f"{words}: {number}" for words, number in done.counts),
        "",
    ]
    lines += [f"Why nobody was identified: {done.reason}", ""] if done.reason else []
    lines += [f"Why no retained candidate was put forward: {done.retained_reason}", ""] if done.retained_reason else []
    what = f"What became of the candidates of report {report.number}, in numbers, with the reason"
    return PackedFile(f"examined-{report.number}.txt", "\n".join(lines).encode(), what)


@enforces("SRC-3", "EXT-2")
def _contradictions(thing: ProbeImage | Report) -> PackedFile:
    """Yield what contradicts the candidate of a report: it goes wherever the report goes, also one made before."""
    report = cast(Report, thing)
    round_ = filled(report.round)
    found = printed_contradictions(round_, filled(round_.nominee), issued=report.created_at)
    text = statement(settings().department, report.request.case_number, report.number, found)
    return PackedFile(f"contradictions-{report.number}.txt", text.encode(), _contradictions_of(report))


def _contradictions_of(report: Report) -> str:
    return f"What contradicts the candidate of report {report.number}, with the answers"


@enforces("SRC-7", "EXT-2")
def _unexamined(request: FRRequest) -> PackedFile:
    """Return what a complete package says of a search that ended unexamined, in the place of its report."""
    ended, rule = request.private["unexamined"], policy().request.conclusion
    searched = filled(filled(request.current_search).finished_at)
    lines = [
        settings().department,
        f"Request {request.number}, case {request.case_number}: not examined",
        "",
        f"A search finished on {here(searched):%Y-%m-%d}. It was ended on {here(request.state_since):%Y-%m-%d} by "
        f"{ended['by']}, who wrote:",
        "",
        ended["reason"],
        "",
        rule.unexamined,
        "",
    ]
    what = f"Search of {request.number}, which ended unexamined, with the reason"
    return PackedFile(f"not-examined-{request.number}.txt", "\n".join(lines).encode(), what)


def _letter_facts(
    disclosure: Disclosure,
    enclosed: list[DisclosureItem],
    files: list[tuple[PackedFile, str | None]],
    withheld: list[WithheldLine],
) -> LetterFacts:
    rules, decision = policy().disclosure, disclosure.current_decision
    reports = [item.thing for item in enclosed if isinstance(item.thing, Report)]
    sender = db.session.get(Account, released_by(disclosure)) or disclosure.asked_by
    agency = rules.recipients[filled(disclosure.recipient_kind)].needs_agreement
    return LetterFacts(
        **_shared(disclosure, decision),
        unit=sender.command,
        policy_version=policy().version,
        dated=here(disclosure.state_since),
        sent_by=person_of(sender, "hands it out"),
        enclosures=tuple(Enclosure(f.path, f.what, f.sha256, len(f.content), warning) for f, warning in files),
        lead=any(policy().request.results[report.kind].is_lead for report in reports),
        onward=policy().notice("onward-disclosure").text if agency else None,
        agreement=disclosure.agreement_reference if agency else None,
        signing_key=stores().signer.fingerprint,
        verify_page=verify_page(),
        checking=OWN_NAMES,
        withheld=tuple((line.what, line.words) for line in withheld),
    )


@enforces("CAP-3", "EXT-2", "EXT-7", "EXT-8", "SRC-9", "USE-7")
def pack(disclosure: Disclosure) -> Package:
    """The package of a disclosure that is being released: what was decided on, its decision, its letter.

    What has left the repository is named in letter and manifest instead of enclosed (CAP-3).

    The letter is dated when the release was asked for, so a second try after a kill gives the same bytes. Raises
    StorageError, DocumentError.
    """
    included = disclosure.included_items
    withheld = list(dict.fromkeys([*kept_back(disclosure, included), *uncopied(disclosure, included)]))
    enclosed = [item for item in included if item not in withheld]
    files, lines = _contents(disclosure, enclosed), _lines(disclosure, withheld)
    notice, lead = policy().notice("no-probable-cause").text, policy().notice("lead-only").text
    facts = _letter_facts(disclosure, enclosed, files, lines)
    letter = signed(render_letter(facts, notice, lead), facts.dated)
    packed = [*(file for file, _ in files), PackedFile(LETTER_NAME, letter.pdf, "Cover letter")]
    about = {
        "disclosure": disclosure.number,
        "package": len(disclosure.packages) + 1,
        "case_number": disclosure.case_number,
        "basis": disclosure.basis,
        "policy_version": policy().version,
        "at": disclosure.state_since.isoformat(),
    }
    largest = policy().disclosure.package.max_bytes
    return build_package(packed, about, stores().signer, largest, lines, verify_page())


# A decision that could not be rendered ---------------------------------------------------------------------


def retry_document(disclosure: Disclosure, actor: Actor) -> Job:
    """Have the written decision rendered again after it gave up. Needs an open unit of work; raises Refused."""
    check_capability(actor, "disclosure.read")
    decision = disclosure.current_decision
    job = last_job(DECISION_JOB, decision.uid) if decision is not None else None
    if decision is None or job is None or job.state != "failed":
        raise Refused("decision_document_rendered", "No rendering of it has failed.")
    audit.record("disclosure.decision_retried", disclosure, actor=actor, decision=decision.uid)
    tries = db.session.scalar(
        select(func.count(Job.id)).where(Job.kind == DECISION_JOB, Job.subject_id == decision.uid)
    )
    return ask(DECISION_JOB, decision.uid, f"{DECISION_JOB}:{decision.uid}:{tries}")
