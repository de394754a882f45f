"""The page of the Schedule that the periods rest on: its edition, its yearly review, and previews (RET-12)."""

from __future__ import annotations

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from app.access.actor import current_actor
from app.access.guard import needs
from app.blueprints.retention import forms
from app.blueprints.retention.blueprint import bp
from app.blueprints.retention.rendering import sections
from app.domain.retention import schedule as domain
from app.models.retention import ScheduleReview
from app.once import Making
from app.policy import policy
from app.steps import Why, take_step
from app.web.pages import page


@bp.get("/retention/schedule")
@needs("retention.read")
def schedule() -> ResponseReturnValue:
    """Show the edition in use, whether its review is overdue, and every review."""
    return _schedule_page(forms.ScheduleForm(formdata=None))


@bp.get("/retention/schedule/review")
@needs("retention.read")
def back_to_schedule() -> ResponseReturnValue:
    """Reloading the answer to a refused form leads to the page."""
    return redirect(url_for("retention.schedule"))


@bp.post("/retention/schedule/review")
@needs("retention.keep")
def review_schedule() -> ResponseReturnValue:
    """Record a review of the edition."""
    form, actor = forms.ScheduleForm(), current_actor()
    return take_step(
        None,
        "review_schedule",
        form,
        lambda: domain.record_review(actor, form.edition.data or "", form.outcome.data or "", form.note.data or ""),
        makes=Making(ScheduleReview),
        again=lambda why: _schedule_page(form, why),
        done="The review of the Schedule is recorded.",
        to=url_for("retention.schedule"),
    )


def _schedule_page(form: forms.ScheduleForm, refusal: Why = None) -> str:
    return page(
        "retention/schedule.html",
        sections=sections("retention.schedule"),
        rule=policy().retention.schedule,
        standing=domain.schedule_standing(),
        reviews=domain.reviews(),
        previews=domain.previews(),
        outcomes=domain.OUTCOMES,
        form=form,
        refusal=refusal,
        keeps=current_actor().can("retention.keep"),
    )
