"""Renders a report once and attaches those bytes to the case file, until they are taken (SRC-7, SRC-8).

Three steps, each safe to repeat after a kill: the report gets its number; what was rendered is kept, so that a change
of policy, settings, names or libraries between two tries changes nothing; the kept bytes are delivered and recorded.
"""

from __future__ import annotations

import structlog
from sqlalchemy import select

from app.access.actor import system_actor
from app.clauses import enforces
from app.documents.approval.manifest import manifest, verification
from app.documents.approval.render import render_report
from app.documents.errors import DeliveryConflict, DeliveryError, DocumentError
from app.domain.accounts.people import holders_of
from app.domain.approval.report_facts import gather
from app.domain.approval.reports import (
    begin_report,
    connector,
    deliver,
    delivery_of,
    give_up,
    is_due,
    keep,
    notice_of,
    renumber,
    verification_secret,
    verify_page,
)
from app.domain.gallery.verbs import held_of
from app.domain.notices.notifications import tell
from app.domain.requests.reserved_matters import reserved_result_cleared
from app.domain.serving import left_at
from app.domain.signing import signed
from app.extensions import db, stores
from app.jobs.registry import JobFailed, Retry, handles
from app.models import FRRequest, Report
from app.models.base import filled
from app.models.engine import Job
from app.policy import policy
from app.storage import DiskFailure, StorageError
from app.unit_of_work import unit_of_work

log = structlog.get_logger()
CHANGED = "A photograph of the candidate left the repository meanwhile."


def _gave_up(row: Job, cause: str) -> None:
    """Tell the examiner and the unit's supervisors, so that no result stays undelivered unseen."""
    with unit_of_work():
        request = _request(row.subject_id)
        tell("report_failed", [request.examiner_id, *holders_of("approval.decide")], request)


@enforces("SRC-8", "SRC-9")
@handles("match_report", on_failure=_gave_up)
def match_report(row: Job) -> None:
    """Deliver the possible match report of an approved request."""
    _produce(row.subject_id, "possible_match")


@enforces("SRC-7")
@handles("negative_report", on_failure=_gave_up)
def negative_report(row: Job) -> None:
    """Deliver the negative-results report."""
    _produce(row.subject_id, "negative")


def _produce(request_number: str, kind: str) -> None:
    with unit_of_work():
        request = _request(request_number)
        if not is_due(request, kind):
            return
        uid = begin_report(request, kind).uid
    try:
        if _report(uid).blob_id is None:
            _render(uid)
        _attach(uid, kind)
    except (DeliveryError, DiskFailure) as error:
        raise Retry(str(error)) from error
    except (DocumentError, StorageError) as error:
        raise JobFailed(str(error)) from error


def _render(uid: str) -> None:
    """Render the report and keep the result; of two workers the first one's is kept.

    Not kept, and tried again, when a photograph of the candidate left the repository meanwhile (CAP-3).
    """
    report = _report(uid)
    shown = photographs_of(report)
    facts = gather(report)
    keys = stores().signer.fingerprint, stores().documents.certified.fingerprint
    checked = verification(facts, verification_secret(), verify_page(), *keys)
    whole = render_report(facts, policy().notice("no-probable-cause").text, notice_of(report), checked)
    rendered = signed(whole, facts.issued_at)
    stored = stores().blobs.put(report.key_id, rendered.pdf)
    with unit_of_work():
        report = _report(uid)
        stale = photographs_of(report) != shown
        if report.blob_id is None and not stale:
            keep(report, rendered, stored, checked, manifest(facts))
            return
    stores().blobs.destroy(stored.id)
    if stale:
        raise Retry(CHANGED)


@enforces("CAP-3")
def photographs_of(report: Report) -> frozenset[int]:
    """The candidate's photographs in the repository now, any of which the report may show; none in a negative one."""
    if report.kind != "possible_match":
        return frozenset()
    return frozenset(photo.id for photo in held_of(filled(filled(report.round).nominee).person))


def _attach(uid: str, kind: str) -> None:
    """Deliver the kept bytes and record the receipt. Raises JobFailed when the file lacks what SRC-9 demands."""
    if left_at(_report(uid)) is not None:
        _forget(uid)
        raise Retry(CHANGED)
    delivery, missing = delivery_of(_report(uid))
    if missing:
        raise JobFailed(f"The rendered report lacks {', '.join(missing)}.")
    db.session.rollback()
    if _report(uid).blob_id is None:
        raise Retry(CHANGED)
    # asked before the file is there: what was attached can no longer be kept back
    reserved = reserved_result_cleared(_report(uid).request, system_actor(), {})
    if reserved is not None:
        raise JobFailed(reserved)
    try:
        receipt = connector().deliver(delivery)
    except DeliveryConflict as conflict:
        log.error("report_number_taken", report=delivery.report_number, cause=str(conflict))
        with unit_of_work():
            old_file = renumber(_report(uid), delivery.report_number)
        if old_file is not None:
            stores().blobs.destroy(old_file)
        raise Retry(f"{conflict} The report was given a new number.") from conflict
    with unit_of_work():
        report = _report(uid)
        if report.blob_id is None:
            # the order came while the file was being written: nobody was told of it, so a person takes it out
            raise JobFailed(
                f"A photograph was sealed while this was delivered; take {receipt.path} out of the case file."
            )
        if report.delivered_at is None and is_due(report.request, kind):
            deliver(report, receipt, missing)


@enforces("CAP-3")
def _forget(uid: str) -> None:
    """Give up a rendered report that nobody received: a photograph in it left the repository, order or not."""
    with unit_of_work():
        report = _report(uid)
        old_file = give_up(report) if report.delivered_at is None and report.blob_id is not None else None
    if old_file is not None:
        stores().blobs.destroy(old_file)


def _request(number: str) -> FRRequest:
    return db.session.scalars(select(FRRequest).where(FRRequest.number == number)).one()


def _report(uid: str) -> Report:
    return db.session.scalars(select(Report).where(Report.uid == uid)).one()
