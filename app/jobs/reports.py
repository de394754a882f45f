"""Renders a report and attaches it to the case file; tried again until the case management system takes it (SRC-8)."""

from __future__ import annotations

from sqlalchemy import select

from app import audit
from app.access.actor import system_actor
from app.documents.case_file import Delivery
from app.documents.errors import DeliveryConflict, DeliveryError, DocumentError
from app.documents.manifest import manifest, verification
from app.documents.render import render_report
from app.domain.report_facts import gather
from app.domain.reports import begin_report, connector, deliver, missing_from, verification_secret, verify_page
from app.extensions import db, stores
from app.jobs.outbox import JobFailed, Retry, job
from app.models import FRRequest, Report
from app.models.engine import Job
from app.policy import policy
from app.policy.enforcement import enforces
from app.storage import DiskFailure, StorageError
from app.unit import unit_of_work

#: the state in which a report of each kind is due
DUE = {"possible_match": "approved", "negative": "negative"}


@enforces("SRC-8", "SRC-9")
@job("match_report", queue="documents", tries=12)
def match_report(row: Job) -> None:
    """Deliver the possible match report of an approved request."""
    _produce(row, "possible_match")


@enforces("SRC-7")
@job("negative_report", queue="documents", tries=12)
def negative_report(row: Job) -> None:
    """Deliver the negative-results report."""
    _produce(row, "negative")


def _produce(row: Job, kind: str) -> None:
    number = _begin(row.subject_id, kind)
    if number is None:
        return
    report = _report(number)
    try:
        facts = gather(report)
        checked = verification(facts, verification_secret(), verify_page())
        notice, lead = policy().notice("no-probable-cause").text, policy().notice("lead-only").text
        rendered = render_report(facts, notice, lead, checked)
        delivery = Delivery(facts.case_number, number, rendered.pdf, manifest(facts), checked.code)
        receipt = connector().deliver(delivery)
        stored = stores().blobs.put(report.request.key_id, rendered.pdf)
    except DeliveryConflict as error:
        raise JobFailed(str(error)) from error
    except (DeliveryError, DiskFailure) as error:
        raise Retry(str(error)) from error
    except (DocumentError, StorageError) as error:
        raise JobFailed(str(error)) from error
    missing = missing_from(rendered.pdf, facts.probe.picture.data)
    with unit_of_work():
        report = _report(number)
        if report.delivered_at is None and report.request.state == DUE[kind]:
            deliver(report, rendered, stored, checked, receipt, missing)
            return
    # another run was quicker: its file is the one recorded
    stores().blobs.destroy(stored.id)


def _begin(request_number: str, kind: str) -> str | None:
    """The number of the report to produce, or None when the request has moved on."""
    with unit_of_work() as rows:
        request = rows.scalars(select(FRRequest).where(FRRequest.number == request_number)).one()
        if request.state != DUE[kind]:
            return None
        known = {report.number for report in request.reports}
        report = begin_report(request, kind)
        if report.number not in known:
            audit.record("report.begun", report, actor=system_actor(), report=report.number, kind=kind)
        return report.number


def _report(number: str) -> Report:
    return db.session.scalars(select(Report).where(Report.number == number)).one()
