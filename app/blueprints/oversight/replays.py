"""Recorded searches, done again on request: for the unit's supervisors and the integrity officers (AUD-2, AUD-5).

These pages show no face and no name: digests, counts, record numbers of what differs or has left.
"""

from __future__ import annotations

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from app.access.actor import current_actor
from app.access.guard import needs
from app.access.scoping import visible
from app.domain.identification.search_replays import ask_for, kept_lines, kept_of, last_verdicts, words
from app.extensions import db
from app.models import Search
from app.models.base import now
from app.models.identification import SearchReplay
from app.once import Making
from app.outbox import last_job
from app.steps import Why, take_step
from app.web.pages import page

bp = Blueprint("replays", __name__, url_prefix="/searches")


@bp.get("")
@needs("search.replay")
def index() -> ResponseReturnValue:
    """Every finished search, the newest first, with what its latest replay gave."""
    found = visible(Search, current_actor()).order_by(Search.finished_at.desc(), Search.id.desc())
    pages = db.paginate(found, per_page=25, max_per_page=25, error_out=False)
    return page("oversight/searches.html", pages=pages, verdicts=last_verdicts(pages.items), now=now())


@bp.get("/<uid>")
@needs("search.replay", of=Search)
def show(subject: Search) -> ResponseReturnValue:
    """What a search recorded, and its replays."""
    return _page(subject)


def _page(subject: Search, refusal: Why = None) -> str:
    replays = kept_of(subject)
    waiting = next((row for row in replays if row.finished_at is None), None)
    told = [(row, words(row.verdict) if row.verdict else "", kept_lines(subject, row)) for row in replays]
    return page(
        "oversight/search.html",
        search=subject,
        refusal=refusal,
        replays=told,
        waiting=waiting,
        job=last_job("replay", waiting.uid) if waiting else None,
    )


@bp.post("/<uid>/replays")
@needs("search.replay", of=Search)
def ask(subject: Search) -> ResponseReturnValue:
    """Have a worker do the search again."""
    actor = current_actor()
    return take_step(
        subject,
        "ask_replay",
        FlaskForm(),
        lambda: ask_for(subject, actor),
        makes=Making(SearchReplay),
        again=lambda why: _page(subject, why),
        done="A worker does the search again; what comes of it stands on this page.",
        to=url_for("replays.show", uid=subject.uid),
    )
