"""Reports of misuse and the audit trail, for those who watch."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import false
from werkzeug.datastructures import MultiDict

from app import audit
from app.access.actor import current_actor
from app.access.guard import needs
from app.access.scoping import visible
from app.blueprints.oversight.forms import TrailForm
from app.blueprints.oversight.trail import entries
from app.domain.gallery.samples import changed_answers
from app.domain.oversight import exports, trail_check
from app.domain.oversight.audit_trail import is_account, rows
from app.domain.oversight.misuse import read_report
from app.domain.workload.overview import last_sequence
from app.extensions import db, page_asked
from app.models.base import now
from app.models.oversight import MisuseReport
from app.unit_of_work import unit_of_work
from app.web.formats import plural
from app.web.pages import page, redirect_after_post

bp = Blueprint("oversight", __name__)
PER_PAGE = 50


# Misuse ----------------------------------------------------------------------------------------------------


@bp.get("/misuse")
@needs("misuse.read")
def misuse() -> ResponseReturnValue:
    """The inbox: no report is opened here, so nothing is recorded as read. Below it samples with a changed answer."""
    found = visible(MisuseReport, current_actor()).order_by(MisuseReport.id.desc())
    pages = db.paginate(found, per_page=25, max_per_page=25, error_out=False)
    return page("oversight/misuse.html", pages=pages, now=now(), samples=changed_answers())


@bp.get("/misuse/<uid>")
@needs("misuse.read", of=MisuseReport)
def misuse_report(subject: MisuseReport) -> ResponseReturnValue:
    actor = current_actor()
    with unit_of_work():
        read_report(subject, actor)
    return page("oversight/misuse_report.html", report=subject, private=subject.private)


# Audit trail -----------------------------------------------------------------------------------------------


@bp.get("/audit")
@needs("audit.read")
def events() -> ResponseReturnValue:
    form = TrailForm(request.args)
    good = form.validate()
    return _listed(form, good, request.args), 200 if good else 422


def _listed(form: TrailForm, good: bool, given: MultiDict[str, str]) -> str:
    """Return the page of events; a filter with a fault keeps what was typed and lists nothing."""
    wanted = form.filter()
    audit.viewed("audit.read", filter={**wanted.keys(), "page": page_asked()})
    found = rows(wanted) if good else rows(wanted).where(false())
    pages = db.paginate(found, per_page=PER_PAGE, max_per_page=PER_PAGE, error_out=False)
    mine = [export for export in exports.exports_of(current_actor()) if export.progress.of == "audit"]
    return page(
        "oversight/events.html",
        filter=form,
        pages=pages,
        entries=entries(pages.items),
        last=last_sequence(),
        checked=trail_check.last_check(),
        whole=trail_check.last_check(whole=True),
        now=now(),
        exports=mine,
        asked={name: value for name, value in given.items() if name in form},
        good=good,
        in_words=form.in_words(),
        nobody=bool(wanted.actor) and not is_account(wanted.actor),
    )


@bp.post("/audit/exports")
@needs("audit.read")
def export() -> ResponseReturnValue:
    """Have the filtered events written to a file; taking them out is recorded like reading them."""
    form, actor = TrailForm(request.form), current_actor()
    if not form.validate():
        return _listed(form, False, request.form), 422
    wanted = form.filter()
    told = wanted.keys()
    try:
        with unit_of_work():
            audit.record("audit.read", filter={**told, "export": "csv"})
            asked = exports.ask_for("audit", wanted, actor, **told)
    except exports.TooManyFiles as error:
        abort(409, str(error))
    return redirect_after_post(url_for("exports.show", uid=asked.uid))


@bp.post("/audit/check")
@needs("audit.read")
def check() -> ResponseReturnValue:
    """Check the whole trail now: chain, anchors, each step beside its event."""
    found = trail_check.check()
    if not found.faults:
        flash(f"The chain holds: {found.through:,} events, unbroken; every step has its event.", "success")
    for sentence in found.shown:
        flash(sentence, "error")
    for sentence in found.uncompared:
        flash(sentence, "warning")
    if found.faults > len(found.shown):
        flash(f"{plural(found.faults, 'fault')} in all. An administrator can list every one.", "error")
    kept: dict[str, Any] = {
        field.name: request.form[field.name] for field in TrailForm() if request.form.get(field.name)
    }
    return redirect_after_post(url_for("oversight.events", **kept))
