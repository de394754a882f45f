"""Marks on the two photographs of a comparison, added and changed through ordinary forms (SRC-2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import abort, url_for
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
from app.blueprints.review.steps import Overtaken, status_for, tried
from app.domain.examination import annotations
from app.domain.gallery.verbs import held_of
from app.extensions import db
from app.models import Annotation, Candidate, GalleryPhoto, Round
from app.policy import policy
from app.policy.facts import Fault
from app.policy.refused import Refused
from app.unit_of_work import Conflict
from app.web.pages import page, redirect_after_post, wants_part

Answer = str | WerkzeugResponse | tuple[str, int]
#: the field beside which a fault of a side is said
BESIDE = {"probe": "probe_first", "photo": "photo_first"}


@bp.post("/review/rounds/<uid>/candidates/<int:place>/marks")
@needs("examination.work", of=Round)
def add_mark(subject: Round, place: int) -> Answer:
    """Mark the probe and a photograph of a candidate."""
    candidate = candidate_at(subject, place)
    form = mark_form(held_of(candidate.person))
    return _taken(
        subject, place, form, None,
        lambda: annotations.add(
            subject.request, current_actor(), candidate, _photo(candidate, form.photograph.data), read(form)
        ),
    )  # fmt: skip


@bp.post("/review/rounds/<uid>/candidates/<int:place>/marks/<int:number>")
@needs("examination.work", of=Round)
def change_mark(subject: Round, place: int, number: int) -> Answer:
    """Draw a mark anew or note something else."""
    candidate, row = candidate_at(subject, place), _row(subject, place, number)
    form = mark_form(held_of(candidate.person), number)

    def act() -> None:
        _same(row, form)
        annotations.change(
            subject.request, current_actor(), row, _photo(candidate, form.photograph.data), read(form)
        )  # fmt: skip

    return _taken(subject, place, form, number, act)


@bp.post("/review/rounds/<uid>/candidates/<int:place>/marks/<int:number>/removal")
@needs("examination.work", of=Round)
def remove_mark(subject: Round, place: int, number: int) -> Answer:
    """Take a mark back."""
    row = _row(subject, place, number)
    return _taken(
        subject, place, None, number, lambda: annotations.remove(subject.request, current_actor(), row)
    )  # fmt: skip


def _row(subject: Round, place: int, number: int) -> Annotation:
    """A standing mark this person may know of; 404 for any other."""
    rows = visible(Annotation, current_actor()).where(
        Annotation.round_id == subject.id, Annotation.candidate_id == candidate_at(subject, place).id,
        Annotation.number == number, Annotation.removed_at.is_(None),
    )  # fmt: skip
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


def _same(row: Annotation, form: FlaskForm) -> None:
    db.session.refresh(row)
    if str(row.version) != form.version.data:
        raise Conflict("the mark was changed since")


def _taken(subject: Round, place: int, form: FlaskForm | None, number: int | None, action: Callable[[], Any]) -> Answer:
    """Do it and show the marks as they stand; or the form again with what is wrong, everything typed still in it."""
    refusal: Refused | Overtaken | None = None
    valid = form is None or form.validate_on_submit()
    if valid:
        refusal = tried(
            "mark", subject.request, action, form, lambda: _row(subject, place, number or 0).version, own=True
        )  # fmt: skip
    shown = form.photograph.data if form is not None else ""
    if valid and refusal is None:
        if wants_part():
            return _part(subject, place, shown)
        return redirect_after_post(
            url_for("review.compare", uid=subject.uid, place=place, photo=shown or None, _anchor="marks")
        )
    status = status_for(refusal) if refusal is not None else 422
    if form is not None and isinstance(refusal, Refused) and refusal.faults:
        mark(form, [Fault(BESIDE.get(f.field, f.field), f.message, f.rule_id) for f in refusal.faults], ())
        refusal = None
    if wants_part():
        return _part(subject, place, shown, form=form, number=number, refusal=refusal), status
    again = {"form": form, "number": number, "refusal": refusal}
    return render_compare(loaded(subject), place, marked=again, form=form, refusal=refusal), status


def _part(subject: Round, place: int, shown: str, **again: Any) -> str:
    """The marks alone, for htmx: no face is in them, so nothing is recorded as seen."""
    round_ = loaded(subject)
    found = marking(round_, candidate_at(round_, place), shown, working(round_), **again)
    return page("review/examination/_marks.html", marking=found)
