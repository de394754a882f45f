"""A report's life: begun, rendered, delivered to the case file, told to the investigator (SRC-7 to SRC-9)."""

from __future__ import annotations

import hmac

from app import audit
from app.access.actor import system_actor
from app.documents import checks
from app.documents.case_file import CaseManagement, DirectoryCaseFiles, Receipt
from app.documents.errors import RenderError
from app.documents.manifest import Verification
from app.documents.render import Rendered
from app.domain.notices import tell
from app.domain.numbers import draw
from app.extensions import db, settings, stores
from app.models import FRRequest, Report
from app.models.base import now
from app.policy import policy
from app.policy.enforcement import enforces
from app.storage import BlobRef
from app.workflow import advance


def verification_secret() -> bytes:
    """The secret of the codes printed on reports, derived from the master key."""
    return hmac.digest(settings().master_key, b"report verification", "sha256")


def verify_page() -> str:
    """The address of the page on which anybody can check a code."""
    return f"{settings().public_url}/verify"


def connector() -> CaseManagement:
    """The case management system reports are attached to: by default a directory for each case."""
    return DirectoryCaseFiles(settings().case_files_dir, stores().signer)


def begin_report(request: FRRequest, kind: str) -> Report:
    """The unfinished report of this kind, or a new one with its number. Needs an open unit of work."""
    last = request.current_report
    if last is not None and last.delivered_at is None and last.kind == kind:
        return last
    round_ = request.current_round
    recalled = last if last is not None and last.recalled_at is not None else None
    report = Report(
        number=draw("R"), request=request, round=round_, kind=kind,
        prepared_by_id=round_.examiner_id if round_ else request.examiner_id, replaces=recalled,
    )  # fmt: skip
    db.session.add(report)
    db.session.flush()
    return report


@enforces("SRC-9", "USE-7")
def missing_from(pdf: bytes, probe: bytes) -> list[str]:
    """What SRC-9 and USE-7 demand and the finished file does not hold; read back from its bytes."""
    wanted = (
        ("the notice", lambda: checks.require_notice(pdf, policy().notice("no-probable-cause").text)),
        ("the words that it is a lead only", lambda: checks.require_on_first_page(pdf, policy().notice("lead-only").text)),
        ("the probe image", lambda: checks.require_picture(pdf, probe)),
    )  # fmt: skip
    missing = []
    for name, check in wanted:
        try:
            check()
        except RenderError:
            missing.append(name)
    return missing


@enforces("SRC-7", "SRC-8", "SRC-9")
def deliver(
    report: Report, rendered: Rendered, stored: BlobRef, verification: Verification, receipt: Receipt, missing: list[str]
) -> None:
    """Record the delivered report and move the request on. Needs an open unit of work; raises Refused."""
    request = report.request
    report.blob_id, report.sha256, report.pages = stored.id, rendered.sha256, rendered.pages
    report.manifest_digest, report.code = verification.manifest_digest, verification.code
    report.delivered_at = now()
    report.receipt = {"path": receipt.path, "sha256": receipt.sha256, "at": receipt.at.isoformat()}
    db.session.flush()
    audit.record("report.rendered", report, actor=system_actor(), report=report.number, sha256=rendered.sha256)
    advance(
        request, "deliver_report", system_actor(), report=report.number, kind=report.kind, sha256=rendered.sha256,
        missing=missing,
    )  # fmt: skip
    tell("report_replaced" if report.replaces else "report_delivered", {request.requester_id, report.prepared_by_id}, request)
