"""A supervisor's agreement to search again what was searched before, or not (AUD-1)."""

from __future__ import annotations

from flask import Blueprint, abort, url_for
from flask.typing import ResponseReturnValue

from app.access.actor import current_actor
from app.access.guard import needs
from app.blueprints.approval.forms import RepeatAnswerForm
from app.blueprints.options import options_of
from app.domain.identification import lineage, repeats
from app.models import FRRequest
from app.steps import Answer, Why, apart, take_step
from app.web.pages import page

bp = Blueprint("repeats", __name__)


@bp.get("/final-review/<number>/repeat")
@needs("approval.decide", of=FRRequest)
def repeat(subject: FRRequest) -> ResponseReturnValue:
    """What was searched before, and why the examiner wants to search again."""
    return _page(subject, RepeatAnswerForm(formdata=None, version=subject.version))


@bp.post("/final-review/<number>/repeat")
@needs("approval.decide", of=FRRequest)
def answer(subject: FRRequest) -> Answer:
    form = RepeatAnswerForm()
    agreed = form.answer.data == "agree"
    return take_step(
        subject,
        "agree_to_repeat" if agreed else "decline_repeat",
        form,
        lambda: repeats.answer(
            subject,
            current_actor(),
            agreed=agreed,
            words=form.words.data or "",
            shown=(form.shown.data or "").split(),
        ),
        again=lambda why: _page(subject, form, why),
        to=url_for("approval.index"),
        done=f"{subject.number}: {'you agreed' if agreed else 'you did not agree'}; the examiner is told.",
    )


def _page(subject: FRRequest, form: RepeatAnswerForm, why: Why = None) -> str:
    search = subject.current_search
    asked = lineage.last_asked(search) if search is not None else None
    if search is None or asked is None:
        abort(404)
    options = options_of(subject)
    earlier = options.facts["searched_before"]
    form.shown.data = " ".join(one.search.uid for one in earlier)
    return page(
        "approval/repeat.html",
        item=subject,
        form=form,
        **apart(why),
        asked=asked,
        searched_before=earlier,
        options=options,
    )
