"""The lists of the retention area; importing it binds the other pages of the area."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from flask.typing import ResponseReturnValue

from app.access.actor import current_actor
from app.access.guard import needs
from app.blueprints.retention import disposals, holds, people, records, sealings
from app.blueprints.retention.blueprint import bp
from app.blueprints.retention.rendering import Tab, sections, shared
from app.domain import retention
from app.domain.standings import under_way
from app.web import page

__all__ = ["bp", "disposals", "holds", "people", "records", "sealings"]

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
    """Case records and person files by where they stand today (RET-1 to RET-11)."""
    actor = current_actor()
    everything = retention.listing(actor, "all")
    counts = {
        name: sum(line.standing.status in statuses for line in everything) for name, statuses in retention.LISTS.items()
    }
    which = request.args.get("list", "due")
    if which not in LISTS:
        which = "due"
    wanted = retention.LISTS.get(which)
    lines = [line for line in everything if wanted is None or line.standing.status in wanted]
    tabs = [
        Tab(title, url_for("retention.index", list=name), name == which, counts.get(name, len(everything)))
        for name, (title, _) in LISTS.items()
    ]
    return page(
        "retention/index.html", sections=sections("retention.index"), tabs=tabs, which=which, text=LISTS[which][1],
        lines=lines, proposes=actor.can("disposal.propose") and which == "due",
        taken=[under_way(line.target) for line in lines] if which == "due" else [],
    )  # fmt: skip
