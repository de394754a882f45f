"""The life of a report: begun, rendered once, attached to the case file, announced (SRC-7 to SRC-9)."""

from __future__ import annotations

from app import audit
from app.access.actor import system_actor
from app.clauses import enforces
from app.documents import checks
from app.documents.approval.case_file import CaseManagement, Delivery, DirectoryCaseFiles, Receipt
from app.documents.approval.manifest import Verification
from app.documents.errors import RenderError
from app.documents.typeset import Rendered
from app.domain.approval.verbs import DELIVERIES, recipients
from app.domain.notices.notifications import tell
from app.domain.numbers import draw
from app.extensions import db, settings, stores
from app.models import FRRequest, Report
from app.models.base import filled, now
from app.policy import policy
from app.storage import BlobRef
from app.storage.keys import Derived
from app.workflow import advance


def verification_secret() -> bytes:
    """Return the secret behind the codes printed on reports."""
    return stores().keys.derived(Derived.REPORTS)


def verify_page() -> str:
    """Return the address of the page on which anybody can check a code."""
    return f"{settings().public_url}/verify"


def connector() -> CaseManagement:
    """Return the connector to the case management system; by default it is a directory for each case."""
    return DirectoryCaseFiles(settings().case_files_dir, stores().signer, readers=settings().case_files_group)


def is_due(request: FRRequest, kind: str) -> bool:
    """Whether the request's state asks for a report of this kind."""
    return request.state == DELIVERIES[kind][1]


def begin_report(request: FRRequest, kind: str) -> Report:
    """Return the undelivered report of this kind, or begin one under a new number. Needs an open unit of work."""
    last = request.current_report
    if last is not None and last.delivered_at is None and last.kind == kind:
        return last
    round_ = request.current_round
    if round_ is not None and round_.search_id != filled(request.current_search).id:
        # a fresh search after a continuation listed nobody: the earlier round is not what is reported
        round_ = None
    recalled = last if last is not None and last.recalled_at is not None else None
    report = Report(
        number=draw("R"),
        request=request,
        round=round_,
        kind=kind,
        prepared_by_id=request.examiner_id,
        replaces=recalled,
    )
    db.session.add(report)
    db.session.flush()
    audit.record("report.begun", report, actor=system_actor(), report=report.number, kind=kind)
    return report


@enforces("USE-7", "SRC-7")
def notice_of(report: Report) -> str:
    """Return the notice for a report's result: only a possible match is called a lead."""
    return policy().notice(policy().request.results[report.kind].notice).text


@enforces("SRC-9", "USE-7", "SRC-7")
def missing_from(pdf: bytes, probe: bytes, own: str) -> list[str]:
    """Return what SRC-9, USE-7 and SRC-7 demand that the finished file lacks, read back from its bytes.

    own: the notice of its result.
    """
    notice = policy().notice("no-probable-cause").text
    wanted = (
        ("the notice", lambda: checks.require_notice(pdf, notice)),
        ("the notice of its result", lambda: checks.require_on_first_page(pdf, own)),
        ("the probe image", lambda: checks.require_picture(pdf, probe)),
    )
    missing = []
    for name, check in wanted:
        try:
            check()
        except RenderError:
            missing.append(name)
    return missing


def keep(report: Report, rendered: Rendered, stored: BlobRef, verification: Verification, manifest: bytes) -> None:
    """Keep the rendered file before anything is delivered: whatever changes later, these bytes are the report.

    Needs an open unit of work.
    """
    report.blob_id, report.sha256, report.pages = stored.id, rendered.sha256, rendered.pages
    report.manifest_digest, report.code = verification.manifest_digest, verification.code
    report.seal(facts=manifest.decode())
    audit.record("report.rendered", report, actor=system_actor(), report=report.number, sha256=rendered.sha256)


def delivery_of(report: Report) -> tuple[Delivery, list[str]]:
    """Return a kept report as it goes to the case file, and what SRC-9 finds missing in it. Raises StorageError."""
    request = report.request
    pdf = stores().blobs.get(filled(report.blob_id), report.key_id, filled(report.sha256))
    image = (report.round.search if report.round is not None else filled(request.current_search)).image
    probe = stores().blobs.get(filled(image.shown_blob_id), request.key_id, filled(image.shown_sha256))
    manifest = report.private["facts"].encode()
    return Delivery(request.case_number, report.number, pdf, manifest, filled(report.code)), missing_from(
        pdf, probe, notice_of(report)
    )


@enforces("CAP-3")
def give_up(report: Report) -> str:
    """Forget what was rendered and not delivered; answers its file. Needs an open unit of work."""
    old_file = filled(report.blob_id)
    report.blob_id = report.sha256 = report.pages = report.manifest_digest = report.code = None
    audit.record("report.given_up", report, actor=system_actor(), report=report.number)
    return old_file


def renumber(report: Report, taken: str) -> str | None:
    """Give an undelivered report a new number, for another document stands under `taken`; answers its old file.

    What was rendered carries the old number and is given up. None when another run was quicker. Needs an open unit of
    work.
    """
    if report.number != taken or report.delivered_at is not None:
        return None
    previous, old_file = report.number, report.blob_id
    report.number = draw("R")
    report.blob_id = report.sha256 = report.pages = report.manifest_digest = report.code = None
    audit.record("report.renumbered", report, actor=system_actor(), report=report.number, previous=previous)
    return old_file


@enforces("SRC-7", "SRC-8", "SRC-9")
def deliver(report: Report, receipt: Receipt, missing: list[str]) -> None:
    """Record the delivered report, move the request on, tell its recipients. Needs an open unit; raises Refused."""
    request = report.request
    report.delivered_at = now()
    report.receipt = {"path": receipt.path, "sha256": receipt.sha256, "at": receipt.at.isoformat()}
    db.session.flush()
    advance(
        request,
        "deliver_report",
        system_actor(),
        report=report.number,
        kind=report.kind,
        sha256=report.sha256,
        missing=missing,
    )
    earlier = recipients(report.replaces) if report.replaces else set()
    delivered = "negative_delivered" if report.kind == "negative" else "report_delivered"
    tell("report_replaced" if report.replaces else delivered, recipients(report) | earlier, request)
