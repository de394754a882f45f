"""Samples of imports: a second person says what the source has of each drawn record, blind, and signs (CAP-3)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from app.access.actor import current_actor
from app.access.guard import needs
from app.access.scoping import visible
from app.blueprints.gallery import sample_forms
from app.domain.gallery import samples
from app.domain.gallery.intake_manifest import IntakeError
from app.domain.gallery.sample_extract import read_extract
from app.extensions import db
from app.models import GalleryImport
from app.policy import policy
from app.steps import Answer, Why, take_step
from app.web.pages import page

bp = Blueprint("samples", __name__)
SHOWN = 50
#: bytes of an extract: more than 500 lines of six short columns ever have
LARGEST = 2 * 1024 * 1024


@bp.get("/samples")
@needs("gallery.sample")
def index() -> ResponseReturnValue:
    """CAP-3: the latest imports, and what each waits for."""
    rows = visible(GalleryImport, current_actor()).order_by(GalleryImport.id.desc()).limit(SHOWN)
    waiting = {of.id for of in samples.waiting()}
    found = [(of, samples.standing(of), of.id in waiting) for of in db.session.scalars(rows)]
    return page("gallery/samples.html", found=found, rule=policy().gallery.sample)


@bp.get("/samples/<uid>")
@needs("gallery.sample", of=GalleryImport)
def show(subject: GalleryImport) -> ResponseReturnValue:
    """The drawn records by their numbers; what the list said of them is shown once the sample is signed."""
    return _show(subject)


def _show(subject: GalleryImport, sent: FlaskForm | None = None, why: Why = None, again: tuple[str, ...] = ()) -> str:
    last = subject.samples[-1] if subject.samples else None
    drawn = samples.drawn(last) if last is not None else []
    version = samples.shown(subject) if last is not None else ""
    barred = samples.barred(current_actor())
    open_ = last is not None and samples.unsignable(subject) is None and barred is None
    forms = sample_forms.empty(drawn, version)
    drawable = barred is None and last is not None and last.drawn_at is not None and samples.undrawable(subject) is None
    if sent is not None and not (drawable if isinstance(sent, sample_forms.DrawForm) else open_):
        sent = None  # the page has no such form: what stands in the way says more than what the form lacks
    if sent is not None:
        forms[sent.NAME] = sent  # each of the three forms says which it is
    return page(
        "gallery/sample.html",
        of=subject,
        sample=last,
        drawn=drawn,
        stated=samples.stated,
        standing=samples.standing(subject),
        rule=policy().gallery.sample,
        columns=sample_forms.labels(),
        forms=forms,
        form=sent,
        open=open_,
        drawable=drawable,
        barred=barred,
        everything=any(one.looked for one in subject.samples),
        before=samples.looked_at(subject) if last is not None else [],
        again=again,
        refusal=why,
    )


@bp.post("/samples/<uid>/sign")
@needs("gallery.sample", of=GalleryImport)
def sign(subject: GalleryImport) -> Answer:
    """Compare what the second person says of each record with the list, and sign; what differs is looked at again."""
    drawn = samples.drawn(subject.samples[-1]) if subject.samples else []
    form, actor = sample_forms.answers(drawn)(), current_actor()
    again: list[str] = []

    def sound() -> bool:
        if not form.validate():
            return False
        if not subject.samples or samples.unsignable(subject) is not None:
            return True  # the rule says it when it is signed
        found = samples.compared(subject, actor, form.extract())
        if not found or form.looked.data == form.said():
            return True
        again.extend(photo.record_number for photo in drawn if photo.uid in found)
        form.looked.data = form.said()
        return False

    return _signing(subject, form, form.extract, sound, again)


@bp.post("/samples/<uid>/extract")
@needs("gallery.sample", of=GalleryImport)
def sign_extract(subject: GalleryImport) -> Answer:
    """Compare an extract of the source system, a CSV file, with the list, and sign."""
    form, sent, found = sample_forms.ExtractForm(prefix="extract-"), request.files.get("extract-file"), {}

    def sound() -> bool:
        if not form.validate():
            return False
        name = (sent.filename if sent is not None else "") or ""
        data = sent.read(LARGEST + 1) if sent is not None and name else b""
        try:
            if not name:
                raise IntakeError("Choose the file first.")
            if len(data) > LARGEST:
                raise IntakeError(f"The file is larger than {LARGEST // 2**20} MB: bring the drawn records alone.")
            found.update(read_extract(data, "The file"))
        except IntakeError as fault:
            form.file.errors = [str(fault)]
            return False
        return True

    return _signing(subject, form, lambda: found, sound, [])


def _signing(subject: GalleryImport, form: Any, extract: Any, sound: Any, again: list[str]) -> Answer:
    actor = current_actor()
    return take_step(
        subject,
        "sign_sample",
        form,
        lambda: samples.sign(subject, actor, extract(), form.reason.data or ""),
        again=lambda why: _show(subject, form, why, tuple(again)),
        stands=lambda: samples.shown(subject) if subject.samples else "",
        barred=lambda: samples.barred(actor),
        sound=sound,
        done=lambda: samples.standing(subject),
        to=url_for("samples.show", uid=subject.uid),
    )


@bp.post("/samples/<uid>/draw-again")
@needs("gallery.sample", of=GalleryImport)
def draw_again(subject: GalleryImport) -> Answer:
    """Draw another sample: when the time ran out, or after a difference, once the records that differ are out."""
    form, actor = sample_forms.DrawForm(prefix="draw-"), current_actor()
    return take_step(
        subject,
        "draw_sample",
        form,
        lambda: samples.draw_again(subject, actor),
        again=lambda why: _show(subject, form, why),
        stands=lambda: samples.shown(subject) if subject.samples else "",
        barred=lambda: samples.barred(actor) or samples.undrawable(subject),
        done=lambda: samples.standing(subject),
        to=url_for("samples.show", uid=subject.uid),
    )
