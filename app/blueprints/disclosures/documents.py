"""Supporting documents, the items and the written decision: uploaded, looked at, each look recorded."""

from __future__ import annotations

from flask import Response, abort, request, url_for

from app import audit
from app.access.actor import current_actor
from app.access.guard import needs
from app.blueprints.disclosures.blueprint import bp
from app.blueprints.disclosures.drafts import own
from app.blueprints.disclosures.forms import UploadForm
from app.blueprints.disclosures.rendering import render_disclosure
from app.blueprints.shared_forms import VersionForm
from app.domain.disclosures import verbs as domain
from app.domain.disclosures.papers import retry_document
from app.domain.serving import clear
from app.extensions import stores
from app.imaging import UnusableImage, sniff
from app.models.base import filled
from app.models.disclosures import Disclosure, DisclosureDocument
from app.policy import policy
from app.policy.refused import Refused
from app.steps import Answer, Overtaken, Why, take_step
from app.storage import BlobCorrupt, KeyDestroyed, UnknownBlob
from app.web.downloads import whole_file

PDF_MAGIC = b"%PDF-"


def media_type_of(data: bytes) -> str:
    """Return an upload's media type by its bytes: PDF, or an image that the portal reads. Raises UnusableImage."""
    # readers accept a few bytes before the header (ISO 32000-2, annex on implementation), ours does not
    return "application/pdf" if data.startswith(PDF_MAGIC) else sniff(data).media_type


@bp.post("/disclosures/<number>/documents")
@needs("disclosure.file", of=Disclosure)
def add_document(subject: Disclosure) -> Answer:
    """Add one supporting document."""
    own(subject)
    form, rule, actor = UploadForm(), policy().disclosure.documents, current_actor()
    chosen, stored, kinds = request.files.get("document"), [], []
    named: list[str] = []

    def sound() -> bool:
        data, fault = chosen.read() if chosen else b"", ""
        if not form.validate():
            return False
        name = (chosen.filename if chosen is not None else None) or ""
        if not name:
            fault = "Choose a file first."
        elif len(data) > rule.max_bytes:
            fault = f"The file is larger than {rule.max_bytes // 2**20} MB."
        else:
            try:
                kinds.append(media_type_of(data))
            except UnusableImage:
                known = ", ".join(format_.label for format_ in rule.formats)
                fault = f"The file is none of these, or is damaged: {known}."
        if fault:
            _beside(form, fault)
            return False
        stored.append(stores().blobs.put(subject.key_id, data))
        named.append(name)
        return True

    def again(why: Why) -> str:
        if isinstance(why, Refused):
            _beside(form, why.reason)
        return render_disclosure(subject, upload=form, refusal=why if isinstance(why, Overtaken) else None)

    return take_step(
        subject,
        "add_document",
        form,
        lambda: domain.add_document(subject, actor, form.kind.data or "", stored[0], kinds[0], named[0]),
        again=again,
        sound=sound,
        stored=stored,
        done="The document is attached.",
        to=url_for("disclosures.show", number=subject.number, _anchor="documents"),
    )


def _beside(form: UploadForm, message: str) -> None:
    """Show what is wrong with an upload at the field it concerns."""
    field = form.kind if not form.kind.data else form.document
    field.errors = [message]


@bp.post("/disclosures/<number>/documents/<uid>/remove")
@needs("disclosure.file", of=Disclosure)
def remove_document(subject: Disclosure, uid: str) -> Answer:
    """Remove a document before anybody could have decided on it."""
    own(subject)
    found, actor = _document(subject, uid), current_actor()
    blob_id = found.blob_id

    def done() -> str:
        stores().blobs.destroy(blob_id)
        return "The document is taken out."

    return take_step(
        subject,
        "remove_document",
        VersionForm(),
        lambda: domain.remove_document(found, actor),
        again=lambda why: render_disclosure(subject, refusal=why),
        done=done,
        to=url_for("disclosures.show", number=subject.number, _anchor="documents"),
    )


@bp.get("/disclosures/<number>/documents/<uid>/remove")
@bp.get("/disclosures/<number>/documents/<uid>")  # registered first, so that links lead here
@needs("disclosure.read", of=Disclosure)
def document(subject: Disclosure, uid: str) -> Response:
    """A supporting document as it was uploaded; always a download, for its content is not ours."""
    found = _document(subject, uid)
    cleared = clear(found, current_actor())
    data = _stored(found.blob_id, found.key_id, found.sha256)
    audit.sent("disclosure.document_viewed", subject, document=found.uid, sha256=found.sha256)
    suffix = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg"}[found.media_type]
    name = f"{subject.number}-{found.kind}.{suffix}"
    return whole_file(cleared, data, found.media_type, name)


@bp.get("/disclosures/<number>/items/<uid>")
@needs("disclosure.read", of=Disclosure)
def item(subject: Disclosure, uid: str) -> Response:
    """One item: a report as delivered; an image as its copy without metadata, since browsers show not every format."""
    found = next((item for item in subject.items if item.uid == uid), None)
    if found is None:
        abort(404)
    cleared = clear(found, current_actor())
    if found.image is not None:
        image = found.image
        data = _stored(image.shown_blob_id, image.key_id, image.shown_sha256)
        media_type = "image/png" if data.startswith(b"\x89PNG") else "image/jpeg"
        name = f"{image.request.number}-image.{'png' if media_type == 'image/png' else 'jpg'}"
    else:
        report = filled(found.report)
        data = _stored(report.blob_id, report.key_id, found.sha256)
        media_type, name = "application/pdf", f"{report.number}.pdf"
    audit.sent("disclosure.item_viewed", subject, item=found.uid, sha256=found.sha256)
    return whole_file(cleared, data, media_type, name, inline=True)


@bp.get("/disclosures/<number>/decision/<uid>")
@needs("disclosure.read", of=Disclosure)
def decision(subject: Disclosure, uid: str) -> Response:
    """The privacy officer's written decision."""
    found = next((row for row in subject.decisions if row.uid == uid), None)
    if found is None or found.document_blob_id is None:
        abort(404)
    cleared = clear(found, current_actor())
    data = _stored(found.document_blob_id, found.key_id, found.document_sha256)
    audit.sent("disclosure.document_viewed", subject, document=found.uid, sha256=found.document_sha256)
    return whole_file(cleared, data, "application/pdf", f"{subject.number}-decision.pdf", inline=True)


@bp.post("/disclosures/<number>/decision/again")
@needs("disclosure.read", of=Disclosure)
def render_again(subject: Disclosure) -> Answer:
    """Ask again for a written decision whose rendering gave up."""
    actor = current_actor()
    return take_step(
        subject,
        "render_decision",
        VersionForm(),
        lambda: retry_document(subject, actor),
        again=lambda why: render_disclosure(subject, refusal=why),
        done="The written decision is being rendered again.",
        to=url_for("disclosures.show", number=subject.number),
    )


def _document(subject: Disclosure, uid: str) -> DisclosureDocument:
    found = next((row for row in subject.documents if row.uid == uid), None)
    if found is None:
        abort(404)
    return found


def _stored(blob_id: str | None, key_id: str, sha256: str | None) -> bytes:
    """Return stored bytes after a check. 404 for what was destroyed, 500 for what was altered."""
    if blob_id is None or sha256 is None:
        abort(404)
    try:
        return stores().blobs.get(blob_id, key_id, sha256)
    except (UnknownBlob, KeyDestroyed):
        abort(404)
    except BlobCorrupt:
        abort(500, "The stored file is not the one that was recorded, so it is not shown.")
