"""Supporting documents, the items and the written decision: uploaded, looked at, each look recorded."""

from __future__ import annotations

from flask import Response, abort, flash, request, url_for
from werkzeug.wrappers import Response as WerkzeugResponse

from app import audit
from app.access.actor import current_actor
from app.access.guard import needs
from app.blueprints.disclosures.blueprint import bp
from app.blueprints.disclosures.drafts import own
from app.blueprints.disclosures.forms import UploadForm
from app.blueprints.disclosures.rendering import render_disclosure
from app.domain.disclosures import verbs as domain
from app.domain.disclosures.papers import retry_document
from app.extensions import stores
from app.imaging import UnusableImage, sniff
from app.models.disclosures import Disclosure, DisclosureDocument
from app.policy import policy
from app.policy.refused import Refused
from app.refusals import attempt, attempt_keeping, status_of
from app.storage import BlobCorrupt, KeyDestroyed, UnknownBlob
from app.web.downloads import whole_file
from app.web.pages import redirect_after_post

PDF_MAGIC = b"%PDF-"


def media_type_of(data: bytes) -> str:
    """What an upload is by its own bytes: a PDF, or an image of a kind the portal reads. Raises UnusableImage."""
    # readers accept a few bytes before the header (ISO 32000-2, annex on implementation), ours does not
    return "application/pdf" if data.startswith(PDF_MAGIC) else sniff(data).media_type


@bp.post("/disclosures/<number>/documents")
@needs("disclosure.file", of=Disclosure)
def add_document(subject: Disclosure) -> WerkzeugResponse | tuple[str, int]:
    """Take one supporting document."""
    own(subject)
    form, rule = UploadForm(), policy().disclosure.documents
    chosen = request.files.get("document")
    data = chosen.read() if chosen else b""
    if chosen is None or not chosen.filename:
        return _upload_refused(subject, form, "Choose a file first.")
    if len(data) > rule.max_bytes:
        return _upload_refused(subject, form, f"The file is larger than {rule.max_bytes // 2**20} MB.")
    try:
        media_type = media_type_of(data)
    except UnusableImage:
        kinds = ", ".join(format_.label for format_ in rule.formats)
        return _upload_refused(subject, form, f"The file is none of these, or is damaged: {kinds}.")
    actor, name, kind = current_actor(), chosen.filename, form.kind.data or ""
    stored = stores().blobs.put(subject.key_id, data)
    refusal = attempt_keeping(
        "add_document", subject, stored,
        lambda: domain.add_document(subject, actor, kind, stored, media_type, name),
    )  # fmt: skip
    if refusal is not None:
        return _upload_refused(subject, form, refusal.reason, refusal)
    flash("The document is attached.", "success")
    return redirect_after_post(url_for("disclosures.show", number=subject.number, _anchor="documents"))


def _upload_refused(
    subject: Disclosure, form: UploadForm, message: str, refusal: Refused | None = None
) -> tuple[str, int]:
    field = form.kind if not form.kind.data else form.document
    field.errors = [message]
    return render_disclosure(subject, upload=form), status_of(refusal) if refusal else 422


@bp.post("/disclosures/<number>/documents/<uid>/remove")
@needs("disclosure.file", of=Disclosure)
def remove_document(subject: Disclosure, uid: str) -> WerkzeugResponse | tuple[str, int]:
    """Take a document out again before anybody could have decided on it."""
    own(subject)
    found, actor = _document(subject, uid), current_actor()
    blob_id = found.blob_id
    refusal = attempt("remove_document", subject, lambda: domain.remove_document(found, actor))
    if refusal is not None:
        return render_disclosure(subject, refusal=refusal), status_of(refusal)
    stores().blobs.destroy(blob_id)
    flash("The document is taken out.", "success")
    return redirect_after_post(url_for("disclosures.show", number=subject.number, _anchor="documents"))


@bp.get("/disclosures/<number>/documents/<uid>/remove")
@bp.get("/disclosures/<number>/documents/<uid>")  # registered first, so that links lead here
@needs("disclosure.read", of=Disclosure)
def document(subject: Disclosure, uid: str) -> Response:
    """A supporting document as it was uploaded; always a download, for its content is not ours."""
    found = _document(subject, uid)
    data = _stored(found.blob_id, found.key_id, found.sha256)
    audit.viewed("disclosure.document_viewed", subject, document=found.uid, sha256=found.sha256)
    suffix = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg"}[found.media_type]
    name = f"{subject.number}-{found.kind}.{suffix}"
    return whole_file(data, found.media_type, name)


@bp.get("/disclosures/<number>/items/<uid>")
@needs("disclosure.read", of=Disclosure)
def item(subject: Disclosure, uid: str) -> Response:
    """One item: a report as delivered; an image as its copy without metadata, since browsers show not every format."""
    found = next((item for item in subject.items if item.uid == uid), None)
    if found is None:
        abort(404)
    if found.image is not None:
        image = found.image
        data = _stored(image.shown_blob_id, image.key_id, image.shown_sha256)
        media_type = "image/png" if data.startswith(b"\x89PNG") else "image/jpeg"
        name = f"{image.request.number}-image.{'png' if media_type == 'image/png' else 'jpg'}"
    else:
        data = _stored(found.report.blob_id, found.report.key_id, found.sha256)
        media_type, name = "application/pdf", f"{found.report.number}.pdf"
    audit.viewed("disclosure.item_viewed", subject, item=found.uid, sha256=found.sha256)
    return whole_file(data, media_type, name, inline=True)


@bp.get("/disclosures/<number>/decision/<uid>")
@needs("disclosure.read", of=Disclosure)
def decision(subject: Disclosure, uid: str) -> Response:
    """The privacy officer's written decision."""
    found = next((row for row in subject.decisions if row.uid == uid), None)
    if found is None or found.document_blob_id is None:
        abort(404)
    data = _stored(found.document_blob_id, found.key_id, found.document_sha256)
    audit.viewed("disclosure.document_viewed", subject, document=found.uid, sha256=found.document_sha256)
    return whole_file(data, "application/pdf", f"{subject.number}-decision.pdf", inline=True)


@bp.post("/disclosures/<number>/decision/again")
@needs("disclosure.read", of=Disclosure)
def render_again(subject: Disclosure) -> WerkzeugResponse | tuple[str, int]:
    """Ask again for a written decision whose rendering gave up."""
    actor = current_actor()
    refusal = attempt("render_decision", subject, lambda: retry_document(subject, actor))
    if refusal is not None:
        return render_disclosure(subject, refusal=refusal), status_of(refusal)
    flash("The written decision is being rendered again.", "success")
    return redirect_after_post(url_for("disclosures.show", number=subject.number))


def _document(subject: Disclosure, uid: str) -> DisclosureDocument:
    found = next((row for row in subject.documents if row.uid == uid), None)
    if found is None:
        abort(404)
    return found


def _stored(blob_id: str | None, key_id: str, sha256: str | None) -> bytes:
    """Stored bytes, checked. 404 for what was destroyed, 500 for what is not what was stored."""
    if blob_id is None or sha256 is None:
        abort(404)
    try:
        return stores().blobs.get(blob_id, key_id, sha256)
    except (UnknownBlob, KeyDestroyed):
        abort(404)
    except BlobCorrupt:
        abort(500, "The stored file is not the one that was recorded, so it is not shown.")
