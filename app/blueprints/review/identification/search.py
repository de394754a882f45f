"""The probe and its search: one face, its suitability, the search and its progress (REQ-6, CAP-5, SRC-1)."""

from __future__ import annotations

from typing import Any

from flask import url_for

from app import audit
from app.access.actor import current_actor
from app.access.guard import needs
from app.blueprints.fact_fields import mark
from app.blueprints.images.links import face_url
from app.blueprints.options import options_of
from app.blueprints.review.blueprint import bp
from app.blueprints.review.forms import probe_form
from app.blueprints.review.identification.probe import rectangle
from app.blueprints.review.rendering import render_work
from app.blueprints.review.steps import algorithm_status, job_of
from app.blueprints.shared_forms import VersionForm
from app.domain.examination import verbs as examination
from app.domain.identification import preparation
from app.domain.identification import verbs as identification
from app.domain.identification.preparation import recipe_of_row
from app.domain.identification.recipes import steps_in_words
from app.models import DerivedImage, DetectedFace, FRRequest, ProbeImage
from app.models.base import filled
from app.policy import policy
from app.policy.facts import Fault
from app.policy.refused import Refused
from app.steps import Answer, Why, take_step
from app.web.pages import page, redirect_after_post, wants_part


@bp.get("/review/<number>/probe")
@needs("probe.select", of=FRRequest)
def probe(subject: FRRequest) -> str:
    """Choose the one face to search, the probe alone before one's eyes."""
    return render_probe(subject, _form(subject, version=subject.version, formdata=None))


def usable(subject: FRRequest) -> list[tuple[int, ProbeImage]]:
    numbered = enumerate(subject.current_images, 1)
    return [(number, image) for number, image in numbered if image.state == "ready" and image.faces]


def _form(subject: FRRequest, **values: Any) -> Any:
    faces = [
        (f"{image.uid}.{face.position}", f"Image {number}, face {face.position}")
        for number, image in usable(subject)
        for face in image.faces
    ]
    faces += [(prepared_value(row), f"Prepared image {row.number}") for row in _prepared(subject)]
    return probe_form(faces, **values)


def prepared_value(row: DerivedImage) -> str:
    """What names a prepared image in the form: the image, the face, and itself."""
    return f"{row.image.uid}.{row.face.position}.{row.uid}"


def _prepared(subject: FRRequest) -> list[DerivedImage]:
    ready = {image.id for _, image in usable(subject)}
    return [row for row in preparation.prepared(subject, current_actor()) if row.image_id in ready]


def render_probe(subject: FRRequest, form: Any, refusal: Why = None) -> str:
    """The page that selects the probe; each image with its faces drawn and their radio buttons below."""
    images, prepared = usable(subject), _prepared(subject)
    buttons = {option.data: option for option in form.face}
    if images:
        shown = [image.uid for _, image in images] + [row.uid for row in prepared]
        audit.viewed("faces.viewed", subject, page="review.probe", faces=shown)
    return page(
        "review/identification/probe.html",
        item=subject,
        form=form,
        refusal=refusal,
        options=options_of(subject),
        choices=policy().review.suitability,
        suitability=policy().review.suitability,
        images=[
            (
                number,
                image,
                face_url("probe", image.uid),
                [rectangle(face) for face in image.faces],
                [(face, buttons[f"{image.uid}.{face.position}"]) for face in image.faces],
            )
            for number, image in images
        ],
        prepared=[
            (row, face_url("derived", row.uid), buttons[prepared_value(row)], steps_in_words(recipe_of_row(row)))
            for row in prepared
        ],
    )


def _face(subject: FRRequest, value: str | None) -> tuple[ProbeImage, DetectedFace, DerivedImage | None] | None:
    for row in _prepared(subject):
        if prepared_value(row) == value:
            return row.image, row.face, row
    uid, _, position = (value or "").rpartition(".")
    found = (
        (image, face, None)
        for _, image in usable(subject)
        for face in image.faces
        if image.uid == uid and str(face.position) == position
    )
    return next(found, None)


@bp.post("/review/<number>/probe")
@needs("probe.select", of=FRRequest)
def select_probe(subject: FRRequest) -> Answer:
    """REQ-6, CAP-5: one face of one image, its suitability recorded before any candidate is seen."""
    form, actor = _form(subject), current_actor()
    chosen = _face(subject, form.face.data)

    def sound() -> bool:
        valid, missing = form.validate(), []
        if chosen is None:
            missing.append(Fault("face", "Select one face.", "one_face_selected"))
        if form.suitability.data not in {choice.value for choice in policy().review.suitability.choices}:
            missing.append(Fault("suitability", "Record the suitability of the probe.", "suitability_recorded"))
        if not valid or missing:
            mark(form, missing, ())
        return valid and not missing

    def select() -> None:
        image, face, derived = filled(chosen)
        identification.select_probe(subject, actor, image, face, form.suitability.data, form.note.data or "", derived)

    def again(why: Why) -> str:
        if isinstance(why, Refused) and why.rule_id == "suitability_recorded":
            field = "note" if form.suitability.data != "unsuitable" else "suitability"
            mark(form, [Fault(field, why.reason, why.rule_id)], ())
        elif isinstance(why, Refused) and why.rule_id == "quality_override_reasoned":
            mark(form, [Fault("note", why.reason, why.rule_id)], ())
        return render_probe(subject, form, why)

    return take_step(
        subject,
        "select_probe",
        form,
        select,
        again=again,
        sound=sound,
        to=_work(subject),
        done="The probe is selected and its suitability recorded. Start the search when you are ready.",
    )


@bp.post("/review/<number>/search")
@needs("search.run", of=FRRequest)
def start(subject: FRRequest) -> Answer:
    """SRC-1: start the search of the one selected probe. Pressing twice starts one search."""
    actor = current_actor()
    if subject.state == "searching" and subject.examiner_id == actor.id:
        return redirect_after_post(_work(subject))
    algorithm = algorithm_status()
    return take_step(
        subject,
        "start_search",
        VersionForm(),
        lambda: identification.start_search(subject, actor, algorithm),
        again=lambda why: render_work(subject, refusal=why),
        to=_work(subject),
    )


@bp.get("/review/<number>/progress")
@needs("basis.confirm", of=FRRequest)
def progress(subject: FRRequest) -> Answer:
    """Show the search's progress, then the working page. Without htmx the page reloads itself."""
    if not wants_part() or subject.state != "searching":
        return redirect_after_post(url_for("review.work", number=subject.number))
    return page("review/_progress.html", item=subject, job=job_of(subject.current_search))


@bp.post("/review/<number>/examination")
@needs("examination.work", of=FRRequest)
def begin(subject: FRRequest) -> Answer:
    """SRC-2: open a round of examination on the last list: the first, or after a continuation a fresh one."""
    actor, round_ = current_actor(), subject.current_round

    def onward() -> str:
        return url_for("review.candidates", uid=filled(subject.current_round).uid)

    if subject.state == "under_examination" and round_ is not None and round_.examiner_id == actor.id:
        return redirect_after_post(onward())
    return take_step(
        subject,
        "begin_examination",
        VersionForm(),
        lambda: examination.begin(subject, actor),
        again=lambda why: render_work(subject, refusal=why),
        to=onward,
    )


@bp.post("/review/<number>/nobody-listed")
@needs("examination.work", of=FRRequest)
def conclude_empty(subject: FRRequest) -> Answer:
    """SRC-7: the search listed nobody; the result is negative."""
    actor = current_actor()
    return take_step(
        subject,
        "conclude_empty",
        VersionForm(),
        lambda: examination.conclude_empty(subject, actor),
        again=lambda why: render_work(subject, refusal=why),
        to=_work(subject),
        done="The result is negative; the negative-results report is being delivered.",
    )


def _work(subject: FRRequest) -> str:
    return url_for("review.work", number=subject.number)
