"""Searched before: the examiner's reason to search again, for a supervisor to agree to (AUD-1)."""

from __future__ import annotations

from flask import flash, url_for
from werkzeug.wrappers import Response as WerkzeugResponse

from app.access.actor import current_actor
from app.access.guard import needs
from app.blueprints.fact_fields import mark
from app.blueprints.review.blueprint import bp
from app.blueprints.review.forms import RepeatForm
from app.blueprints.review.rendering import render_work
from app.blueprints.review.steps import status_for, tried
from app.domain.identification import repeats
from app.models import FRRequest
from app.policy.facts import Fault
from app.refusals import same_version
from app.web.pages import redirect_after_post


@bp.post("/review/<number>/repeat")
@needs("search.run", of=FRRequest)
def ask_to_repeat(subject: FRRequest) -> str | WerkzeugResponse | tuple[str, int]:
    """Say why the probe should be searched again; the unit's supervisors are told."""
    form, actor = RepeatForm(), current_actor()
    if not form.validate_on_submit():
        return render_work(subject, repeat_form=form, form=form), 422

    def ask() -> None:
        same_version(subject, form.version.data)
        repeats.ask(subject, actor, form.reason.data or "")

    refusal = tried("ask_to_repeat", subject, ask, form)
    if refusal is not None:
        if refusal.rule_id == "reason_given":
            mark(form, [Fault("reason", "Write the reason.", refusal.rule_id)], ())
        return render_work(subject, repeat_form=form, form=form, refusal=refusal), status_for(refusal)
    flash("Your reason is with the unit's supervisors; the search can be started once one agrees.", "success")
    return redirect_after_post(url_for("review.work", number=subject.number))
