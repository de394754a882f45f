"""Sealing orders: preview, execution by the one person who received the order, look-back, notices (CAP-3)."""

from __future__ import annotations

from flask import Response, abort, flash, request, url_for
from flask.typing import ResponseReturnValue

from app.access.actor import current_actor
from app.access.guard import needs
from app.access.scoping import visible
from app.access.sessions import SignInRefused, confirm_password
from app.blueprints.retention import forms
from app.blueprints.retention.blueprint import bp
from app.blueprints.retention.rendering import sections
from app.blueprints.shared_forms import VersionForm
from app.calendar import today
from app.domain.sealing import certificates as sealing_certificates
from app.domain.sealing import copies as domain_copies
from app.domain.sealing import notices as sealing_notices
from app.domain.sealing import verbs as domain
from app.domain.sealing.lookback import KINDS, counts, look_back
from app.domain.sealing.order_statement import OrderStatement, faults, numbers_in
from app.domain.serving import clear
from app.extensions import db
from app.models.numbered import named_by
from app.models.sealing import SealedCopy, SealingNotice, SealingOrder
from app.outbox import last_job
from app.policy.refused import Refused
from app.refusals import attempt, status_of
from app.steps import apart, take_step
from app.storage.errors import StorageError
from app.unit_of_work import Conflict
from app.web.pages import page, pdf_download, redirect_after_post

PER_PAGE = 25
OUTCOMES = {
    "removed": ("Removed and destroyed", "good"),
    "left_before": ("Had left before", "ended"),
    "not_held": ("Not held here; kept out", "attention"),
}


@bp.get("/retention/sealings")
@needs("retention.read")
def sealings() -> ResponseReturnValue:
    """Every order, newest first."""
    rows = visible(SealingOrder, current_actor()).order_by(SealingOrder.id.desc())
    pages = db.paginate(rows, per_page=PER_PAGE, max_per_page=PER_PAGE, error_out=False)
    return page("sealing/sealings.html", sections=sections("retention.sealings"), pages=pages, kinds=forms.KIND_LABELS)


# An order comes in -----------------------------------------------------------------------------------------


@bp.get("/retention/sealings/new")
@needs("sealing.order")
def new_sealing() -> ResponseReturnValue:
    return page("sealing/sealing_new.html", form=forms.SealingForm(formdata=None))


def _statement(form: forms.SealingForm) -> OrderStatement:
    return OrderStatement(
        form.kind.data or "",
        form.order_number.data or "",
        form.authority.data or "",
        form.dated.data,
        numbers_in(form.records.data or ""),
        form.person_number.data or "",
        form.note.data or "",
    )


def _sound(form: forms.SealingForm) -> bool:
    """Check that the form states an order; faults are put at their fields."""
    sound = form.validate()
    for name, sentence in faults(_statement(form), today()).items():
        if not form[name].errors:
            form[name].errors = [sentence]
            sound = False
    return sound


@bp.post("/retention/sealings/preview")
@needs("sealing.order")
def preview_sealing() -> ResponseReturnValue:
    """Show what would be removed and where it was shown; nothing changes. POST keeps the order out of addresses."""
    form = forms.SealingForm()
    if not _sound(form):
        return page("sealing/sealing_new.html", form=form), 422
    return _preview(form, forms.SealingConfirmation(formdata=None, data=form.data))


def _preview(
    form: forms.SealingForm,
    confirmation: forms.SealingConfirmation,
    refusal: Refused | None = None,
    *,
    conflict: bool = False,
) -> str:
    statement = _statement(form)
    photos = domain.chosen(statement)
    numbers = named_by(statement.records, photos)
    held = [photo for photo in photos if photo.removed_at is None]
    return page(
        "sealing/sealing_preview.html",
        form=confirmation,
        statement=statement,
        held=held,
        refusal=refusal,
        conflict=conflict,
        left=[number for photo, number in numbers.items() if photo.removed_at is not None],
        absent=[number for number in statement.records if number not in numbers.values()],
        known=domain.existing(statement),
        counts=counts(look_back(photos)),
        headings=KINDS,
        interrupted=domain.interrupted(held),
        kinds=forms.KIND_LABELS,
    )


@bp.post("/retention/sealings/new")
@needs("sealing.order")
def seal() -> ResponseReturnValue:
    """Carry the order out at once, signed with the password; the same order again leads to the first one."""
    form, actor = forms.SealingConfirmation(), current_actor()
    sound = _sound(form)
    if set(form.errors) - {"password"}:
        form.password.errors = []
        return page("sealing/sealing_new.html", form=form), 422
    if not sound:
        return _preview(form, form), 422
    try:
        confirmed = confirm_password(actor, form.password.data)
    except SignInRefused as locked:
        form.password.errors = [str(locked)]
        return _preview(form, form), 429
    if not confirmed:
        form.password.errors = ["The password is wrong. Nothing was sealed."]
        return _preview(form, form), 422
    made: list[SealingOrder] = []
    statement = _statement(form)
    try:
        domain.prepare(statement)
        refusal = attempt("carry_out", None, lambda: made.append(domain.carry_out(statement, actor, "page")))
    except Conflict:
        return _preview(form, form, conflict=True), 409
    except StorageError as fault:
        form.records.errors = [f"Nothing was sealed: a stored photograph of the person cannot be read. {fault}"]
        return _preview(form, form), 409
    if refusal is not None:
        return _preview(form, form, refusal), status_of(refusal)
    order = made[0]
    gone = sum(row.outcome == "removed" for row in order.records)
    flash(f"{order.number} is carried out: {gone} out of the repository, from this moment on.", "success")
    return redirect_after_post(url_for("retention.sealing", number=order.number))


# One order -------------------------------------------------------------------------------------------------


@bp.get("/retention/sealings/<number>")
@needs("retention.read", of=SealingOrder)
def sealing(subject: SealingOrder) -> ResponseReturnValue:
    return _order_page(subject)


def _order_page(
    subject: SealingOrder,
    refusal: Refused | None = None,
    sent: forms.NoticeForm | forms.CopyForm | None = None,
    about: SealingNotice | SealedCopy | None = None,
    *,
    conflict: bool = False,
) -> str:
    job = last_job(domain.JOB, subject.number)
    busy = subject.state == "removed" and job is not None and job.state in {"queued", "running"}
    lines = sealing_certificates.lines_of(subject)
    notices = [(notice, sent if about is notice else _notice_form(notice)) for notice in subject.notices]
    copies = [(copy, sent if about is copy else _copy_form(copy)) for copy in subject.copies]
    photos = sealing_notices.photos_of(subject)
    return page(
        "sealing/sealing.html",
        "sealing/_sealing_progress.html",
        item=subject,
        statement=subject.private,
        job=job,
        busy=busy,
        refusal=refusal,
        conflict=conflict,
        form=sent,
        lines=lines,
        counts=counts(lines),
        headings=KINDS,
        notices=notices,
        copies=copies,
        copy_kinds=domain_copies.KINDS,
        holder=domain_copies.holder,
        titles=sealing_notices.TITLES,
        outcomes=OUTCOMES,
        kinds=forms.KIND_LABELS,
        received_by=sealing_certificates.received_by(subject),
        interrupted=domain.interrupted(photos),
    )


def _notice_form(notice: SealingNotice) -> forms.NoticeForm:
    known = notice.private
    return forms.NoticeForm(
        formdata=None, prefix=f"n{notice.id}-", version=notice.version, text=known["text"], how=known.get("how", "")
    )


def _copy_form(copy: SealedCopy) -> forms.CopyForm:
    return forms.CopyForm(formdata=None, prefix=f"c{copy.id}-", version=copy.version)


@bp.post("/retention/sealing-notices/<uid>")
@needs("sealing.order", of=SealingNotice)
def notice(subject: SealingNotice) -> ResponseReturnValue:
    """Keep the edited words of a notice; with “send”, record that a person sent it and how."""
    form, actor, order = forms.NoticeForm(prefix=f"n{subject.id}-"), current_actor(), subject.order
    sending = "send" in request.form

    def sound() -> bool:
        if form.validate() and sending and not form.how.data:
            form.how.errors = ["Say how the notice was sent: by post, by hand, by which message."]
        return not form.errors

    return take_step(
        order,
        "notice",
        form,
        lambda: sealing_notices.record(subject, actor, form.text.data or "", form.how.data or "", sent=sending),
        again=lambda why: _order_page(order, sent=form, about=subject, **apart(why)),
        sound=sound,
        done="The notice is recorded as sent." if sending else "The words of the notice are kept.",
        to=url_for("retention.sealing", number=order.number),
        stands=lambda: subject.version,
    )


@bp.post("/retention/sealing-copies/<uid>")
@needs("sealing.order", of=SealedCopy)
def end_copy(subject: SealedCopy) -> ResponseReturnValue:
    """Record what became of a delivered copy, and how its holder said so."""
    form, actor, order = forms.CopyForm(prefix=f"c{subject.id}-"), current_actor(), subject.order
    return take_step(
        order,
        "end_copy",
        form,
        lambda: domain_copies.answer(subject, actor, form.end.data or "", form.answers),
        again=lambda why: _order_page(order, sent=form, about=subject, **apart(why)),
        sound=lambda: form.sound(subject, domain_copies.faults_of),
        done="What became of the copy is recorded.",
        to=url_for("retention.sealing", number=order.number, _anchor="copies"),
        stands=lambda: subject.version,
    )


@bp.post("/retention/sealings/<number>/completion")
@needs("sealing.order", of=SealingOrder)
def complete_again(subject: SealingOrder) -> ResponseReturnValue:
    """Have a completion that gave up tried again; the photographs are out of the repository in any case."""
    job = last_job(domain.JOB, subject.number)
    if subject.state != "removed" or job is None or job.state != "failed":
        abort(409)
    return take_step(
        subject,
        "complete_again",
        VersionForm(),
        lambda: domain.ask_for_completion(subject),
        again=lambda why: _order_page(subject, **apart(why)),
        done=f"{subject.number} is completed now.",
        to=url_for("retention.sealing", number=subject.number),
    )


@bp.get("/retention/sealings/<number>/certificate")
@needs("retention.read", of=SealingOrder)
def sealing_certificate(subject: SealingOrder) -> Response:
    """The certificate as PDF; the download is recorded."""
    if subject.certificate_blob_id is None:
        abort(404)
    try:
        data = sealing_certificates.download(subject, current_actor())
    except StorageError:
        abort(500, "The stored certificate cannot be read. The administrators must look into it.")
    return pdf_download(clear(subject, current_actor()), data, f"certificate-{subject.number}.pdf")
