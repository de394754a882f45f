"""A supervisor's agreement to search again what was searched before, or not (AUD-1)."""

from __future__ import annotations

from flask import Blueprint, abort, flash, url_for
from flask.typing import ResponseReturnValue

from app.access.actor import current_actor
from app.access.guard import needs
from app.blueprints.approval.forms import RepeatAnswerForm
from app.domain.identification import lineage, repeats
from app.models import FRRequest
from app.policy.refused import Refused
from app.refusals import attempt, same_version, status_of
from app.unit_of_work import Conflict
from app.web.pages import page, redirect_after_post
from app.workflow.engine import explain

bp = Blueprint("repeats", __name__)


@bp.get("/final-review/<number>/repeat")
@needs("approval.decide", of=FRRequest)
def repeat(subject: FRRequest) -> ResponseReturnValue:
    """What was searched before, and why the examiner wants to search again."""
    return _page(subject, RepeatAnswerForm(formdata=None, version=subject.version))


@bp.post("/final-review/<number>/repeat")
@needs("approval.decide", of=FRRequest)
def answer(subject: FRRequest) -> ResponseReturnValue:
    form = RepeatAnswerForm()
    if not form.validate():
        return _page(subject, form), 422
    agreed = form.answer.data == "agree"

    def decide() -> None:
        same_version(subject, form.version.data)
        repeats.answer(subject, current_actor(), agreed=agreed, words=form.words.data or "")

    try:
        refusal = attempt("agree_to_repeat" if agreed else "decline_repeat", subject, decide)
    except Conflict:
        form.version.data = str(subject.version)
        return _page(subject, form, conflict=True), 409
    if refusal is not None:
        return _page(subject, form, refusal), status_of(refusal)
    flash(f"{subject.number}: {'you agreed' if agreed else 'you did not agree'}; the examiner is told.", "success")
    return redirect_after_post(url_for("approval.index"))


def _page(subject: FRRequest, form: RepeatAnswerForm, refusal: Refused | None = None, *, conflict: bool = False) -> str:
    search = subject.current_search
    asked = lineage.last_asked(search) if search is not None else None
    if asked is None:
        abort(404)
    return page(
        "approval/repeat.html", item=subject, form=form, refusal=refusal, conflict=conflict, asked=asked,
        searched_before=lineage.earlier_searches(search),
        blocked_by=explain(subject, "agree_to_repeat", current_actor(), reason="given"),
    )  # fmt: skip
