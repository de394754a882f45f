"""Completes a sealing order: nothing of what left remains in keys, files, indexes or the database's own files (CAP-3).

The order was carried out before this job was asked for: no search sees the photographs. What follows may be repeated
after a kill at any point; the certificate comes last and says so.
"""

from __future__ import annotations

from sqlalchemy import select

from app.clauses import enforces
from app.documents.errors import DocumentError
from app.documents.sealing.certificate import render_sealing
from app.domain.accounts.people import holders_of
from app.domain.algorithms import registry as algorithms
from app.domain.gallery import loaded_index
from app.domain.notices.notifications import tell
from app.domain.retention import erasure
from app.domain.sealing import certificates as sealing_certificates
from app.domain.sealing import verbs as sealing
from app.domain.sealing.verbs import JOB, order_by_number
from app.domain.signing import signed
from app.extensions import db, settings, stores
from app.jobs.registry import JobFailed, Retry, handles
from app.matching.errors import MatchingError
from app.models import Template
from app.models.engine import Job
from app.storage import DiskFailure, StorageError
from app.unit_of_work import unit_of_work


def _gave_up(row: Job, cause: str) -> None:
    """Tell every records officer: a destruction that stopped is not left alone unseen."""
    with unit_of_work():
        order = order_by_number(row.subject_id)
        tell("sealing_failed", {order.received_by_id, *holders_of("sealing.order")}, order)


@enforces("CAP-3", "ACC-10")
@handles(JOB, on_failure=_gave_up)
def complete_sealing(row: Job) -> None:
    """Destroy, clean, certify. Raises Retry when disk, database or index stand in the way."""
    order = order_by_number(row.subject_id)
    if order.state != "removed":
        return
    plan, number = dict(order.destroyed), order.number
    db.session.rollback()
    try:
        sealing.destroy(plan["keys"], plan["blobs"])
        for step in erasure.AFTERWARDS:
            step()
        clean_index()
        erasure.scrub()
        _certify(number)
    except (DiskFailure, MatchingError, erasure.StillRead) as error:
        raise Retry(str(error)) from error
    except (DocumentError, StorageError) as error:
        raise JobFailed(str(error)) from error


def clean_index() -> None:
    """Have every shared index follow now, two of them while the algorithm changes.

    One in a worker's memory follows at that worker's next search, before it ranks.

    Milvus holds templates in files of its own, whether anybody searches or not; it is compacted with the removal. A
    network need not be installed for that. Raises MatchingError, after the others were cleaned, for one that left the
    catalogue: nothing is certified while its collection may still hold the photograph.
    """
    left = []
    if settings().matching_index != "milvus":
        return
    for digest in db.session.scalars(select(Template.algorithm_digest).distinct()).all():
        entry = algorithms.entry_of(digest)
        if entry is None:
            left.append(digest[:12])
        else:
            loaded_index.repository_of(digest, entry.dims).refresh()
    if left:
        raise MatchingError(f"The index of {', '.join(left)} is not cleaned: its entry left config/models.toml.")


def _certify(number: str) -> None:
    """Fix the look-back, render, keep; of two workers the first one's is kept."""
    with unit_of_work():
        order = order_by_number(number)
        if order.finished_at is None:
            sealing_certificates.close(order)
    order = order_by_number(number)
    if order.certificate_blob_id is not None:
        return
    facts = sealing_certificates.facts_of_sealing(order)
    rendered = signed(render_sealing(facts), facts.ended_at)
    stored = stores().blobs.put(order.key_id, rendered.pdf)
    with unit_of_work():
        order = order_by_number(number)
        if order.state == "removed":
            sealing_certificates.keep(order, rendered, stored)
            return
    stores().blobs.destroy(stored.id)
