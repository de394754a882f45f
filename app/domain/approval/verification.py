"""The check of a printed report by its code (SRC-8): whether it was issued here, is in force, and is this very file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app import audit
from app.clauses import enforces
from app.documents.approval.manifest import normalise_code
from app.extensions import db
from app.models.approval import Report
from app.models.base import filled
from app.models.retention import DisposalItem


@dataclass(frozen=True, slots=True)
class Answer:
    """What the holder of a report's code may learn: what the paper shows, and whether it is still in force.

    `same_file` is None when no file was given.
    """

    number: str
    kind: str
    issued_at: datetime
    recalled_at: datetime | None
    replaced_by: str | None
    manifest_digest: str
    sha256: str
    same_file: bool | None
    #: when the record of its case was disposed of; the copies that were delivered remain genuine
    disposed_at: datetime | None = None

    @property
    def in_force(self) -> bool:
        return self.recalled_at is None


def verify_code(typed: str, file: bytes | None = None) -> Answer | None:
    """Return the delivered report with this code, or None. The query is recorded; the file is compared and not kept."""
    code = normalise_code(typed)
    report = (
        db.session.scalars(select(Report).where(Report.code == code, Report.delivered_at.is_not(None))).one_or_none()
        if code
        else None
    )
    remains = _remains_of(code) if code and report is None else None
    audit.viewed("verification.asked", report, found=report is not None or remains is not None)
    if remains is not None:
        return _of_disposed(*remains, file)
    if report is None:
        return None
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
        same_file=None if file is None else hashlib.sha256(file).hexdigest() == report.sha256,
    )


def _remains_of(code: str) -> tuple[DisposalItem, dict[str, Any]] | None:
    """Return what a disposal kept about the delivered report with this code, or None."""
    items = select(DisposalItem).where(DisposalItem.state.in_(["erasing", "erased"])).order_by(DisposalItem.id)
    for item in db.session.scalars(items):
        for copy in item.delivered:
            if copy["code"] == code:
                return item, copy
    return None


@enforces("RET-11", "SRC-8")
def _of_disposed(item: DisposalItem, copy: dict[str, Any], file: bytes | None) -> Answer:
    """Answer for a disposed record: a paper that was genuine stays genuine."""
    recalled = copy["recalled"]
    return Answer(
        number=copy["report"],
        kind=copy["kind"],
        issued_at=datetime.fromisoformat(copy["at"]),
        recalled_at=datetime.fromisoformat(recalled) if recalled else None,
        replaced_by=copy["replaced_by"],
        manifest_digest=copy["manifest"],
        sha256=copy["sha256"],
        same_file=None if file is None else hashlib.sha256(file).hexdigest() == copy["sha256"],
        disposed_at=item.begun_at,
    )
