"""Pages on which a supervisor judges each answer to what contradicts a candidate (SRC-3, SRC-5)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import HiddenField, TextAreaField
from wtforms.validators import DataRequired, InputRequired

from app.access.actor import current_actor
from app.access.guard import needs
from app.blueprints.choice_fields import RadioField
from app.blueprints.fact_fields import mark, stripped
from app.blueprints.limits import Length
from app.blueprints.options import options_of
from app.domain.approval import answers
from app.domain.approval.verbs import check_takes_no_other_part
from app.domain.examination.contradictions import Contradiction
from app.models import FRRequest
from app.policy import policy
from app.policy.refused import Refused
from app.steps import Answer, Why, apart, take_step
from app.web.pages import page

bp = Blueprint("answers", __name__)


class JudgmentForm(FlaskForm):
    """The supervisor's word on one answer, and why; the prefix tells the forms of the page apart."""

    version = HiddenField()
    answer = RadioField(
        "Do you agree with the answer?",
        [InputRequired("Choose an answer.")],
        choices=[("agree", "Yes, I agree"), ("decline", "No")],
    )
    words = TextAreaField(
        "Why, or why not", [DataRequired("Write why, or why not."), Length(max=2000)], filters=[stripped]
    )


def _prefix(check: str, rule: str) -> str:
    return f"{check[:8]}-{rule}"


@bp.get("/final-review/<number>/contradictions")
@needs("approval.decide", of=FRRequest)
def contradictions(subject: FRRequest) -> ResponseReturnValue:
    """Show everything that contradicts the candidate, with its answer and a form for the supervisor's own word."""
    return _page(subject)


@bp.post("/final-review/<number>/contradictions/<uid>/<code>")
@needs("approval.decide", of=FRRequest)
def judge(subject: FRRequest, uid: str, code: str) -> Answer:
    """Record what the supervisor says of one answer: that to the contradiction `code` of the check `uid`."""
    form = JudgmentForm(prefix=_prefix(uid, code))
    agreed = form.answer.data == "agree"

    def act() -> None:
        answers.judge(subject, current_actor(), uid, code, agreed=agreed, words=form.words.data or "")

    def again(why: Why) -> str:
        if isinstance(why, Refused):
            mark(form, why.faults, (form._prefix,))
        return _page(subject, (uid, code), form, why)

    return take_step(
        subject,
        "agree_to_answer" if agreed else "decline_answer",
        form,
        act,
        again=again,
        to=url_for("answers.contradictions", number=subject.number),
        done=f"{subject.number}: {'you agreed' if agreed else 'you did not agree'}; it stays with the file.",
    )


def _page(
    subject: FRRequest, judged: tuple[str, str] | None = None, typed: JudgmentForm | None = None, why: Why = None
) -> str:
    check_takes_no_other_part(subject, current_actor())
    found = answers.to_judge(subject)
    if not found or not (subject.takes("agree_to_answer") or subject.has("file_open")):
        abort(404)

    def form_of(one: Contradiction) -> Any:
        key = (one.check.uid, one.rule_id)
        if key == judged:
            return typed
        return JudgmentForm(formdata=None, prefix=_prefix(*key), version=subject.version)

    return page(
        "approval/contradictions.html",
        item=subject,
        found=[(one, form_of(one)) for one in found],
        form=typed,
        rule=policy().review.inconsistency_agreement,
        options=options_of(subject),
        **apart(why),
    )
