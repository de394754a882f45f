"""The queue and the working page of a request: basis, images, what comes next (REQ-4, REQ-7)."""

from __future__ import annotations

from typing import Any

from flask import flash, request, url_for
from werkzeug.wrappers import Response as WerkzeugResponse

from app.access.actor import current_actor
from app.access.guard import needs
from app.blueprints.fact_fields import mark
from app.blueprints.review.blueprint import bp
from app.blueprints.review.examination import annotations as annotating
from app.blueprints.review.examination import comparison, conclusion, document
from app.blueprints.review.forms import QueueFilter, accept_form, refuse_form, return_form
from app.blueprints.review.identification import modification_register, preparation, repeats, search
from app.blueprints.review.peers import views as line_ups
from app.blueprints.review.queue import lines, queue, unavailable_examiners
from app.blueprints.review.rendering import render_work
from app.blueprints.review.steps import Overtaken, status_for, tried
from app.blueprints.shared_forms import VersionForm
from app.domain.identification import verbs as identification
from app.extensions import db
from app.models import FRRequest
from app.models.base import now
from app.policy import policy
from app.policy.facts import Fault
from app.policy.refused import Refused
from app.refusals import same_version
from app.web.pages import page, redirect_after_post

__all__ = [
    "annotating",
    "bp",
    "comparison",
    "conclusion",
    "document",
    "line_ups",
    "modification_register",
    "preparation",
    "repeats",
    "search",
]

PER_PAGE = 25
Answer = str | WerkzeugResponse | tuple[str, int]


@bp.get("/review")
@needs("basis.confirm")
def index() -> str:
    """The unit's queue: urgent first, then oldest."""
    chosen = QueueFilter(request.args)
    actor, unavailable = current_actor(), unavailable_examiners()
    rows = queue(actor, {name: field.data for name, field in chosen._fields.items()}, unavailable)
    found = db.paginate(rows, per_page=PER_PAGE, max_per_page=PER_PAGE, error_out=False)
    return page(
        "review/index.html", filter=chosen, pages=found, now=now(),
        lines=lines(found.items, actor, unavailable, now()), priorities=policy().request.priorities,
    )  # fmt: skip


@bp.get("/review/<number>")
@needs("basis.confirm", of=FRRequest)
def work(subject: FRRequest) -> str:
    """The working page of one request."""
    return render_work(subject)


def _refused(subject: FRRequest, refusal: Refused | Overtaken, name: str, form: Any, field: str) -> tuple[str, int]:
    """The page again with the form as typed; the refusal stands beside the field it is about."""
    if isinstance(refusal, Refused) and refusal.rule_id != "actor_is_examiner" and status_for(refusal) == 422:
        mark(form, [Fault(field, refusal.reason, refusal.rule_id)], ())
    fields = {name: form, "form": form, "opened": name, "refusal": refusal}
    return render_work(subject, **fields), status_for(refusal)


@bp.post("/review/<number>/accept")
@needs("basis.confirm", of=FRRequest)
def accept(subject: FRRequest) -> Answer:
    """REQ-4: confirm the basis; the request is then this examiner's to work."""
    form, actor = accept_form(), current_actor()
    if not form.validate_on_submit():
        return render_work(subject, accept=form, form=form, opened="accept"), 422

    def confirm() -> None:
        same_version(subject, form.version.data)
        identification.accept(subject, actor, form.use.data or "", form.note.data or "")

    refusal = tried("accept", subject, confirm, form)
    if refusal is not None:
        return _refused(subject, refusal, "accept", form, "use")
    flash("The basis is confirmed. The investigator documents it next; then you select the probe.", "success")
    return _back(subject)


@bp.post("/review/<number>/refuse")
@needs("basis.confirm", of=FRRequest)
def refuse(subject: FRRequest) -> Answer:
    """REQ-4: refuse the basis, citing the rule it fails."""
    form, actor = refuse_form(), current_actor()
    if not form.validate_on_submit():
        return render_work(subject, refuse=form, form=form, opened="refuse"), 422

    def decide() -> None:
        same_version(subject, form.version.data)
        identification.refuse(subject, actor, form.rule.data or "", form.reason.data or "")

    refusal = tried("refuse", subject, decide, form)
    if refusal is not None:
        field = "rule" if refusal.rule_id == "refusal_cites_rule" else "reason"
        return _refused(subject, refusal, "refuse", form, field)
    flash(f"{subject.number} is refused. The investigator is told the rule and your reason.", "success")
    return _back(subject)


@bp.post("/review/<number>/return")
@needs("basis.confirm", of=FRRequest)
def return_for_images(subject: FRRequest) -> Answer:
    """REQ-7: return the request for better images, with the reasons."""
    form, actor = return_form(), current_actor()
    if not form.validate_on_submit():
        return render_work(subject, returning=form, form=form, opened="returning"), 422

    def decide() -> None:
        same_version(subject, form.version.data)
        identification.return_for_images(subject, actor, form.reasons.data or [], form.note.data or "")

    refusal = tried("return_for_images", subject, decide, form)
    if refusal is not None:
        return _refused(subject, refusal, "returning", form, "reasons")
    flash(f"{subject.number} is returned for more images; the investigator reads the reasons.", "success")
    return _back(subject)


@bp.post("/review/<number>/take-over")
@needs("examination.work", of=FRRequest)
def take_over(subject: FRRequest) -> Answer:
    """ACC-2: take over work whose examiner left, was disabled or is no longer trained."""
    form, actor = VersionForm(), current_actor()
    available = identification.is_available(subject.examiner)

    def take() -> None:
        same_version(subject, form.version.data)
        identification.take_over(subject, actor, available=available)

    refusal = tried("take_over", subject, take)
    if refusal is not None:
        return render_work(subject, refusal=refusal), status_for(refusal)
    flash(f"{subject.number} is now yours. What was recorded before stays.", "success")
    return _back(subject)


def _back(subject: FRRequest) -> WerkzeugResponse:
    return redirect_after_post(url_for("review.work", number=subject.number))
