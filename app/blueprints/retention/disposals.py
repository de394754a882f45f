"""Disposals: proposal with its preview, two approvals, progress and certificate (RET-11)."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app.access.actor import current_actor
from app.access.guard import needs
from app.access.scoping import find, visible
from app.access.sessions import SignInRefused, confirm_password
from app.blueprints.retention import forms
from app.blueprints.retention.blueprint import bp
from app.blueprints.retention.previews import preview
from app.blueprints.retention.rendering import sections, take
from app.domain.retention import certificates
from app.domain.retention import disposals as domain
from app.domain.retention.eligibility import Target, is_disposed
from app.domain.retention.holds import key_of
from app.extensions import db
from app.models.retention import CaseRecord, Disposal, PersonFile
from app.outbox import last_job
from app.policy.refused import Refused
from app.refusals import attempt, status_of
from app.storage.errors import StorageError
from app.unit_of_work import unit_of_work
from app.web.pages import page, pdf_download, redirect_after_post
from app.workflow.engine import explain

PER_PAGE = 25
MOST_ITEMS = 200
KINDS: dict[str, type] = {"case_record": CaseRecord, "person_file": PersonFile}


@bp.get("/retention/disposals")
@needs("retention.read")
def disposals() -> ResponseReturnValue:
    rows = visible(Disposal, current_actor()).order_by(Disposal.id.desc())
    pages = db.paginate(rows, per_page=PER_PAGE, max_per_page=PER_PAGE, error_out=False)
    return page("retention/disposals.html", sections=sections("retention.disposals"), pages=pages)


# The proposal ----------------------------------------------------------------------------------------------


def _chosen(keys: list[str]) -> list[Target]:
    """The records named by "kind:id", each once; 404 for one that is not there."""
    found: list[Target] = []
    for key in dict.fromkeys(keys[:MOST_ITEMS]):
        kind, _, name = key.partition(":")
        target = find(KINDS[kind], name, current_actor()) if kind in KINDS else None
        if target is None:
            abort(404)
        found.append(target)
    return found


@bp.get("/retention/disposals/new")
@needs("disposal.propose")
def new_disposal() -> ResponseReturnValue:
    """What would be disposed of, and why each record is due; nothing changes here."""
    chosen = _chosen(request.args.getlist("item"))
    if not chosen:
        flash("Choose at least one record.", "warning")
        return redirect(url_for("retention.index", list="due"))
    return _proposal_page(chosen, forms.ProposalForm(formdata=None))


def _proposal_page(chosen: list[Target], form: forms.ProposalForm, refusal: Refused | None = None) -> str:
    lines = preview(chosen)
    return page(
        "retention/propose.html", form=form, refusal=refusal, lines=lines, keys=[key_of(target) for target in chosen],
        ready=all(line.blocked is None for line in lines),
    )  # fmt: skip


@bp.post("/retention/disposals/new")
@needs("disposal.propose")
def propose() -> ResponseReturnValue:
    form, actor = forms.ProposalForm(), current_actor()
    chosen = _chosen(request.form.getlist("item"))
    if not form.validate():
        return _proposal_page(chosen, form), 422
    made: list[Disposal] = []
    refusal = attempt("propose", None, lambda: made.append(domain.propose(actor, chosen, form.reason.data)))
    if refusal is not None:
        return _proposal_page(chosen, form, refusal), status_of(refusal)
    flash(f"{made[0].number} is proposed. Two other people approve it before anything is erased.", "success")
    return redirect_after_post(url_for("retention.disposal", number=made[0].number))


# One disposal ----------------------------------------------------------------------------------------------


def barred(disposal: Disposal, verb: str) -> Refused | None:
    """Why this person cannot take this step, what the form asks for taken as given; None when they can."""
    return explain(disposal, verb, current_actor(), reason="given", password_confirmed=True)


@bp.get("/retention/disposals/<number>")
@needs("retention.read", of=Disposal)
def disposal(subject: Disposal) -> ResponseReturnValue:
    return _disposal_page(subject)


def _disposal_page(
    subject: Disposal, refusal: Refused | None = None, approval: forms.ApprovalForm | None = None,
    reason: forms.ReasonForm | None = None, *, conflict: bool = False,
) -> str:  # fmt: skip
    gone = any(is_disposed(item.target) for item in subject.items)
    lines = [] if gone or not subject.takes("approve") else preview(
        [item.target for item in subject.items], disposal=subject
    )  # fmt: skip
    job = last_job(domain.JOB, subject.number)
    busy = subject.takes(*domain.EXECUTION) and job is not None and job.state in {"queued", "running"}
    return page(
        "retention/disposal.html", "retention/_progress.html", item=subject, lines=lines, refusal=refusal,
        conflict=conflict, private=subject.private, form=approval or reason, job=job, busy=busy,
        approval=approval or forms.ApprovalForm(formdata=None, version=subject.version),
        reason_form=reason or forms.ReasonForm(formdata=None, version=subject.version),
        verbs={verb: barred(subject, verb) for verb in ("approve", "decline", "withdraw")},
    )  # fmt: skip


@bp.post("/retention/disposals/<number>/approval")
@needs("disposal.approve", of=Disposal)
def approve(subject: Disposal) -> ResponseReturnValue:
    """The first or second of two approvals, each by another person, each signed with the password."""
    form, actor = forms.ApprovalForm(), current_actor()
    refusal = barred(subject, "approve")
    if refusal is not None:
        # asked of the engine without the password, so that the refusal is recorded and nothing else can come of it
        attempt("approve", subject, lambda: domain.approve(subject, actor, password_confirmed=False))
        return _disposal_page(subject, refusal), status_of(refusal)
    if not form.validate():
        return _disposal_page(subject, approval=form), 422
    try:
        confirmed = confirm_password(actor, form.password.data or "")
    except SignInRefused as locked:
        form.password.errors = [str(locked)]
        return _disposal_page(subject, approval=form), 429
    if not confirmed:
        form.password.errors = ["The password is wrong. Nothing was approved."]
        return _disposal_page(subject, approval=form), 422
    answer = take(
        "approve", subject, form, lambda: domain.approve(subject, actor, password_confirmed=True),
        lambda **why: _disposal_page(subject, **why, approval=form),
    )  # fmt: skip
    return answer or _moved(subject, "is approved")


@bp.post("/retention/disposals/<number>/decline")
@needs("disposal.approve", of=Disposal)
def decline(subject: Disposal) -> ResponseReturnValue:
    return _with_reason(subject, "decline", domain.decline, "is declined; nothing was erased")


@bp.post("/retention/disposals/<number>/withdrawal")
@needs("disposal.propose", of=Disposal)
def withdraw(subject: Disposal) -> ResponseReturnValue:
    return _with_reason(subject, "withdraw", domain.withdraw, "is withdrawn; nothing was erased")


def _with_reason(subject: Disposal, verb: str, act: Callable[..., None], said: str) -> ResponseReturnValue:
    form, actor = forms.ReasonForm(), current_actor()
    refusal = barred(subject, verb)
    if refusal is not None:
        attempt(verb, subject, lambda: act(subject, actor, ""))  # without a reason: recorded, and refused in any case
        return _disposal_page(subject, refusal), status_of(refusal)
    answer = take(
        verb, subject, form, lambda: act(subject, actor, form.reason.data),
        lambda **why: _disposal_page(subject, **why, reason=form),
    )  # fmt: skip
    return answer or _moved(subject, said)


def _moved(subject: Disposal, said: str) -> ResponseReturnValue:
    flash(f"{subject.number} {said}.", "success")
    return redirect_after_post(url_for("retention.disposal", number=subject.number))


@bp.post("/retention/disposals/<number>/execution")
@needs("disposal.propose", "disposal.approve", of=Disposal)
def run_again(subject: Disposal) -> ResponseReturnValue:
    """Have an execution that gave up tried again; it goes on where it stopped."""
    job = last_job(domain.JOB, subject.number)
    if not subject.takes(*domain.EXECUTION) or job is None or job.state != "failed":
        abort(409)
    with unit_of_work():
        domain.ask_for_execution(subject)
    return _moved(subject, "is tried again")


@bp.get("/retention/disposals/<number>/certificate")
@needs("retention.read", of=Disposal)
def certificate(subject: Disposal) -> Response:
    """The certificate as PDF; the download is recorded."""
    if subject.certificate_blob_id is None:
        abort(404)
    try:
        data = certificates.download(subject, current_actor())
    except StorageError:
        abort(500, "The stored certificate cannot be read. The administrators must look into it.")
    return pdf_download(data, f"certificate-{subject.number}.pdf")
