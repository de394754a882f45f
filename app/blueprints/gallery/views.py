"""The repository for the unit's examiners: one record at a time, by its number; there is no list to look through."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, request
from sqlalchemy import or_, select

from app import audit
from app.access.actor import Actor, current_actor
from app.access.guard import needs
from app.access.scoping import visible
from app.blueprints.gallery.forms import LookupForm
from app.blueprints.images.links import face_url
from app.clauses import enforces
from app.domain.gallery.repository_index import searchable
from app.extensions import db
from app.models import GalleryPerson, GalleryPhoto
from app.web.pages import page

bp = Blueprint("gallery", __name__)


@bp.get("/gallery")
@needs("gallery.browse")
def index() -> str | tuple[str, int]:
    """The record whose number was asked for, with its person's other photographs; 404 for a number nobody has."""
    asked = "number" in request.args
    form = LookupForm(request.args if asked else None)
    if not asked:
        return page("gallery/index.html", form=form, found=None, photos=[], absent=None)
    if not form.validate():
        return page("gallery/index.html", form=form, found=None, photos=[], absent=None), 422
    number = str(form.number.data)
    person = person_by_number(number, current_actor())
    if person is None:
        return page("gallery/index.html", form=form, found=None, photos=[], absent=number), 404
    shown = select(GalleryPhoto).where(GalleryPhoto.person_id == person.id, searchable())
    photos = db.session.scalars(shown.order_by(GalleryPhoto.taken_on)).all()
    audit.viewed("faces.viewed", person, page="gallery.index", faces=[photo.uid for photo in photos])
    recorded = dict(person.private)
    if recorded.get("born_on"):
        recorded["born_on"] = date.fromisoformat(recorded["born_on"])
    return page(
        "gallery/index.html",
        form=form,
        found=person,
        recorded=recorded,
        absent=None,
        asked=number,
        photos=[(photo, face_url("photo", photo.uid)) for photo in photos],
    )


@enforces("ACC-1", "CAP-3")
def person_by_number(number: str, actor: Actor) -> GalleryPerson | None:
    """Return the person of a record in the repository now; a record that left counts as unknown.

    number: of the record or the person, or the reference by which an import names a photograph.
    """
    return db.session.scalars(
        visible(GalleryPerson, actor)
        .join(GalleryPhoto, GalleryPhoto.person_id == GalleryPerson.id)
        .where(
            searchable(),
            or_(
                GalleryPerson.person_number == number, GalleryPhoto.record_number == number, GalleryPhoto.uid == number
            ),
        )
        .order_by((GalleryPhoto.record_number == number).desc())
        .limit(1)
    ).first()
