"""Marks on the two photographs of a comparison, added and changed through ordinary forms (SRC-2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import abort, make_response, url_for
from flask_wtf import FlaskForm
from sqlalchemy import select
from werkzeug.wrappers import Response as WerkzeugResponse

from app.access.actor import current_actor
from app.access.guard import needs
from app.access.scoping import visible
from app.blueprints.fact_fields import mark
from app.blueprints.review.blueprint import bp
from app.blueprints.review.examination.comparison import render_compare
from app.blueprints.review.examination.marks import mark_form, marking, read
from app.blueprints.review.examination.rounds import candidate_at, loaded, working
from app.blueprints.shared_forms import VersionForm
from app.domain.examination import annotations as domain
from app.domain.gallery.verbs import held_of
from app.extensions import db
from app.models import Annotation, Candidate, GalleryPhoto, Round
from app.once import Making
from app.policy import policy
from app.policy.facts import Fault
from app.policy.refused import Refused
from app.steps import Answer, Why, take_step
from app.web.pages import page, wants_part

#: the field beside which a fault of a side is said
BESIDE = {"probe": "probe_first", "photo": "photo_first"}


@bp.post("/review/rounds/<uid>/candidates/<int:place>/marks")
@needs("examination.work", of=Round)
def add_mark(subject: Round, place: int) -> Answer:
    """Mark the probe and a photograph of a candidate."""
    candidate = candidate_at(subject, place)
    form = mark_form(held_of(candidate.person))
    return _taken(
        subject,
        place,
        form,
        None,
        lambda: domain.add(
            subject.request, current_actor(), candidate, _photo(candidate, form.photograph.data), read(form)
        ),
    )


@bp.post("/review/rounds/<uid>/candidates/<int:place>/marks/<int:number>")
@needs("examination.work", of=Round)
def change_mark(subject: Round, place: int, number: int) -> Answer:
    """Draw a mark anew or note something else."""
    candidate, row = candidate_at(subject, place), _row(subject, place, number)
    form = mark_form(held_of(candidate.person), number)
    return _taken(
        subject,
        place,
        form,
        row,
        lambda: domain.change(
            subject.request, current_actor(), row, _photo(candidate, form.photograph.data), read(form)
        ),
    )


@bp.post("/review/rounds/<uid>/candidates/<int:place>/marks/<int:number>/removal")
@needs("examination.work", of=Round)
def remove_mark(subject: Round, place: int, number: int) -> Answer:
    """Remove a mark."""
    row = _row(subject, place, number)
    form = VersionForm(prefix=f"mark-{number}-")
    return _taken(subject, place, form, row, lambda: domain.remove(subject.request, current_actor(), row))


def _row(subject: Round, place: int, number: int) -> Annotation:
    """Return a mark in force that this person may see; 404 for any other."""
    rows = visible(Annotation, current_actor()).where(
        Annotation.round_id == subject.id,
        Annotation.candidate_id == candidate_at(subject, place).id,
        Annotation.number == number,
        Annotation.removed_at.is_(None),
    )
    row = db.session.scalars(rows).first()
    if row is None:
        abort(404)
    return row


def _photo(candidate: Candidate, uid: str) -> GalleryPhoto:
    row = db.session.scalars(
        select(GalleryPhoto).where(GalleryPhoto.uid == uid, GalleryPhoto.person_id == candidate.person_id)
    ).one_or_none()
    if row is None:
        rule, words = policy().review.marks.id, "Choose one of this candidate's photographs."
        raise Refused(rule, words, faults=[Fault("photograph", words, rule)])
    return row


def _taken(subject: Round, place: int, form: FlaskForm, row: Annotation | None, act: Callable[[], Any]) -> Answer:
    """Take the step and show the marks, or the form again with its faults and everything typed."""
    shown = form.photograph.data if "photograph" in form else ""

    def onward() -> str | WerkzeugResponse:
        if wants_part():
            return make_response(_part(subject, place, shown))
        return url_for("review.compare", uid=subject.uid, place=place, photo=shown or None, _anchor="marks")

    def again(why: Why) -> str:
        typed = form if "photograph" in form else None
        if typed is not None and isinstance(why, Refused) and why.faults:
            mark(typed, [Fault(BESIDE.get(f.field, f.field), f.message, f.rule_id) for f in why.faults], ())
            why = None
        made = {"form": typed, "number": row.number if row is not None else None, "refusal": why}
        if wants_part():
            return _part(subject, place, shown, **made)
        return render_compare(loaded(subject), place, marked=made, form=typed, refusal=why)

    return take_step(
        subject.request,
        "mark",
        form,
        act,
        again=again,
        to=onward,
        own=True,
        compare=row is not None,
        makes=Making(Annotation) if row is None else None,
        stands=(lambda: row.version) if row is not None else None,
    )


def _part(subject: Round, place: int, shown: str, **again: Any) -> str:
    """Render the marks alone for htmx; they show no face, so no view is recorded."""
    round_ = loaded(subject)
    found = marking(round_, candidate_at(round_, place), shown, working(round_), **again)
    return page("review/examination/_marks.html", marking=found)
