"""The training register (FR unit supervisors), the algorithm registry, imports and e-mail (administrators)."""

from __future__ import annotations

from flask import Blueprint, abort, flash, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from app.access.actor import current_actor
from app.access.guard import needs
from app.blueprints.admin.forms import TrainingForm
from app.blueprints.algorithms.registry import entries
from app.domain.accounts.training import record_training, revoke_training
from app.domain.algorithms.evaluations import CAUTION
from app.domain.algorithms.registry import active_or_none, status
from app.domain.gallery import imports_overview
from app.domain.notices import mail_status
from app.domain.workload import overview
from app.extensions import db, settings
from app.models.accounts import Account, TrainingRecord
from app.models.base import now
from app.models.engine import Job
from app.policy import policy
from app.refusals import attempt, status_of
from app.steps import Why, take_step
from app.web.pages import page, redirect_after_post

bp = Blueprint("admin", __name__)


# Training --------------------------------------------------------------------------------------------------


@bp.get("/training")
@needs("training.keep")
def training() -> ResponseReturnValue:
    today = now().date()
    people = [overview.training_of(account, today) for account in overview.examiners()]
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
            today=now().date(),
        )

    return take_step(
        subject,
        "record_training",
        form,
        act,
        again=lambda why: _trainee_page(subject, form, why),
        done=f"The training of {subject.display_name} is recorded.",
        to=url_for("admin.trainee", uid=subject.uid),
    )


@bp.post("/training/<uid>/revoke")
@needs("training.keep", of=Account)
def revoke(subject: Account) -> ResponseReturnValue:
    wanted = select(TrainingRecord).where(
        TrainingRecord.account_id == subject.id,
        TrainingRecord.uid == request.form.get("record", ""),
        TrainingRecord.revoked_at.is_(None),
    )
    found = db.session.scalars(wanted).one_or_none()
    if found is None:
        abort(404)
    actor = current_actor()
    refusal = attempt("revoke_training", subject, lambda: revoke_training(found, actor))
    if refusal is not None:
        return _trainee_page(subject, TrainingForm(formdata=None), refusal), status_of(refusal)
    flash(f"The record is revoked; FR functions are closed to {subject.display_name} unless another counts.", "success")
    return redirect_after_post(url_for("admin.trainee", uid=subject.uid))


def _trainee_page(subject: Account, form: TrainingForm, refusal: Why = None) -> str:
    today = now().date()
    rule = policy().training["fr"]
    return page(
        "accounts/trainee.html",
        account=subject,
        form=form,
        refusal=refusal,
        rule=rule,
        standing=overview.training_of(subject, today),
        records=list(reversed(subject.training)),
        own=subject.id == current_actor().id,
        today=today,
        labels={topic.value: topic.label for topic in rule.topics},
    )


# Algorithms ------------------------------------------------------------------------------------------------


@bp.get("/algorithms")
@needs("algorithm.read")
def algorithms() -> ResponseReturnValue:
    """FAIR-2: models, digests and evaluations, and how much slow work there is; no face and no case."""
    rows = select(Job.kind, Job.state, func.count(Job.id)).group_by(Job.kind, Job.state).order_by(Job.kind, Job.state)
    return page(
        "algorithms/index.html",
        entries=entries(now().date()),
        active=active_or_none(),
        standing=status(now().date()),
        jobs=db.session.execute(rows).all(),
        clause=policy().clause("FAIR-2"),
        casework=not settings().demonstration,
        caution=CAUTION,
    )


# Imports ---------------------------------------------------------------------------------------------------


@bp.get("/imports")
@needs("gallery.imports")
def imports() -> ResponseReturnValue:
    """CAP-3: how far each import is, and which rule kept how many records out; figures only."""
    found = imports_overview.latest()
    moving = any(one.moving for one in found)
    return page(
        "gallery/imports.html", "gallery/_imports.html", found=found, moving=moving, clause=policy().clause("CAP-3")
    )


# E-mail ----------------------------------------------------------------------------------------------------


@bp.get("/mail")
@needs("mail.read")
def mail() -> ResponseReturnValue:
    """Whether e-mail leaves the portal, and what stands in its way; never to whom or about what."""
    return page("notices/mail_status.html", server=mail_status.server(), standing=mail_status.standing(), now=now())
