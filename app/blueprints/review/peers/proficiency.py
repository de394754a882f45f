"""Proficiency items and the error rates they give, for the unit's supervisors (FAIR-1)."""

from __future__ import annotations

from flask import Blueprint, flash, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from app.access.actor import current_actor
from app.access.guard import needs
from app.access.scoping import visible
from app.blueprints.review.peers.proficiency_form import ProficiencyForm
from app.domain.peers import proficiency, selection
from app.domain.peers.proficiency_results import answers, by_examiner, result
from app.extensions import db, stores
from app.imaging import UnusableImage
from app.models import ProficiencyItem
from app.once import Making
from app.outbox import last_job
from app.policy import policy
from app.unit_of_work import unit_of_work
from app.web.pages import page, redirect_after_post

bp = Blueprint("proficiency", __name__)


@bp.get("/proficiency")
@needs("proficiency.keep")
def index() -> ResponseReturnValue:
    """The rates of the unit and of each examiner, and the items."""
    return _page(ProficiencyForm(formdata=None))


def _page(form: ProficiencyForm) -> str:
    given = answers()
    rows = visible(ProficiencyItem, current_actor()).order_by(ProficiencyItem.id.desc())
    items = [
        (item, proficiency.ready(item), last_job(proficiency.PREPARING, item.uid)) for item in db.session.scalars(rows)
    ]
    return page(
        "review/peers/proficiency.html",
        form=form,
        items=items,
        unit=result("The unit", given),
        people=by_examiner(given),
        rule=policy().review.proficiency,
    )


@bp.post("/proficiency")
@needs("proficiency.keep")
def add() -> ResponseReturnValue:
    """Keep a comparison with its truth sealed; a worker measures it before anybody is given it."""
    form, pictures = ProficiencyForm(), []
    if not form.validate():
        return _page(form), 422
    for field, day in ((form.probe, form.probe_taken_on.data), (form.photograph, form.photograph_taken_on.data)):
        sent = request.files.get(field.name)
        data = sent.read() if sent is not None else b""
        try:
            pictures.append(proficiency.given(data, day))
        except UnusableImage as fault:
            field.errors = [fault.message if data else "Choose a picture."]
    if len(pictures) < 2:
        return _page(form), 422
    key = stores().keys.create()
    blobs = proficiency.store(key, pictures)
    made = Making(ProficiencyItem)
    with unit_of_work():
        made.make(
            lambda: proficiency.add(
                current_actor(),
                key,
                (pictures[0], blobs[0]),
                (pictures[1], blobs[1]),
                same=form.same.data == "yes",
                source="consented",
                note=form.note.data or "",
            )
        )
    if made.known:
        # the same form made the item before: the pictures of this sending belong to nothing
        for blob in blobs:
            stores().blobs.destroy(blob.id)
        stores().keys.destroy(key)
    flash("The comparison is kept, its truth sealed. A worker measures it.", "success")
    return redirect_after_post(url_for("proficiency.index"))


@bp.post("/proficiency/<uid>/assignment")
@needs("proficiency.keep", of=ProficiencyItem)
def assign(subject: ProficiencyItem) -> ResponseReturnValue:
    """Give an item to the least busy examiner who never had it."""
    present = selection.available(selection.trained_examiners())
    with unit_of_work():
        made = proficiency.put(subject, present)
    if made is None:
        flash("It was given to nobody: it is not measured yet, is retired, or every examiner had it.", "warning")
    else:
        flash("It is before an examiner, who is not told what it is.", "success")
    return redirect_after_post(url_for("proficiency.index"))


@bp.post("/proficiency/<uid>/retirement")
@needs("proficiency.keep", of=ProficiencyItem)
def retire(subject: ProficiencyItem) -> ResponseReturnValue:
    """Stop giving an item out."""
    with unit_of_work() as rows:
        if rows.scalars(select(ProficiencyItem).where(ProficiencyItem.id == subject.id)).one().retired_at is None:
            proficiency.retire(subject)
    flash("The comparison is retired; what was answered still counts.", "success")
    return redirect_after_post(url_for("proficiency.index"))
