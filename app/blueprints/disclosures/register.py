"""The register of disclosures, filtered, and as a CSV file; reading it is recorded (EXT-7, AUD-6)."""

from __future__ import annotations

from flask import abort, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import false
from werkzeug.datastructures import MultiDict

from app import audit
from app.access.actor import current_actor
from app.access.guard import needs
from app.blueprints.disclosures.blueprint import bp
from app.blueprints.disclosures.forms import RegisterFilter
from app.blueprints.fact_fields import NO_DAY, day_of
from app.calendar import today
from app.domain.disclosures import register as domain
from app.domain.disclosures.register import Filters
from app.domain.oversight import exports
from app.extensions import db
from app.policy import policy
from app.unit_of_work import unit_of_work
from app.web.pages import page, redirect_after_post

PER_PAGE = 50


@bp.get("/disclosures/register")
@needs("disclosure.register")
def register() -> ResponseReturnValue:
    """Every disclosure that was ever submitted, newest first."""
    form, wanted, good = _asked(request.args)
    return _listed(form, wanted, good, request.args), 200 if good else 422


def _listed(form: RegisterFilter, wanted: Filters, good: bool, given: MultiDict[str, str]) -> str:
    """Return the page; a filter with a fault keeps what was typed and lists nothing."""
    actor = current_actor()
    audit.viewed("disclosure.register_read", filters=_names(form), export=False)
    found = domain.rows(wanted, actor) if good else domain.rows(wanted, actor).where(false())
    pages = db.paginate(found, per_page=PER_PAGE, max_per_page=PER_PAGE, error_out=False)
    mine = [export for export in exports.exports_of(actor) if export.progress.of == "register"]
    return page(
        "disclosures/register.html",
        filter=form,
        pages=pages,
        exports=mine,
        asked={name: value for name, value in given.items() if name in form},
        good=good,
        lines=[(item, domain.line_of(item)) for item in pages.items],
        may_open="disclosure.read" in actor.capabilities,
        agencies=list(policy().registers.agencies.values()),
        today=today(),
    )


@bp.post("/disclosures/register/exports")
@needs("disclosure.register")
def export() -> ResponseReturnValue:
    """Have the filtered register written to a file; no cell of it can run as a formula."""
    form, wanted, good = _asked(request.form)
    if not good:
        return _listed(form, wanted, good, request.form), 422
    names, actor = _names(form), current_actor()
    try:
        with unit_of_work():
            audit.record("disclosure.register_read", filters=names, export=True)
            asked = exports.ask_for("register", wanted, actor, fields=names)
    except exports.TooManyFiles as error:
        abort(409, str(error))
    return redirect_after_post(url_for("exports.show", uid=asked.uid))


def _asked(given: MultiDict[str, str]) -> tuple[RegisterFilter, Filters, bool]:
    """Return (form, its filters, whether every field is valid)."""
    form = RegisterFilter(given)
    good = form.validate()
    for field in (form.since, form.until):
        if field.data and day_of(field.data) is None:
            field.errors = [NO_DAY]
            good = False
    wanted = Filters(
        person=form.person.data or "",
        case_number=form.case.data or "",
        recipient_kind=form.recipient.data or "",
        basis=form.basis.data or "",
        state=form.state.data or "",
        since=day_of(form.since.data),
        until=day_of(form.until.data),
    )
    return form, wanted, good


def _names(form: RegisterFilter) -> list[str]:
    """Return the names of the filters in use; their values may be somebody's name."""
    return sorted(field.name for field in form if field.data)
