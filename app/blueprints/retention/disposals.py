"""Disposals: proposal with its preview, two approvals, progress and certificate (RET-11)."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app.access.actor import current_actor
from app.access.guard import needs
from app.access.scoping import find, visible
from app.blueprints.options import options_of
from app.blueprints.retention import forms
from app.blueprints.retention.blueprint import bp
from app.blueprints.retention.previews import preview
from app.blueprints.retention.rendering import sections
from app.blueprints.shared_forms import VersionForm
from app.domain.retention import certificates
from app.domain.retention import disposals as domain
from app.domain.retention.eligibility import Target, is_disposed
from app.domain.retention.holds import key_of
from app.domain.serving import clear
from app.extensions import db
from app.models.retention import CaseRecord, Disposal, PersonFile
from app.once import Making
from app.outbox import last_job
from app.policy.names import DisposalVerb
from app.policy.refused import Refused
from app.steps import Why, apart, take_step
from app.storage.errors import StorageError
from app.web.pages import page, pdf_download

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
    """Return the records named by "kind:id", each once; 404 for an unknown one."""
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
    """Show what would be disposed of and why each record is due; nothing changes here."""
    chosen = _chosen(request.args.getlist("item"))
    if not chosen:
        flash("Choose at least one record.", "warning")
        return redirect(url_for("retention.index", list="due"))
    return _proposal_page(chosen, forms.ProposalForm(formdata=None))


def _proposal_page(chosen: list[Target], form: forms.ProposalForm, refusal: Why = None) -> str:
    lines = preview(chosen)
    return page(
        "retention/propose.html",
        form=form,
        refusal=refusal,
        lines=lines,
        keys=[key_of(target) for target in chosen],
        ready=all(line.blocked is None for line in lines),
    )


@bp.post("/retention/disposals/new")
@needs("disposal.propose")
def propose() -> ResponseReturnValue:
    form, actor = forms.ProposalForm(), current_actor()
    chosen = _chosen(request.form.getlist("item"))
    made = Making(Disposal)
    return take_step(
        None,
        "propose",
        form,
        lambda: domain.propose(actor, chosen, form.reason.data),
        makes=made,
        again=lambda why: _proposal_page(chosen, form, why),
        done=lambda: f"{made.row.number} is proposed. Two other people approve it before anything is erased.",
        to=lambda: url_for("retention.disposal", number=made.row.number),
    )


# One disposal ----------------------------------------------------------------------------------------------


@bp.get("/retention/disposals/<number>")
@needs("retention.read", of=Disposal)
def disposal(subject: Disposal) -> ResponseReturnValue:
    return _disposal_page(subject)


def _disposal_page(
    subject: Disposal,
    refusal: Refused | None = None,
    approval: forms.ApprovalForm | None = None,
    reason: forms.ReasonForm | None = None,
    *,
    conflict: bool = False,
) -> str:
    gone = any(is_disposed(item.target) for item in subject.items)
    lines = (
        []
        if gone or not subject.takes("approve")
        else preview([item.target for item in subject.items], disposal=subject)
    )
    job = last_job(domain.JOB, subject.number)
    busy = subject.takes(*domain.EXECUTION) and job is not None and job.state in {"queued", "running"}
    return page(
        "retention/disposal.html",
        "retention/_progress.html",
        item=subject,
        lines=lines,
        refusal=refusal,
        conflict=conflict,
        private=subject.private,
        form=approval or reason,
        job=job,
        busy=busy,
        approval=approval or forms.ApprovalForm(formdata=None, version=subject.version),
        reason_form=reason or forms.ReasonForm(formdata=None, version=subject.version),
        options=options_of(subject),
    )


@bp.post("/retention/disposals/<number>/approval")
@needs("disposal.approve", of=Disposal)
def approve(subject: Disposal) -> ResponseReturnValue:
    """The first or second of two approvals, each by another person, each signed with the password."""
    form, actor = forms.ApprovalForm(), current_actor()

    def again(why: Why) -> str:
        return _disposal_page(subject, **apart(why), approval=form)

    return take_step(
        subject,
        "approve",
        form,
        lambda: domain.approve(subject, actor, password_confirmed=True),
        barred=lambda: options_of(subject).why("approve"),
        again=again,
        done=f"{subject.number} is approved.",
        to=url_for("retention.disposal", number=subject.number),
    )


@bp.post("/retention/disposals/<number>/decline")
@needs("disposal.approve", of=Disposal)
def decline(subject: Disposal) -> ResponseReturnValue:
    return _with_reason(subject, "decline", domain.decline, "is declined; nothing was erased")


@bp.post("/retention/disposals/<number>/withdrawal")
@needs("disposal.propose", of=Disposal)
def withdraw(subject: Disposal) -> ResponseReturnValue:
    return _with_reason(subject, "withdraw", domain.withdraw, "is withdrawn; nothing was erased")


def _with_reason(subject: Disposal, verb: DisposalVerb, act: Callable[..., None], said: str) -> ResponseReturnValue:
    form, actor = forms.ReasonForm(), current_actor()

    def again(why: Why) -> str:
        return _disposal_page(subject, **apart(why), reason=form)

    return take_step(
        subject,
        verb,
        form,
        lambda: act(subject, actor, form.reason.data),
        barred=lambda: options_of(subject).why(verb),
        again=again,
        done=f"{subject.number} {said}.",
        to=url_for("retention.disposal", number=subject.number),
    )


@bp.post("/retention/disposals/<number>/execution")
@needs("disposal.propose", "disposal.approve", of=Disposal)
def run_again(subject: Disposal) -> ResponseReturnValue:
    """Have an execution that gave up tried again; it goes on where it stopped."""
    job = last_job(domain.JOB, subject.number)
    if not subject.takes(*domain.EXECUTION) or job is None or job.state != "failed":
        abort(409)
    return take_step(
        subject,
        "run_again",
        VersionForm(),
        lambda: domain.ask_for_execution(subject),
        again=lambda why: _disposal_page(subject, **apart(why)),
        done=f"{subject.number} is tried again.",
        to=url_for("retention.disposal", number=subject.number),
    )


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
    return pdf_download(clear(subject, current_actor()), data, f"certificate-{subject.number}.pdf")
