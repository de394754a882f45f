"""The examiner's reason to search a probe again, for a supervisor to agree to (AUD-1)."""

from __future__ import annotations

from flask import url_for

from app.access.actor import current_actor
from app.access.guard import needs
from app.blueprints.fact_fields import mark
from app.blueprints.review.blueprint import bp
from app.blueprints.review.forms import RepeatForm
from app.blueprints.review.rendering import render_work
from app.domain.identification import repeats
from app.models import FRRequest
from app.policy.facts import Fault
from app.steps import Answer, Why, take_step


@bp.post("/review/<number>/repeat")
@needs("search.run", of=FRRequest)
def ask_to_repeat(subject: FRRequest) -> Answer:
    """Say why the probe should be searched again; the unit's supervisors are told."""
    form, actor = RepeatForm(), current_actor()

    def again(why: Why) -> str:
        if why is not None and why.rule_id == "reason_given":
            mark(form, [Fault("reason", "Write the reason.", why.rule_id)], ())
        return render_work(subject, repeat_form=form, form=form, refusal=why)

    return take_step(
        subject,
        "ask_to_repeat",
        form,
        lambda: repeats.ask(subject, actor, form.reason.data or ""),
        again=again,
        done="Your reason is with the unit's supervisors; the search can be started once one agrees.",
        to=url_for("review.work", number=subject.number),
    )
