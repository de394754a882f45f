"""The page on which a supervisor records that a peer review was mistaken (SRC-6)."""

from __future__ import annotations

from flask import abort, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import HiddenField, TextAreaField
from wtforms.validators import DataRequired

from app.access.actor import current_actor
from app.access.guard import needs
from app.blueprints.approval.answers import bp
from app.blueprints.fact_fields import mark, stripped
from app.blueprints.limits import Length
from app.blueprints.options import options_of
from app.domain.approval.round_file import round_file
from app.domain.approval.verbs import check_may_read_file
from app.domain.peers import renomination
from app.models import FRRequest
from app.models.base import filled
from app.policy import policy
from app.policy.refused import Refused
from app.steps import Answer, Why, apart, take_step
from app.web.pages import page


class MistakeForm(FlaskForm):
    """The mistake that a review made."""

    version = HiddenField()
    text = TextAreaField(
        "What was mistaken in the review", [DataRequired("Write what was mistaken."), Length(max=2000)], [stripped]
    )


@bp.get("/final-review/<number>/mistake")
@needs("approval.decide", of=FRRequest)
def mistake(subject: FRRequest) -> ResponseReturnValue:
    """Show the verdicts of the last round, and a form for the mistake in them."""
    return _page(subject, MistakeForm(formdata=None, version=subject.version))


@bp.post("/final-review/<number>/mistake")
@needs("approval.decide", of=FRRequest)
def record_mistake(subject: FRRequest) -> Answer:
    """Record the mistake; the verdicts stay as they are."""
    form = MistakeForm()

    def again(why: Why) -> str:
        if isinstance(why, Refused):
            mark(form, why.faults, ())
        return _page(subject, form, why)

    return take_step(
        subject,
        "record_mistake",
        form,
        lambda: renomination.record_mistake(subject, current_actor(), form.text.data or ""),
        again=again,
        to=url_for("approval.file", number=subject.number),
        done=f"{subject.number}: recorded. The verdicts stay; the person may be put before fresh peers.",
    )


def _page(subject: FRRequest, form: MistakeForm, why: Why = None) -> str:
    check_may_read_file(subject, current_actor())
    round_ = subject.current_round
    if round_ is None or round_.nominee is None or not round_.peer_reviews:
        abort(404)
    return page(
        "approval/mistake.html",
        item=subject,
        round=round_file(filled(round_), current_actor()),
        form=form,
        rule=policy().review.renomination,
        options=options_of(subject),
        **apart(why),
    )
