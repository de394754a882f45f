"""The page on which a supervisor ends a search that nobody examined, with a written reason (SRC-7)."""

from __future__ import annotations

from flask import abort, url_for
from flask.typing import ResponseReturnValue

from app.access.actor import current_actor
from app.access.guard import needs
from app.blueprints.approval.forms import EndForm
from app.blueprints.approval.mistakes import bp
from app.blueprints.fact_fields import mark
from app.blueprints.options import options_of
from app.domain.approval.unexamined import end_unexamined as end
from app.domain.examination.conditions import open_candidates
from app.domain.workload.conclusions import awaited
from app.models import FRRequest
from app.models.base import filled
from app.policy import policy
from app.policy.refused import Refused
from app.steps import Answer, Why, apart, take_step
from app.web.pages import page


@bp.get("/final-review/<number>/unexamined")
@needs("approval.decide", of=FRRequest)
def unexamined(subject: FRRequest) -> ResponseReturnValue:
    """Show how far the examination is, and a form for the reason to end it."""
    return _page(subject, EndForm(formdata=None, version=subject.version))


@bp.post("/final-review/<number>/unexamined")
@needs("approval.decide", of=FRRequest)
def end_unexamined(subject: FRRequest) -> Answer:
    """End the search; the password is asked for again."""
    form = EndForm()

    def again(why: Why) -> str:
        if isinstance(why, Refused):
            mark(form, why.faults, ())
        return _page(subject, form, why)

    return take_step(
        subject,
        "end_unexamined",
        form,
        lambda: end(subject, current_actor(), form.reason.data or "", password_confirmed=True),
        barred=lambda: options_of(subject).why("end_unexamined"),
        again=again,
        to=url_for("approval.file", number=subject.number),
        done=f"{subject.number}: the search is ended and told as not examined; investigator and examiner are told.",
    )


def _page(subject: FRRequest, form: EndForm, why: Why = None) -> str:
    search = subject.current_search
    if search is None or not (subject.takes("end_unexamined") or subject.state == "unexamined"):
        abort(404)
    rounds = [round_ for round_ in subject.rounds if round_.search_id == search.id]
    open_ = open_candidates(rounds[-1]) if rounds else search.candidates
    return page(
        "approval/unexamined.html",
        item=subject,
        form=form,
        rule=policy().request.conclusion,
        finished_at=filled(search.finished_at),
        conclusion=awaited(subject),
        listed=len(search.candidates),
        waiting=len(open_),
        retained=sum(d.verdict == "retained" for d in rounds[-1].dispositions) if rounds else 0,
        options=options_of(subject),
        **apart(why),
    )
