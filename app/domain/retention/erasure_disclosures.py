"""The erasure of a case's disclosures with the record of the case (RET-11).

A line of the register remains: number, kind of recipient, basis, purpose, states, days, the accounts that took part.
Whom it was about, who received it and why, the documents, the written decisions and the packages are erased. An
incident keeps its own key: what the department must report of it outlives the case (EXT-10).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select

from app.domain.retention.erasure_plan import ErasurePlan, run
from app.extensions import db
from app.models import (
    Disclosure,
    DisclosureDecision,
    DisclosureDocument,
    DisclosureItem,
    DisclosurePackage,
    FRRequest,
    Job,
    Notification,
)
from app.models.base import now


class DisclosureEraser:
    """The disclosures from the cases of the requests, each under its own key."""

    tables = ("disclosure_item", "disclosure_document", "disclosure_package", "disclosure_decision", "disclosure")

    def plan(self, requests: Sequence[FRRequest]) -> ErasurePlan:
        """Plan the keys and files of every disclosure; what was handed out belongs to the recipient."""
        found = ErasurePlan()
        for disclosure in _of(requests):
            blobs = [document.blob_id for document in disclosure.documents]
            blobs += [package.blob_id for package in disclosure.packages]
            blobs += [decision.document_blob_id for decision in disclosure.decisions if decision.document_blob_id]
            found.add(ErasurePlan([disclosure.key_id], blobs))
        return found

    def delete(self, requests: Sequence[FRRequest]) -> dict[str, int]:
        """Delete items, documents and packages; blank what remains of disclosures and their decisions."""
        disclosures = _of(requests)
        ids, numbers = [row.id for row in disclosures], [row.number for row in disclosures]
        decisions = select(DisclosureDecision.uid).where(DisclosureDecision.disclosure_id.in_(ids))
        subjects = [*numbers, *db.session.scalars(decisions)]
        for disclosure in disclosures:
            disclosure.sealed, disclosure.person_digest, disclosure.agreement_reference = None, None, None
            disclosure.erased_at = now()
            for decision in disclosure.decisions:
                decision.sealed, decision.document_blob_id, decision.document_sha256 = None, None, None
        db.session.flush()
        steps: list[tuple[Any, Any]] = [
            (DisclosureItem, DisclosureItem.disclosure_id.in_(ids)),
            (DisclosureDocument, DisclosureDocument.disclosure_id.in_(ids)),
            (DisclosurePackage, DisclosurePackage.disclosure_id.in_(ids)),
            (Notification, (Notification.subject_type == "disclosure") & Notification.subject_key.in_(numbers)),
            (Job, Job.subject_id.in_(subjects)),
        ]
        counts = {model.__tablename__: run(delete(model).where(where)) for model, where in steps}
        db.session.expire_all()
        return {table: count for table, count in counts.items() if count}


def _of(requests: Sequence[FRRequest]) -> list[Disclosure]:
    """Return those not erased yet: a case number may have had a record before."""
    cases = {request.case_number for request in requests}
    rows = select(Disclosure).where(Disclosure.case_number.in_(cases), Disclosure.erased_at.is_(None))
    return list(db.session.scalars(rows.order_by(Disclosure.id)))
