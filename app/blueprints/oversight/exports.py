"""Files of long lists: how far each is, taking it once it is written, removing it (AUD-6, EXT-7).

A file belongs to whoever asked for it; to everybody else it does not exist.
"""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, url_for
from flask.typing import ResponseReturnValue

from app import audit
from app.access.actor import current_actor
from app.access.guard import needs
from app.domain.oversight import exports
from app.domain.oversight.exports import Export
from app.domain.serving import clear
from app.models.engine import Job
from app.web.downloads import asked_range, send
from app.web.pages import page, redirect_after_post, wants_part

bp = Blueprint("exports", __name__, url_prefix="/exports")
#: whoever may have some list as a file; which, is asked of the file
ANY = tuple(source.capability for source in exports.SOURCES.values())
#: where each list stands, to ask for another file of it
LISTS = {"audit": ("oversight.events", "Audit trail"), "register": ("disclosures.register", "Register of disclosures")}


def _own(row: Job) -> Export:
    """The file, for whoever may still read its list; else 404."""
    export = Export(row)
    if export.source.capability not in current_actor().capabilities:
        abort(404)
    return export


@bp.get("/<uid>")
@needs(*ANY, of=Job)
def show(subject: Job) -> ResponseReturnValue:
    """One file: how much of it is written, or how to take it and until when."""
    export = _own(subject)
    endpoint, title = LISTS[export.progress.of]
    return page("oversight/export.html", export=export, back=(title, url_for(endpoint)))


@bp.get("/<uid>/progress")
@needs(*ANY, of=Job)
def progress(subject: Job) -> ResponseReturnValue:
    """The file while it is written; the whole page once it is."""
    export = _own(subject)
    if not wants_part() or export.ready or export.failed:
        return redirect_after_post(url_for("exports.show", uid=subject.uid))
    return page("oversight/_export_progress.html", export=export)


@bp.get("/<uid>/file")
@needs(*ANY, of=Job)
def file(subject: Job) -> Response:
    """The bytes, all or from where a transfer broke off; each time is recorded before they are sent."""
    export = _own(subject)
    if not export.ready:
        abort(404)
    found = exports.download(export)
    span = asked_range(found)
    if span is not None:
        audit.sent("export.taken", export, of=export.progress.of, sha256=found.sha256, first=span[0])
    return send(clear(subject, current_actor()), found)


@bp.post("/<uid>/removal")
@needs(*ANY, of=Job)
def remove(subject: Job) -> ResponseReturnValue:
    """Destroy the file before its time."""
    export = _own(subject)
    back = LISTS[export.progress.of][0]
    exports.destroy(export, "removed", current_actor())
    flash("The file is removed.", "success")
    return redirect_after_post(url_for(back))
