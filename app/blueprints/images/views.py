"""The bytes of a face image, for the person and session that were shown its page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, abort
from sqlalchemy import select

from app.access.actor import Actor, current_actor
from app.access.guard import needs
from app.access.scoping import find
from app.blueprints.images.links import Kind, LinkExpired, LinkInvalid, face_url, read_token
from app.clauses import enforces
from app.domain.requests.images import limits
from app.domain.serving import clear
from app.extensions import db, stores
from app.imaging import decode, shown_copy
from app.models import ProficiencyPicture
from app.models.base import filled
from app.models.gallery import GalleryPhoto
from app.models.identification import DerivedImage
from app.models.peers import LineUp, LineUpPlace
from app.models.requests import ProbeImage
from app.policy.names import CapabilityId
from app.policy.refused import Refused
from app.storage import BlobCorrupt, KeyDestroyed, UnknownBlob, UnknownKey
from app.web.downloads import Cleared, picture

bp = Blueprint("images", __name__)
bp.add_app_template_global(face_url)

#: any of these, with the training it asks for, opens the repository's photographs
PHOTO_CAPABILITIES: tuple[CapabilityId, ...] = ("gallery.browse", "examination.work", "peer.review", "approval.decide")


@bp.get("/images/<token>")
@needs("portal.use")
def show(token: str) -> Response:
    """One face image, decrypted, checked against its digest. 410 for an old address, 404 for any other fault."""
    try:
        kind, uid = read_token(token)
    except LinkExpired:
        abort(410, "The address of this image has expired. Open the page again to see it.")
    except LinkInvalid:
        abort(404)
    try:
        found = image_bytes(kind, uid, current_actor())
    except BlobCorrupt:
        abort(500, "The stored image is not the one that was recorded, so it is not shown.")
    if found is None:
        abort(404)
    return picture(*found)


#: what is shown, and blob, key and digest of its stored picture
Stored = tuple[Any, str, str, str]


@enforces("ACC-1", "ACC-10", "CAP-3")
def image_bytes(kind: Kind, uid: str, actor: Actor) -> tuple[Cleared, bytes] | None:
    """The shown copy of a probe, a repository photograph or a prepared image, with the leave to serve it.

    None for what this person may not see, what does not exist, and what left the repository: an address of a face gives
    no reasons, its page does. Raises BlobCorrupt when the stored bytes are not those recorded.
    """
    stored = FINDERS[kind](uid, actor)
    if stored is None:
        return None
    thing, *place = stored
    try:
        cleared = clear(thing, actor)
        data = stores().blobs.get(*place)
    except (Refused, UnknownBlob, KeyDestroyed, UnknownKey):
        return None
    # a file of the repository may name a person or a record beside its pixels; a peer gets the pixels
    return cleared, shown_copy(decode(data, limits()).bgr) if kind == "line" else data


def _probe(uid: str, actor: Actor) -> Stored | None:
    image = find(ProbeImage, uid, actor)
    if image is None or image.shown_blob_id is None or image.shown_sha256 is None:
        return None
    return image, image.shown_blob_id, image.key_id, image.shown_sha256


def _photo(uid: str, actor: Actor) -> Stored | None:
    if not any(actor.can(capability) for capability in PHOTO_CAPABILITIES):
        return None
    photo = db.session.scalars(select(GalleryPhoto).where(GalleryPhoto.uid == uid)).one_or_none()
    return None if photo is None else (photo, photo.blob_id, photo.key_id, photo.sha256)


def _derived(uid: str, actor: Actor) -> Stored | None:
    row = find(DerivedImage, uid, actor)
    return None if row is None else (row, row.blob_id, row.key_id, row.sha256)


def _line(uid: str, actor: Actor) -> Stored | None:
    """A photograph of a line, for its peer alone."""
    place = db.session.scalars(select(LineUpPlace).where(LineUpPlace.uid == uid)).one_or_none()
    if place is None or find(LineUp, place.line_up.number, actor) is None:
        return None
    if place.of_repository is not None:
        return place, place.of_repository.blob_id, place.of_repository.key_id, place.of_repository.sha256
    return _of_picture(filled(place.picture))


def _line_probe(uid: str, actor: Actor) -> Stored | None:
    """The probe of a line, for its peer alone."""
    line_up = db.session.scalars(select(LineUp).where(LineUp.uid == uid)).one_or_none()
    if line_up is None or find(LineUp, line_up.number, actor) is None:
        return None
    if line_up.round is None:
        return _of_picture(filled(line_up.item).probe)
    image = line_up.round.search.image
    return line_up, filled(image.shown_blob_id), image.key_id, filled(image.shown_sha256)


def _of_picture(kept: ProficiencyPicture) -> Stored | None:
    if kept.blob_id is None or kept.sha256 is None:
        return None
    return kept, kept.blob_id, kept.key_id, kept.sha256


FINDERS: dict[Kind, Callable[[str, Actor], Stored | None]] = {
    "probe": _probe,
    "photo": _photo,
    "derived": _derived,
    "line": _line,
    "line_probe": _line_probe,
}
