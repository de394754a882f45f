"""Reports of misuse and the audit trail, for those who watch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, abort, flash, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from app import audit
from app.access.actor import current_actor
from app.access.guard import needs
from app.access.scoping import visible
from app.audit.anchors import AnchorForged
from app.blueprints.oversight.forms import TrailForm
from app.blueprints.oversight.trail import entries
from app.cli.audit import faults
from app.domain import exports
from app.domain.audit_trail import rows
from app.domain.misuse import read_report
from app.domain.overview import last_sequence
from app.extensions import db
from app.models.base import now
from app.models.engine import AuditEvent
from app.models.oversight import MisuseReport
from app.unit import unit_of_work
from app.web import page, redirect_after_post

bp = Blueprint("oversight", __name__)
PER_PAGE = 50
SHOWN_FAULTS = 20


# Misuse ----------------------------------------------------------------------------------------------------


@bp.get("/misuse")
@needs("misuse.read")
def misuse() -> ResponseReturnValue:
    """The inbox: no text is opened here, so nothing is recorded as read."""
    found = visible(MisuseReport, current_actor()).order_by(MisuseReport.id.desc())
    pages = db.paginate(found, per_page=25, max_per_page=25, error_out=False)
    return page("oversight/misuse.html", pages=pages, now=now())


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
    form.validate()
    wanted = form.filter()
    audit.viewed("audit.read", filter={**wanted.keys(), "page": request.args.get("page", 1, type=int)})
    pages = db.paginate(rows(wanted), per_page=PER_PAGE, max_per_page=PER_PAGE, error_out=False)
    mine = [export for export in exports.exports_of(current_actor()) if export.standing.of == "audit"]
    return page(
        "oversight/events.html",
        filter=form, pages=pages, entries=entries(pages.items), last=last_sequence(), checked=_last_check(), now=now(),
        exports=mine, asked={name: value for name, value in request.args.items() if name in form},
    )  # fmt: skip


@bp.post("/audit/exports")
@needs("audit.read")
def export() -> ResponseReturnValue:
    """Have the filtered events written to a file; taking them out is recorded like reading them."""
    form, actor = TrailForm(request.form), current_actor()
    if not form.validate():
        abort(422, "Correct the filter first. No file was asked for.")
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
    """Walk the whole chain and its anchors now; that it was checked, and with what result, is an event itself."""
    through = last_sequence()
    try:
        found = [f"Event {fault.sequence} {fault.what}." for fault in faults()]
    except AnchorForged as error:
        found = [f"{error}."]
    db.session.rollback()
    audit.viewed("audit.read", filter={"check": "chain", "through": through, "faults": len(found)})
    if not found:
        flash(f"The chain holds: {through:,} events, unbroken.", "success")
    for sentence in found[:SHOWN_FAULTS]:
        flash(sentence, "error")
    return redirect_after_post(url_for("oversight.events"))


@dataclass(frozen=True, slots=True)
class Check:
    """A check of the chain that found nothing: when, and up to which event."""

    at: datetime
    through: int


def _last_check() -> Check | None:
    found = select(AuditEvent).where(
        AuditEvent.event == "audit.read", AuditEvent.keys.contains('"check":"chain","faults":0,', autoescape=True)
    )
    newest = db.session.scalars(found.order_by(AuditEvent.sequence.desc()).limit(1)).first()
    if newest is None:
        return None
    return Check(datetime.fromisoformat(newest.at), json.loads(newest.keys)["filter"]["through"])
