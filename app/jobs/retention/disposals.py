"""Executes an approved disposal, record by record, until everything is erased or spared and the certificate is stored.

Each step is safe to repeat after a kill at any point, and two workers at once do no harm: what is decided (erased or
spared) is decided once under the write lock, keys and files may be destroyed twice, rows are deleted once.
"""

from __future__ import annotations

import structlog

from app.clauses import enforces
from app.documents.errors import DocumentError
from app.documents.retention.certificate import render_certificate
from app.domain.notices.notifications import tell
from app.domain.retention import erasure
from app.domain.retention.certificates import disposal_by_number, facts_of_certificate, keep
from app.domain.retention.disposals import JOB, approvers
from app.domain.signing import signed
from app.extensions import stores
from app.jobs.registry import JobFailed, Retry, handles
from app.models.engine import Job
from app.storage import DiskFailure, StorageError
from app.unit_of_work import unit_of_work

log = structlog.get_logger()


def _gave_up(row: Job, cause: str) -> None:
    """Tell everybody who could approve: a disposal that stopped half-way is not left alone unseen."""
    with unit_of_work():
        disposal = disposal_by_number(row.subject_id)
        tell("disposal_failed", {disposal.proposed_by_id, *approvers()}, disposal)


@enforces("RET-11")
@handles(JOB, on_failure=_gave_up)
def execute_disposal(row: Job) -> None:
    """Execute a disposal to its end. Raises Retry when disk or database stand in the way."""
    number = row.subject_id
    with unit_of_work():
        disposal = disposal_by_number(number)
        if disposal.state == "approved":
            erasure.begin(disposal)
        if disposal.state != "executing":
            return
        items = [item.uid for item in disposal.items]
    try:
        for uid in items:
            erase_item(uid)
        for step in (*erasure.AFTERWARDS, erasure.sweep_cut_short):
            step()
        erasure.scrub()
        _certify(number)
    except (DiskFailure, erasure.StillRead) as error:
        raise Retry(str(error)) from error
    except (DocumentError, StorageError) as error:
        raise JobFailed(str(error)) from error


def erase_item(uid: str) -> None:
    """Spare one record, or erase it: mark, destroy, delete; begun where an earlier run left off."""
    orphans = erasure.orphans_of(uid)
    with unit_of_work():
        erasure.mark(uid, orphans)
    erasure.destroy(uid)
    with unit_of_work():
        erasure.delete(uid)


def _certify(number: str) -> None:
    """Render the certificate and end the disposal; of two workers the first one's is kept."""
    disposal = disposal_by_number(number)
    if disposal.certificate_blob_id is not None:
        return
    facts = facts_of_certificate(disposal)
    rendered = signed(render_certificate(facts), facts.ended_at)
    stored = stores().blobs.put(disposal.key_id, rendered.pdf)
    with unit_of_work():
        disposal = disposal_by_number(number)
        if disposal.state == "executing":
            keep(disposal, rendered, stored)
            tell("disposal_finished", [disposal.proposed_by_id], disposal)
            return
    stores().blobs.destroy(stored.id)
