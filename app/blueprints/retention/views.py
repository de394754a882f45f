"""The lists of the retention area; importing it binds the other pages of the area."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from flask.typing import ResponseReturnValue

from app.access.actor import current_actor
from app.access.guard import needs
from app.blueprints.retention import disposals, holds, people, records, schedule
from app.blueprints.retention.blueprint import bp
from app.blueprints.retention.rendering import Tab, sections, shared
from app.blueprints.sealing import copies
from app.blueprints.sealing import views as sealings
from app.calendar import today
from app.domain.retention import lists, recalculation
from app.domain.retention.schedule import schedule_standing
from app.extensions import db
from app.web.pages import page

__all__ = ["bp", "copies", "disposals", "holds", "people", "records", "schedule", "sealings"]

PER_PAGE = 50
#: list -> its tab and what it says of itself
LISTS = {
    "due": ("Due", "The period of these records has run and nothing holds them: they may be disposed of."),
    "upcoming": ("Upcoming", "The period of these records is known and has not run."),
    "held": ("Held", "A legal hold is in force: these records are kept whatever their period."),
    "permanent": ("Permanent", "These records are kept permanently, or until the event that ends the period."),
    "unclassified": (
        "To be completed",
        "The class is not confirmed, or a day on which the period depends is not known: kept until it is.",
    ),
    "open": ("Open", "The case is not closed, or a request of it is still at work."),
    "all": ("All", "Every case record and personal information file that was not disposed of."),
}


@bp.context_processor
def _shared() -> dict[str, Any]:
    return shared()


@bp.get("/retention")
@needs("retention.read")
def index() -> ResponseReturnValue:
    """List case records and person files by their eligibility today (RET-1 to RET-11)."""
    actor, day = current_actor(), today()
    which = request.args.get("list", "due")
    if which not in LISTS:
        which = "due"
    counts = lists.counts(actor, day)
    rows = lists.rows_of(actor, which, day)
    pages = db.paginate(rows, per_page=PER_PAGE, max_per_page=PER_PAGE, error_out=False)
    tabs = [
        Tab(title, url_for("retention.index", list=name), name == which, counts[name])
        for name, (title, _) in LISTS.items()
    ]
    return page(
        "retention/index.html",
        sections=sections("retention.index"),
        tabs=tabs,
        which=which,
        text=LISTS[which][1],
        pages=pages,
        lines=lists.lines(pages.items, day),
        outdated=recalculation.under_other_rules(),
        schedule=schedule_standing(),
        proposes=actor.can("disposal.propose") and which == "due",
    )


@bp.get("/retention/recalculations")
@needs("retention.read")
def recalculations() -> ResponseReturnValue:
    """Show when eligibility was last recalculated, and which records differed from before."""
    pages = db.paginate(recalculation.differences(), per_page=PER_PAGE, max_per_page=PER_PAGE, error_out=False)
    return page(
        "retention/recalculations.html",
        sections=sections("retention.recalculations"),
        pages=pages,
        differences=recalculation.recorded(pages.items),
        last=recalculation.last(),
        outdated=recalculation.under_other_rules(),
    )
