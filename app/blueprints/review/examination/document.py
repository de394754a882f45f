"""The comparison of a round as a document, for its examiner and for supervisors (SRC-2)."""

from __future__ import annotations

from flask import Response, abort, g

from app import audit
from app.access.actor import current_actor
from app.access.guard import needs
from app.blueprints.review.blueprint import bp
from app.blueprints.review.examination.rounds import loaded
from app.clauses import enforces
from app.documents.examination.comparison import render_comparison
from app.domain.examination.comparison_file import gather_comparison, printed_faces
from app.domain.serving import clear
from app.domain.signing import signed
from app.models import Round
from app.storage import StorageError
from app.web.pages import pdf_download


@bp.get("/review/rounds/<uid>/comparison")
@needs("examination.work", "approval.decide", of=Round)
@enforces("SRC-2", "ACC-11")
def comparison_document(subject: Round) -> Response:
    """The marks of a round on its photographs, as PDF, rendered now; the print and its faces are recorded first."""
    round_, actor = loaded(subject), current_actor()
    cleared = clear(subject, actor)
    try:
        facts = gather_comparison(round_, actor, g.account)
        rendered = signed(render_comparison(facts), facts.printed_at)
    except StorageError as error:
        abort(409, f"A photograph of this round cannot be read, so its comparison cannot be printed. {error}")
    faces = printed_faces(round_, actor)
    audit.sent("comparison.printed", round_.request, round=round_.uid, faces=faces, sha256=rendered.sha256)
    return pdf_download(cleared, rendered.pdf, f"{round_.request.number}-round-{round_.number}-comparison.pdf")
