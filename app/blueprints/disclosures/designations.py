"""Routine designations of the Agency Privacy Officer: the register, a new one, revoking one (EXT-7, basis D5)."""

from __future__ import annotations

from flask import url_for

from app.access.actor import current_actor
from app.access.guard import needs
from app.access.scoping import visible
from app.blueprints.disclosures.blueprint import bp
from app.blueprints.disclosures.forms import ITEM_WORDS, DesignationForm
from app.blueprints.fact_fields import NO_DAY, day_of
from app.blueprints.shared_forms import ReasonForm
from app.calendar import today
from app.domain.disclosures import designations as domain
from app.domain.disclosures.designations import DesignationValues
from app.extensions import db
from app.models.base import filled
from app.models.disclosures import RoutineDesignation
from app.once import Making
from app.policy.names import CapabilityId
from app.steps import Answer, take_step
from app.web.pages import page

MAY_READ: tuple[CapabilityId, ...] = ("disclosure.read", "disclosure.register", "designation.keep")


def standing(row: RoutineDesignation) -> tuple[str, str]:
    """(word, tone) of a designation today."""
    day = today()
    if row.revoked_at is not None:
        return "Revoked", "bad"
    if day < row.effective_on:
        return "Not yet in force", "waiting"
    return ("In force", "good") if day <= row.expires_on else ("Expired", "ended")


@bp.get("/designations")
@needs(*MAY_READ)
def designations() -> str:
    """Every routine designation, newest first."""
    rows = visible(RoutineDesignation, current_actor()).order_by(RoutineDesignation.id.desc())
    pages = db.paginate(rows, per_page=50, max_per_page=50, error_out=False)
    return page(
        "disclosures/designations.html",
        pages=pages,
        items=[(row, standing(row)) for row in pages.items],
        keeps="designation.keep" in current_actor().capabilities,
    )


@bp.get("/designations/new")
@needs("designation.keep")
def new_designation() -> str:
    form = DesignationForm(formdata=None, effective_on=today().isoformat())
    return page("disclosures/designation_new.html", form=form, refusal=None)


@bp.post("/designations/new")
@needs("designation.keep")
def designate() -> Answer:
    """Designate a kind of disclosure as routine."""
    form, actor = DesignationForm(), current_actor()
    days = {name: day_of(form[name].data) for name in ("effective_on", "expires_on")}
    made = Making(RoutineDesignation)

    def sound() -> bool:
        good = form.validate()
        for name, day in days.items():
            if day is None:
                form[name].errors = [NO_DAY]
                good = False
        return good

    def act() -> None:
        values = DesignationValues(
            title=form["title"].data,
            scope=form.scope.data,
            recipient_kinds=form.recipient_kinds.data,
            purposes=form.purposes.data,
            item_kinds=form.item_kinds.data,
            effective_on=filled(days["effective_on"]),
            expires_on=filled(days["expires_on"]),
        )
        domain.designate(actor, values)

    return take_step(
        None,
        "designate",
        form,
        act,
        makes=made,
        sound=sound,
        again=lambda why: page("disclosures/designation_new.html", form=form, refusal=why),
        done=lambda: f"{made.row.number} is kept.",
        to=lambda: url_for("disclosures.designation", number=made.row.number),
    )


@bp.get("/designations/<number>/revoke")
@bp.get("/designations/<number>")  # registered first, so that links lead here
@needs(*MAY_READ, of=RoutineDesignation)
def designation(subject: RoutineDesignation) -> str:
    """One designation: for whom, for what, until when."""
    return _page(subject, ReasonForm(formdata=None))


def _page(subject: RoutineDesignation, form: ReasonForm, **given: object) -> str:
    able = "designation.keep" in current_actor().capabilities
    return page(
        "disclosures/designation.html",
        **{"refusal": None, **given},
        item=subject,
        form=form,
        standing=standing(subject),
        item_words=ITEM_WORDS,
        may_revoke=able and subject.revoked_at is None,
    )


@bp.post("/designations/<number>/revoke")
@needs("designation.keep", of=RoutineDesignation)
def revoke(subject: RoutineDesignation) -> Answer:
    """Revoke a designation: nothing leaves on it any more."""
    form, actor = ReasonForm(), current_actor()
    return take_step(
        subject,
        "revoke_designation",
        form,
        lambda: domain.revoke(subject, actor, form.reason.data or ""),
        again=lambda why: _page(subject, form, refusal=why),
        done=f"{subject.number} is revoked.",
        to=url_for("disclosures.designation", number=subject.number),
    )
