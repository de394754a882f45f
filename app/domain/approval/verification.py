"""The check of what the portal issued, for whoever holds it (SRC-8): is it from here, in force, and this very file?

A report is found by its code or its file, a package and a written decision by their files. Whether anything in it has
left the repository the one serving function says (CAP-3): never what, why or when.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app import audit
from app.clauses import enforces
from app.documents.approval.manifest import normalise_code
from app.domain.serving import left_at
from app.extensions import db
from app.models.approval import Report
from app.models.base import filled
from app.models.disclosures import DisclosureDecision, DisclosurePackage
from app.models.retention import DisposalItem


@dataclass(frozen=True, slots=True)
class Answer:
    """What the holder of a report, package or decision may learn: what the paper shows, and whether it is in force.

    `same_file` is None when no file was given. `manifest_digest`: of a report's facts, of a package's SHA256SUMS, or
    of a decision's file.
    """

    number: str
    kind: str
    issued_at: datetime
    recalled_at: datetime | None
    replaced_by: str | None
    manifest_digest: str
    sha256: str
    same_file: bool | None
    #: something in it has left the repository
    withheld: bool = False
    #: when the record of its case was disposed of; the copies that were delivered remain genuine
    disposed_at: datetime | None = None

    @property
    def in_force(self) -> bool:
        """Tell whether it may be relied on, as far as the portal knows; of what was disposed of it knows no longer."""
        return self.recalled_at is None and not self.withheld and self.disposed_at is None


@enforces("SRC-8", "CAP-3", "EXT-7")
def verify(typed: str, file: bytes | None = None) -> Answer | None:
    """Return what was issued with this code or, without one, as this file; None where nothing was.

    The query is recorded; the file is compared and not kept.
    """
    code = normalise_code(typed)
    digest = None if file is None else hashlib.sha256(file).hexdigest()
    by_file = digest if not typed.strip() else None
    report, package, decision = _report(code, digest), _package(by_file), _decision(by_file)
    remains = _remains_of(code, digest) if report is None and package is None and decision is None else None
    found = [one for one in (report, package, decision, remains) if one is not None]
    audit.viewed("verification.asked", report, found=bool(found))
    if remains is not None:
        return _of_disposed(*remains, digest)
    if package is not None:
        return _of_package(package)
    if decision is not None:
        return _of_decision(decision)
    return None if report is None else _of_report(report, digest)


def _report(code: str | None, digest: str | None) -> Report | None:
    """Return the delivered report with this code or, without one, with this file."""
    which = Report.code == code if code else Report.sha256 == digest
    if code is None and digest is None:
        return None
    return db.session.scalars(select(Report).where(which, Report.delivered_at.is_not(None))).first()


def _package(digest: str | None) -> DisclosurePackage | None:
    """Return the package that was handed out as this file."""
    if digest is None:
        return None
    out = DisclosurePackage.fetched_at.is_not(None)
    return db.session.scalars(select(DisclosurePackage).where(DisclosurePackage.sha256 == digest, out)).first()


def _decision(digest: str | None) -> DisclosureDecision | None:
    """Return the written decision that was rendered as this file."""
    if digest is None:
        return None
    return db.session.scalars(select(DisclosureDecision).where(DisclosureDecision.document_sha256 == digest)).first()


@enforces("EXT-7")
def _of_decision(decision: DisclosureDecision) -> Answer:
    """Answer for a written decision: it is what was decided on that day, and shows no photograph."""
    digest = filled(decision.document_sha256)
    return Answer(
        number=f"{decision.disclosure.number}, decision on submission {decision.submission}",
        kind="decision",
        issued_at=decision.created_at,
        recalled_at=None,
        replaced_by=None,
        manifest_digest=digest,
        sha256=digest,
        same_file=True,
    )


def _of_report(report: Report, digest: str | None) -> Answer:
    replacement = db.session.scalars(
        select(Report.number).where(Report.replaces_id == report.id, Report.delivered_at.is_not(None))
    ).first()
    return Answer(
        number=report.number,
        kind=report.kind,
        issued_at=filled(report.delivered_at),
        recalled_at=report.recalled_at,
        replaced_by=replacement,
        manifest_digest=filled(report.manifest_digest),
        sha256=filled(report.sha256),
        same_file=None if digest is None else digest == report.sha256,
        withheld=left_at(report) is not None,
    )


def _of_package(package: DisclosurePackage) -> Answer:
    """Answer for a package: one recalled report in it is enough that it is not in force."""
    inside = [item.report for item in package.disclosure.included_items if item.uid not in package.withheld]
    return Answer(
        number=f"{package.disclosure.number}, package {package.number}",
        kind="package",
        issued_at=filled(package.fetched_at),
        recalled_at=min((report.recalled_at for report in inside if report and report.recalled_at), default=None),
        replaced_by=None,
        manifest_digest=package.sums_sha256,
        sha256=package.sha256,
        same_file=True,
        withheld=left_at(package) is not None,
    )


def _remains_of(code: str | None, digest: str | None) -> tuple[DisposalItem, dict[str, Any]] | None:
    """Return what a disposal kept about the delivered report with this code or, without one, this file; or None."""
    name, sought = ("code", code) if code else ("sha256", digest)
    if sought is None:
        return None
    items = select(DisposalItem).where(DisposalItem.state.in_(["erasing", "erased"])).order_by(DisposalItem.id)
    for item in db.session.scalars(items):
        for copy in item.delivered:
            if copy[name] == sought:
                return item, copy
    return None


@enforces("RET-11", "SRC-8")
def _of_disposed(item: DisposalItem, copy: dict[str, Any], digest: str | None) -> Answer:
    """Answer for a disposed record: a paper that was genuine stays genuine; what it shows nobody knows any more."""
    recalled = copy["recalled"]
    return Answer(
        number=copy["report"],
        kind=copy["kind"],
        issued_at=datetime.fromisoformat(copy["at"]),
        recalled_at=datetime.fromisoformat(recalled) if recalled else None,
        replaced_by=copy["replaced_by"],
        manifest_digest=copy["manifest"],
        sha256=copy["sha256"],
        same_file=None if digest is None else digest == copy["sha256"],
        disposed_at=item.begun_at,
    )
