"""Renders a written decision once, and builds the package of a disclosure that is being released (EXT-7).

Both are safe to repeat after a kill: what is kept is kept in the same transaction that says so, and a second file made
meanwhile is destroyed. Whether the release still holds is asked of the workflow again when the package is done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import select

from app.clauses import enforces
from app.documents.disclosures.render import render_decision
from app.documents.errors import DocumentError
from app.domain.disclosures.decisions import DECISION_JOB, PACKAGE_JOB, finish_release, keep_decision_document
from app.domain.disclosures.papers import decision_facts, pack
from app.domain.disclosures.verbs import fail_release
from app.domain.notices.notifications import tell
from app.domain.signing import signed
from app.extensions import db, stores
from app.jobs.registry import JobFailed, Retry, handles
from app.models.disclosures import Disclosure, DisclosureDecision
from app.models.engine import Job
from app.policy.refused import Refused
from app.storage import BlobRef, DiskFailure, StorageError
from app.unit_of_work import unit_of_work


def _no_document(row: Job, cause: str) -> None:
    """Notify the decider and the requester: nothing can leave before the decision is kept as a document."""
    with unit_of_work():
        decision = _decision(row.subject_id)
        people = [decision.decided_by_id, decision.disclosure.asked_by_id]
        tell("disclosure_decision_failed", people, decision.disclosure)


@enforces("EXT-7")
@handles(DECISION_JOB, on_failure=_no_document)
def disclosure_decision(row: Job) -> None:
    """Render the privacy officer's written decision and keep it; of two workers the first one's is kept."""
    if _decision(row.subject_id).document_blob_id is not None:
        return
    try:
        decision = _decision(row.subject_id)
        facts = decision_facts(decision)
        stored = stores().blobs.put(decision.key_id, signed(render_decision(facts), facts.dated).pdf)
    except DiskFailure as error:
        raise Retry(str(error)) from error
    except (DocumentError, StorageError) as error:
        raise JobFailed(str(error)) from error
    with _destroyed_unless_kept(stored) as keep, unit_of_work():
        decision = _decision(row.subject_id)
        if decision.document_blob_id is None:
            keep_decision_document(decision, stored)
            keep()


def _no_package(row: Job, cause: str) -> None:
    """Return the disclosure to approved, with the cause: nothing left, and it can be released again."""
    with unit_of_work():
        disclosure = _disclosure(row.subject_id)
        if disclosure.state == "releasing":
            fail_release(disclosure, cause)


@enforces("EXT-2", "EXT-7")
@handles(PACKAGE_JOB, on_failure=_no_package)
def disclosure_package(row: Job) -> None:
    """Build the package and keep it, to be fetched once. A release that no longer holds ends here, with its rule."""
    disclosure = _disclosure(row.subject_id)
    if disclosure.state != "releasing":
        return
    asked = disclosure.state_since
    try:
        package = pack(disclosure)
        stored = stores().blobs.put(disclosure.key_id, package.content)
    except DiskFailure as error:
        raise Retry(str(error)) from error
    except (DocumentError, StorageError) as error:
        raise JobFailed(str(error)) from error
    try:
        with _destroyed_unless_kept(stored) as keep, unit_of_work():
            disclosure = _disclosure(row.subject_id)
            # another worker may have finished, and even another release have begun, meanwhile
            if disclosure.state == "releasing" and disclosure.state_since == asked:
                finish_release(disclosure, stored, package.sums_sha256, package.withheld)
                keep()
    except Refused as refusal:
        raise JobFailed(f"{refusal.reason} {refusal.rule.text}") from refusal


@contextmanager
def _destroyed_unless_kept(stored: BlobRef) -> Iterator[Callable[[], None]]:
    """Destroy a stored file on leaving the block, unless a committed row refers to it."""
    kept: list[bool] = []
    try:
        yield lambda: kept.append(True)
    except BaseException:
        stores().blobs.destroy(stored.id)
        raise
    if not kept:
        stores().blobs.destroy(stored.id)


def _disclosure(number: str) -> Disclosure:
    return db.session.scalars(select(Disclosure).where(Disclosure.number == number)).one()


def _decision(uid: str) -> DisclosureDecision:
    return db.session.scalars(select(DisclosureDecision).where(DisclosureDecision.uid == uid)).one()
