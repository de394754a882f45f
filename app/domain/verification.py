"""Checking a printed report by its code (SRC-8): was it issued here, is it still in force, is this file the one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app import audit
from app.documents.manifest import normalise_code
from app.extensions import db
from app.models.report import Report


@dataclass(frozen=True, slots=True)
class Answer:
    """What anybody may know of a report whose code they hold: nothing beyond what its paper shows, and its fate.

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

    @property
    def in_force(self) -> bool:
        return self.recalled_at is None


def verify_code(typed: str, file: bytes | None = None) -> Answer | None:
    """The delivered report with this code, or None; the question is recorded, the file is compared and forgotten."""
    code = normalise_code(typed)
    report = db.session.scalars(
        select(Report).where(Report.code == code, Report.delivered_at.is_not(None))
    ).one_or_none() if code else None  # fmt: skip
    audit.viewed("verification.asked", report, found=report is not None)
    if report is None:
        return None
    replacement = db.session.scalars(
        select(Report.number).where(Report.replaces_id == report.id, Report.delivered_at.is_not(None))
    ).first()
    return Answer(
        number=report.number, kind=report.kind, issued_at=report.delivered_at, recalled_at=report.recalled_at,
        replaced_by=replacement, manifest_digest=report.manifest_digest, sha256=report.sha256,
        same_file=None if file is None else hashlib.sha256(file).hexdigest() == report.sha256,
    )  # fmt: skip
