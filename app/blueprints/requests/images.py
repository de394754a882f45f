"""Probe images one by one: upload to the saved draft, provenance, state, removal."""

from __future__ import annotations

from typing import Any

from flask import abort, redirect, request, url_for
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as WerkzeugResponse

from app import audit
from app.access.actor import current_actor
from app.access.guard import needs
from app.blueprints.fact_fields import add_error, answers, moment_of, prefilled, read_moment
from app.blueprints.requests.blueprint import bp
from app.blueprints.requests.forms import OBTAINED, SOURCE, UploadForm, image_form
from app.blueprints.requests.rendering import render_request, request_context
from app.blueprints.shared_forms import VersionForm
from app.calendar import time_zone
from app.domain.requests import images as domain
from app.domain.requests.provenance import Provenance, source_of
from app.extensions import stores
from app.imaging import UnusableImage, sniff
from app.models.requests import FRRequest, ProbeImage
from app.policy import policy
from app.policy.forms import Source
from app.policy.refused import Refused
from app.steps import Answer, Overtaken, Why, take_step
from app.web.pages import page, redirect_after_post, wants_part


@bp.post("/requests/<number>/images")
@needs("request.file", of=FRRequest)
def add_image(subject: FRRequest) -> Answer:
    """Add one upload, whose kind is read from its bytes; nothing else of the draft is touched."""
    form, actor = UploadForm(), current_actor()
    chosen, stored, sniffed = request.files.get("image"), [], []
    made: list[ProbeImage] = []
    named: list[str] = []

    def sound() -> bool:
        data = chosen.read() if chosen else b""
        if not form.validate() or chosen is None or not chosen.filename:
            form.image.errors = ["Choose a photograph first."]
            return False
        try:
            sniffed.append(sniff(data, domain.limits()))
        except UnusableImage as fault:
            form.image.errors = [fault.message]
            return False
        stored.append(stores().blobs.put(subject.key_id, data))
        named.append(chosen.filename)
        return True

    def again(why: Why) -> str:
        if isinstance(why, Refused):
            form.image.errors = [why.reason]
        return render_request(subject, upload=form, refusal=why if isinstance(why, Overtaken) else None)

    return take_step(
        subject,
        "add_image",
        form,
        lambda: made.append(domain.add_image(subject, actor, stored[0], sniffed[0], named[0])),
        again=again,
        sound=sound,
        stored=stored,
        done=lambda: f"Image {len(subject.current_images)} is stored and is being checked. Say where it comes from.",
        to=lambda: url_for("requests.image", number=subject.number, uid=made[0].uid),
    )


@bp.get("/requests/<number>/images/<uid>/state")
@needs("request.file", of=FRRequest)
def image_state(subject: FRRequest, uid: str) -> WerkzeugResponse | str:
    """Show one image's card, polled while the image is being checked; the whole page for a browser."""
    image = of_request(subject, uid)
    if not wants_part():
        return redirect(url_for("requests.show", number=subject.number))
    if image.shown_blob_id:
        audit.viewed("faces.viewed", subject, page="requests.image_state", faces=[image.uid])
    number = subject.current_images.index(image) + 1
    finished = image.state != "checking"
    context = request_context(subject)
    return page("requests/_image_card_part.html", **context, image=image, number=number, finished=finished)


@bp.get("/requests/<number>/images/<uid>")
@needs("request.file", of=FRRequest)
def image(subject: FRRequest, uid: str) -> str:
    """Show where one image comes from, how it was lawfully obtained and when it was taken."""
    found = of_request(subject, uid)
    return _image_page(subject, found, _stored_form(subject, found))


@bp.post("/requests/<number>/images/<uid>")
@needs("request.file", of=FRRequest)
def describe(subject: FRRequest, uid: str) -> Answer:
    """Record the provenance. On any fault everything typed stays in the form."""
    found, actor = of_request(subject, uid), current_actor()
    form = posted_form(subject, found)
    if "choose" in request.form:
        return _image_page(subject, found, form)
    shown = (request.form.get("shown_source", ""), request.form.get("shown_obtained", ""))
    if shown != (form["source"].data or "", form["obtained"].data or ""):
        note = "You chose another source or lawful basis. Answer its questions below, then save."
        return _image_page(subject, found, form, note=note), 422

    def again(why: Why) -> str:
        if isinstance(why, Refused):
            _mark(form, why, source_of(found, _stated()))
        return _image_page(subject, found, form, refusal=why)

    return take_step(
        subject,
        "describe_image",
        form,
        lambda: domain.describe_image(found, actor, _values(found, form)),
        again=again,
        done="Image details saved.",
        to=url_for("requests.show", number=subject.number),
    )


@bp.post("/requests/<number>/images/<uid>/questions")
@needs("request.file", of=FRRequest)
def image_questions(subject: FRRequest, uid: str) -> str:
    """The questions of the source and lawful basis just chosen, for the page to swap in; nothing is saved."""
    found = of_request(subject, uid)
    form = posted_form(subject, found)
    return page("requests/_image_facts.html", item=subject, image=found, form=form, **_chosen(found, form))


@bp.get("/requests/<number>/images/<uid>/remove")
@bp.get("/requests/<number>/images/<uid>/check")
@needs("request.file", of=FRRequest)
def back_from_image(subject: FRRequest, uid: str) -> WerkzeugResponse:
    """Reloading the answer to a refused button leads to the request's page."""
    return redirect(url_for("requests.show", number=subject.number))


@bp.post("/requests/<number>/images/<uid>/remove")
@needs("request.file", of=FRRequest)
def remove_image(subject: FRRequest, uid: str) -> Answer:
    """Remove an image from the draft. A second click finds nothing left to do."""
    found = next((image for image in subject.images if image.uid == uid), None)
    if found is None:
        abort(404)
    actor, back = current_actor(), url_for("requests.show", number=subject.number)
    if found.removed_at is not None and subject.requester_id == actor.id:
        return redirect_after_post(back)
    return take_step(
        subject,
        "remove_image",
        VersionForm(),
        lambda: domain.remove_image(found, actor),
        again=lambda why: render_request(subject, refusal=why),
        done="The image is removed from the draft.",
        to=back,
    )


@bp.post("/requests/<number>/images/<uid>/check")
@needs("request.file", of=FRRequest)
def check_image(subject: FRRequest, uid: str) -> Answer:
    """Ask the worker again about an image that could not be checked."""
    found, actor = of_request(subject, uid), current_actor()
    return take_step(
        subject,
        "check_image",
        VersionForm(),
        lambda: domain.check_again(found, actor),
        again=lambda why: render_request(subject, refusal=why),
        to=url_for("requests.show", number=subject.number),
    )


def of_request(subject: FRRequest, uid: str) -> ProbeImage:
    """Return an image of this request that is not removed; 404 otherwise, and for anybody but the requester."""
    found = next((image for image in subject.current_images if image.uid == uid), None)
    if found is None or subject.requester_id != current_actor().id:
        abort(404)
    return found


def posted_form(subject: FRRequest, image: ProbeImage) -> FlaskForm:
    """Return the provenance form for the posted source and basis, filled with what was typed."""
    source = source_of(image, _stated())
    form = image_form(source, request.form.get("obtained"), subject.use_id)
    form["shown_source"].data, form["shown_obtained"].data = form["source"].data or "", form["obtained"].data or ""
    return form


def _stated() -> Provenance:
    """Return what was posted of an image, as it was typed: what is asked of it depends on that."""
    typed = request.form
    return Provenance(
        source=typed.get("source", ""),
        source_facts={name.removeprefix(SOURCE): typed[name] for name in typed if name.startswith(SOURCE)},
        obtained=typed.get("obtained", ""),
        obtained_facts={name.removeprefix(OBTAINED): typed[name] for name in typed if name.startswith(OBTAINED)},
        taken_at=moment_of(typed.get("taken_on"), typed.get("taken_time")),
    )


def _stored_form(subject: FRRequest, found: ProbeImage) -> FlaskForm:
    taken = found.taken_at.astimezone(time_zone()) if found.taken_at else None
    data: dict[str, Any] = {
        "version": subject.version,
        "shown_source": found.source or "",
        "shown_obtained": found.obtained or "",
        "source": found.source,
        "obtained": found.obtained,
        "taken_on": taken.date().isoformat() if taken else "",
        "taken_time": f"{taken:%H:%M}" if taken else "",
        "attested": found.attested_at is not None,
        **prefilled(SOURCE, found.private.get("source_facts")),
        **prefilled(OBTAINED, found.private.get("obtained_facts")),
    }
    return image_form(source_of(found), found.obtained, subject.use_id, formdata=None, data=data)


def _chosen(image: ProbeImage, form: FlaskForm) -> dict[str, Any]:
    rules = policy().request
    return {
        "source": source_of(image, _stated() if request.method == "POST" else None),
        "obtained": rules.lawful_bases.get(form["obtained"].data),
    }


def _image_page(
    subject: FRRequest, found: ProbeImage, form: FlaskForm, *, note: str | None = None, refusal: Why = None
) -> str:
    if found.shown_blob_id:
        audit.viewed("faces.viewed", subject, page="requests.image", faces=[found.uid])
    return page(
        "requests/image.html",
        item=subject,
        image=found,
        number=subject.current_images.index(found) + 1,
        form=form,
        note=note,
        refusal=refusal,
        editable=domain.may_be_removed(found),
        exif=found.private.get("exif") or {},
        check=domain.check_of(found),
        attestation=policy().request.attestation,
        **_chosen(found, form),
    )


def _values(image: ProbeImage, form: FlaskForm) -> Provenance:
    chosen = _chosen(image, form)
    source, obtained = chosen["source"], chosen["obtained"]
    return Provenance(
        source=source.id if source else "",
        source_facts=answers(form, SOURCE, source.facts) if source else {},
        obtained=obtained.id if obtained else "",
        obtained_facts=answers(form, OBTAINED, obtained.facts) if obtained else {},
        taken_at=moment_of(form["taken_on"].data, form["taken_time"].data),
        attested=bool(form["attested"].data),
    )


def _mark(form: FlaskForm, refusal: Refused, source: Source | None) -> None:
    """Add the faults to their fields; the time taken has two fields, the lawful basis another name."""
    names = {"lawful_basis": "obtained"}
    asked = {fact.name for fact in source.facts} if source else set()
    for fault in refusal.faults:
        if fault.field == "taken_at":
            if read_moment(form["taken_on"], form["taken_time"]) is not None:
                add_error(form["taken_on"], fault.message)
            continue
        prefix = SOURCE if source and fault.field in asked and fault.rule_id == source.id else OBTAINED
        field = names.get(fault.field, fault.field)
        if prefix + field not in form:
            prefix = ""
        if prefix + field in form:
            add_error(form[prefix + field], fault.message)
