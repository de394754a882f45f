"""Legal holds: the list, and the release by another person than the one who placed it."""

from __future__ import annotations

from flask import url_for
from flask.typing import ResponseReturnValue

from app.access.actor import current_actor
from app.access.guard import needs
from app.access.scoping import visible
from app.blueprints.options import options_of
from app.blueprints.retention import forms
from app.blueprints.retention.blueprint import bp
from app.blueprints.retention.rendering import sections
from app.domain.retention import holds as domain
from app.domain.retention.eligibility import is_disposed
from app.extensions import db
from app.models.retention import LegalHold
from app.policy import policy
from app.policy.refused import Refused
from app.steps import apart, take_step
from app.web.pages import page

PER_PAGE = 50


@bp.get("/retention/holds")
@needs("retention.read")
def holds() -> ResponseReturnValue:
    """Every hold, those in force first."""
    rows = visible(LegalHold, current_actor()).order_by(LegalHold.state, LegalHold.id.desc())
    pages = db.paginate(rows, per_page=PER_PAGE, max_per_page=PER_PAGE, error_out=False)
    return page("retention/holds.html", sections=sections("retention.holds"), pages=pages)


@bp.get("/retention/holds/<number>")
@needs("retention.read", of=LegalHold)
def hold(subject: LegalHold) -> ResponseReturnValue:
    return _hold_page(subject, forms.ReasonForm(formdata=None, version=subject.version))


def _hold_page(
    subject: LegalHold, form: forms.ReasonForm, refusal: Refused | None = None, *, conflict: bool = False
) -> str:
    kept = not is_disposed(subject.held)
    return page(
        "retention/hold.html",
        item=subject,
        form=form,
        refusal=refusal,
        conflict=conflict,
        options=options_of(subject),
        private=subject.private if kept else {},
        separation=policy().separations["hold_placer"],
        releases=current_actor().can("hold.release"),
    )


@bp.post("/retention/holds/<number>/release")
@needs("hold.release", of=LegalHold)
def release(subject: LegalHold) -> ResponseReturnValue:
    form, actor = forms.ReasonForm(), current_actor()
    return take_step(
        subject,
        "release",
        form,
        lambda: domain.release(subject, actor, form.reason.data),
        barred=lambda: options_of(subject).why("release"),
        again=lambda why: _hold_page(subject, form, **apart(why)),
        done=f"{subject.number} is released.",
        to=url_for("retention.hold", number=subject.number),
    )
