"""The register of modifications as a document, for the examiner of the request and for supervisors (LL55-1)."""

from __future__ import annotations

from flask import Response, abort, g

from app import audit
from app.access.actor import current_actor
from app.access.guard import needs
from app.blueprints.review.blueprint import bp
from app.clauses import enforces
from app.documents.identification.modification_register import render_register
from app.domain.identification.modification_register import gather_register
from app.domain.identification.preparation import all_prepared
from app.domain.serving import clear
from app.domain.signing import signed
from app.models import FRRequest
from app.storage import StorageError
from app.web.pages import pdf_download


@bp.get("/review/<number>/modifications")
@needs("probe.select", "approval.decide", of=FRRequest)
@enforces("LL55-1", "LL55-2", "ACC-11")
def modifications(subject: FRRequest) -> Response:
    """The register as PDF, rendered now; the print and the faces in it are recorded before it is sent."""
    actor = current_actor()
    if not actor.can("approval.decide") and subject.examiner_id != actor.id:
        abort(404)  # the document names the examiner; whoever may become a peer must not know (SRC-4)
    cleared = clear(subject, actor)
    try:
        facts = gather_register(subject, g.account)
        rendered = signed(render_register(facts), facts.printed_at)
    except StorageError as error:
        abort(409, f"An image of this request cannot be read, so its register cannot be printed. {error}")
    audit.sent(
        "probe.register_printed",
        subject,
        images=[image.uid for image in subject.images],
        derived=[row.uid for row in all_prepared(subject)],
        sha256=rendered.sha256,
    )
    return pdf_download(cleared, rendered.pdf, f"{subject.number}-modifications.pdf")
