"""The queue and the working page of a request: basis, images, what comes next (REQ-4, REQ-7)."""

from __future__ import annotations

from typing import Any

from flask import request, url_for

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
from app.blueprints.shared_forms import VersionForm
from app.domain.identification import verbs as identification
from app.extensions import db
from app.models import FRRequest
from app.models.base import now
from app.policy import policy
from app.policy.facts import Fault
from app.policy.refused import Refused
from app.refusals import status_of
from app.steps import Answer, Why, take_step
from app.web.pages import page

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


@bp.get("/review")
@needs("basis.confirm")
def index() -> str:
    """The unit's queue: urgent first, then oldest."""
    chosen = QueueFilter(request.args)
    actor, unavailable = current_actor(), unavailable_examiners()
    rows = queue(actor, {name: field.data for name, field in chosen._fields.items()}, unavailable)
    found = db.paginate(rows, per_page=PER_PAGE, max_per_page=PER_PAGE, error_out=False)
    return page(
        "review/index.html",
        filter=chosen,
        pages=found,
        now=now(),
        lines=lines(found.items, actor, unavailable, now()),
        priorities=policy().request.priorities,
    )


@bp.get("/review/<number>")
@needs("basis.confirm", of=FRRequest)
def work(subject: FRRequest) -> str:
    """The working page of one request."""
    return render_work(subject)


def _again(subject: FRRequest, why: Why, name: str, form: Any, field: str) -> str:
    """Render the page again with the form as typed and the refusal at its field."""
    if isinstance(why, Refused) and why.rule_id != "actor_is_examiner" and status_of(why) == 422:
        mark(form, [Fault(field, why.reason, why.rule_id)], ())
    return render_work(subject, **{name: form, "form": form, "opened": name, "refusal": why})


@bp.post("/review/<number>/accept")
@needs("basis.confirm", of=FRRequest)
def accept(subject: FRRequest) -> Answer:
    """REQ-4: confirm the basis; the request is then this examiner's to work."""
    form, actor = accept_form(), current_actor()
    return take_step(
        subject,
        "accept",
        form,
        lambda: identification.accept(
            subject, actor, form.use.data or "", form.note.data or "", (form.shown.data or "").split()
        ),
        again=lambda why: _again(subject, why, "accept", form, "use"),
        done="The basis is confirmed. The investigator documents it next; then you select the probe.",
        to=_work(subject),
    )


@bp.post("/review/<number>/refuse")
@needs("basis.confirm", of=FRRequest)
def refuse(subject: FRRequest) -> Answer:
    """REQ-4: refuse the basis, citing the rule it fails."""
    form, actor = refuse_form(), current_actor()

    def again(why: Why) -> str:
        field = "rule" if why is not None and why.rule_id == "refusal_cites_rule" else "reason"
        return _again(subject, why, "refuse", form, field)

    return take_step(
        subject,
        "refuse",
        form,
        lambda: identification.refuse(subject, actor, form.rule.data or "", form.reason.data or ""),
        again=again,
        to=_work(subject),
        done=f"{subject.number} is refused. The investigator is told the rule and your reason.",
    )


@bp.post("/review/<number>/return")
@needs("basis.confirm", of=FRRequest)
def return_for_images(subject: FRRequest) -> Answer:
    """REQ-7: return the request for better images, with the reasons."""
    form, actor = return_form(), current_actor()
    return take_step(
        subject,
        "return_for_images",
        form,
        lambda: identification.return_for_images(subject, actor, form.reasons.data or [], form.note.data or ""),
        again=lambda why: _again(subject, why, "returning", form, "reasons"),
        to=_work(subject),
        done=f"{subject.number} is returned for more images; the investigator reads the reasons.",
    )


@bp.post("/review/<number>/take-over")
@needs("examination.work", of=FRRequest)
def take_over(subject: FRRequest) -> Answer:
    """ACC-2: take over work whose examiner left, was disabled or is no longer trained."""
    actor, available = current_actor(), identification.is_available(subject.examiner)
    return take_step(
        subject,
        "take_over",
        VersionForm(),
        lambda: identification.take_over(subject, actor, available=available),
        again=lambda why: render_work(subject, refusal=why),
        to=_work(subject),
        done=f"{subject.number} is now yours. What was recorded before stays.",
    )


def _work(subject: FRRequest) -> str:
    return url_for("review.work", number=subject.number)
