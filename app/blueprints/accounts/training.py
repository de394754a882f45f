"""The training register of the unit, for its supervisors (TRN-1)."""

from __future__ import annotations

from flask import Blueprint, abort, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from sqlalchemy import select

from app.access.actor import current_actor
from app.access.guard import needs
from app.blueprints.accounts.forms import TrainingForm
from app.calendar import today
from app.domain.accounts.training import record_training, revoke_training
from app.domain.workload import overview
from app.extensions import db
from app.models.accounts import Account, TrainingRecord
from app.once import Making
from app.policy import policy
from app.steps import Why, take_step
from app.web.pages import page

bp = Blueprint("training", __name__)


@bp.get("/training")
@needs("training.keep")
def index() -> ResponseReturnValue:
    day = today()
    people = [overview.training_of(account, day) for account in overview.to_be_trained()]
    return page("accounts/training.html", people=people, rule=policy().training["fr"])


@bp.get("/training/<uid>")
@needs("training.keep", of=Account)
def trainee(subject: Account) -> ResponseReturnValue:
    return _trainee_page(subject, TrainingForm(formdata=None))


@bp.post("/training/<uid>/records")
@needs("training.keep", of=Account)
def record(subject: Account) -> ResponseReturnValue:
    form, actor = TrainingForm(), current_actor()

    def act() -> None:
        record_training(
            subject,
            "fr",
            form.topics.data or [],
            form.completed_on.data,
            actor,
            form.note.data or "",
            today=today(),
        )

    return take_step(
        subject,
        "record_training",
        form,
        act,
        makes=Making(TrainingRecord),
        again=lambda why: _trainee_page(subject, form, why),
        done=f"The training of {subject.display_name} is recorded.",
        to=url_for("training.trainee", uid=subject.uid),
    )


@bp.post("/training/<uid>/revoke")
@needs("training.keep", of=Account)
def revoke(subject: Account) -> ResponseReturnValue:
    wanted = select(TrainingRecord).where(
        TrainingRecord.account_id == subject.id,
        TrainingRecord.uid == request.form.get("record", ""),
    )
    found = db.session.scalars(wanted).one_or_none()
    if found is None:
        abort(404)
    actor = current_actor()
    return take_step(
        subject,
        "revoke_training",
        FlaskForm(),
        lambda: revoke_training(found, actor),
        again=lambda why: _trainee_page(subject, TrainingForm(formdata=None), why),
        done=f"The record is revoked; FR functions are closed to {subject.display_name} unless another counts.",
        to=url_for("training.trainee", uid=subject.uid),
    )


def _trainee_page(subject: Account, form: TrainingForm, refusal: Why = None) -> str:
    rule, day = policy().training["fr"], today()
    return page(
        "accounts/trainee.html",
        account=subject,
        form=form,
        refusal=refusal,
        rule=rule,
        standing=overview.training_of(subject, day),
        records=list(reversed(subject.training)),
        own=subject.id == current_actor().id,
        today=day,
        labels={topic.value: topic.label for topic in rule.topics},
    )
