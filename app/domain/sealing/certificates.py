"""The certificate of a sealing order: its facts from the rows, kept under the order's own key, downloaded (CAP-3)."""

from __future__ import annotations

from sqlalchemy import select

from app import audit
from app.access.actor import Actor, system_actor
from app.access.capabilities import check_capability
from app.clauses import enforces
from app.documents.retention.certificate import Copy
from app.documents.sealing.certificate import LineFacts, NoticeFacts, RecordFacts, SealingFacts
from app.documents.typeset import Rendered
from app.domain.accounts.naming import here
from app.domain.destruction import require_gone
from app.domain.sealing.lookback import KINDS, Showing, counts, look_back
from app.domain.sealing.notices import TITLES, draft, photos_of
from app.domain.sealing.verbs import interrupted
from app.extensions import db, settings, stores
from app.models import SealingOrder
from app.models.base import filled, now
from app.storage import BlobRef
from app.workflow.engine import advance, refuse_if

WAYS = {
    "page": "{name}",
    "command": "the command line of the portal’s server",
    "directory": "the watched folder of orders",
}
INDEXES = {
    "exact": "Each worker keeps its index in memory and brings it in step before each search; what was removed is "
    "overwritten there.",
    "faiss": "Each worker keeps its index in memory and brings it in step before each search; codes of what was "
    "removed are overwritten, and snapshots were destroyed with their keys.",
    "milvus": "The Milvus collections were rid of the templates and compacted.",
}


def lines_of(order: SealingOrder) -> list[Showing]:
    """Return the look-back as certified, or as the tables have it now."""
    kept = order.private.get("look_back")
    return look_back(photos_of(order)) if kept is None else [Showing(**line) for line in kept]


def received_by(order: SealingOrder) -> str:
    """Return in words by whom or by what way the order came in."""
    person = order.received_by
    return WAYS[order.way].format(name=person.titled.strip() if person else "")


@enforces("CAP-3")
def close(order: SealingOrder) -> None:
    """Draft the notices that became due meanwhile and fix the look-back. Needs an open unit of work."""
    draft(order)
    lines = look_back(photos_of(order))
    order.seal(look_back=[line.stored() for line in lines])
    order.finished_at = now()
    audit.record("sealing.looked_back", order, actor=system_actor(), lines=counts(lines), notices=len(order.notices))


def facts_of_sealing(order: SealingOrder) -> SealingFacts:
    """Gather what the certificate says of an order that `close` has closed.

    Raises FactsError when a key or a file of what was sealed is still there.
    """
    require_gone(order.destroyed["keys"], order.destroyed["blobs"])
    statement, done, lines = order.private, order.destroyed, lines_of(order)
    seen: dict[str, Copy] = {
        line.report: Copy(line.report, line.path, line.sha256) for line in lines if line.kind == "report"
    }
    return SealingFacts(
        department=settings().department,
        number=order.number,
        demonstration=settings().demonstration,
        kind=order.kind,
        order_number=statement["order_number"],
        authority=statement["authority"],
        dated=order.dated,
        received_by=received_by(order),
        received_at=here(order.created_at),
        removed_at=here(filled(order.removed_at)),
        ended_at=here(filled(order.finished_at)),
        checked_at=here(now()),
        generation=filled(order.generation),
        policy_version=order.policy_version,
        keys=len(done["keys"]),
        blobs=len(done["blobs"]),
        templates=done["rows"]["template"],
        index=INDEXES[settings().matching_index],
        records=tuple(
            RecordFacts(row.record_number, row.outcome, row.sha256)
            for row in sorted(order.records, key=lambda row: row.record_number)
        ),
        requests=tuple(request.number for request in interrupted(photos_of(order))),
        lines=tuple(
            LineFacts(
                KINDS[line.kind],
                f"{here(line.moment):%Y-%m-%d %H:%M:%S %Z}" if line.moment else "",
                line.subject if line.subject_type != "person_file" else "",
                line.case_number,
                line.report,
                line.detail,
                line.direct,
            )
            for line in lines
        ),
        copies=tuple(seen.values()),
        notices=tuple(
            NoticeFacts(TITLES[notice.kind], notice.about, here(notice.sent_at) if notice.sent_at else None)
            for notice in order.notices
        ),
    )


@enforces("CAP-3")
def keep(order: SealingOrder, rendered: Rendered, stored: BlobRef) -> None:
    """Fix the certificate and end the order. Needs an open unit of work; raises Refused."""
    order.certificate_blob_id, order.certificate_sha256 = stored.id, stored.sha256
    order.certificate_pages = rendered.pages
    advance(order, "certify", system_actor(), sha256=stored.sha256)


def download(order: SealingOrder, actor: Actor) -> bytes:
    """Return the certificate's PDF and record the download. Raises Refused before there is one, StorageError."""
    check_capability(actor, "retention.read", reads=True)
    refuse_if("order_certificate_stored", order.certificate_blob_id is None, "There is no certificate yet.")
    blob, digest = filled(order.certificate_blob_id), filled(order.certificate_sha256)
    data = stores().blobs.get(blob, order.key_id, digest)
    audit.sent("sealing.certificate_downloaded", order, actor=actor, order=order.number)
    return data


def waiting() -> list[str]:
    """Return the numbers of orders carried out but not certified."""
    rows = select(SealingOrder.number).where(SealingOrder.state == "removed").order_by(SealingOrder.id)
    return list(db.session.scalars(rows))
