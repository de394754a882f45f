"""Search lineage: earlier searches, negative ones included, are shown before a probe is searched again.

A search is related to an earlier one when it has the same probe (digest), a probe that is the same photograph, edited
(app.domain.gallery.look_alikes), or a case number of the same matter. This module only reads; the verbs are in
app.domain.identification.repeats.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select, union
from sqlalchemy.orm import joinedload

from app.access.actor import Actor
from app.access.clearance import cleared_rows, may_know
from app.clauses import enforces
from app.domain.matters.numbers import of_matter
from app.domain.matters.photographs import of_same_photograph
from app.extensions import db
from app.models import FinalReview, FRRequest, ProbeImage, RepeatSearch, Round, Search
from app.models.base import filled

#: how an earlier search is related, in the order of how closely
SAME_IMAGE, LOOKS_ALIKE, SAME_CASE = "the same image", "an edited copy of the same photograph", "the same case number"
SAME_MATTER = "another number of the same matter"
#: outcome of a request's examination, by what its last report says; an open one tells nothing, for its peers are blind
RESULTS = {"possible_match": "a possible match was reported", "negative": "negative result"}
OPEN, UNEXAMINED, RUNNING = "not concluded", "not examined", "running now"
#: what counts: a search that was asked for and has not failed; one that waits for a worker is running
COUNTED = ("queued", "finished")


@dataclass(frozen=True, slots=True)
class EarlierSearch:
    """An earlier search, finished or running: which it is, how it is related, what it resulted in."""

    search: Search
    related_by: tuple[str, ...]
    result: str

    def known_to(self, actor: Actor) -> bool:
        """Tell whether this person may read whose search it was; that there was one, everybody must know (AUD-1)."""
        return may_know(self.request, actor)

    @property
    def request(self) -> FRRequest:
        return self.search.request

    @property
    def at(self) -> datetime:
        """Return when it finished, or when it was started where it is running."""
        return filled(self.search.finished_at or self.search.started_at)

    @property
    def running(self) -> bool:
        return self.search.finished_at is None


@enforces("AUD-1", "CAP-1")
def earlier_searches(search: Search) -> list[EarlierSearch]:
    """Return every search by anybody, finished or running, that is related to this one; running ones, then the newest.

    One that is running counts: else whoever starts two at once is asked for no agreement.
    """
    alike = of_same_photograph([search.image_id])
    # three look-ups, each by its own index: as one condition over three tables it reads every search there is
    related = union(
        select(Search.id).join(Search.request).where(search.request.in_same_matter()),
        select(Search.id).join(Search.image).where(ProbeImage.sha256 == search.image.sha256),
        select(Search.id).where(Search.image_id.in_(alike)),
    ).subquery()
    rows = (
        select(Search)
        .where(Search.id.in_(select(related.c.id)), Search.id != search.id, Search.state.in_(COUNTED))
        .options(joinedload(Search.image), joinedload(Search.request).selectinload(FRRequest.reports))
        .order_by(Search.finished_at.is_not(None), Search.finished_at.desc(), Search.id.desc())
    )
    found = db.session.scalars(rows)
    numbers = of_matter(search.request.case_number)
    return [EarlierSearch(one, _related(search, one, alike, numbers), result_of(one)) for one in found]


def searched_before(request: FRRequest) -> list[EarlierSearch]:
    """Return the earlier searches of a request's probe; none where no probe is selected."""
    return earlier_searches(request.current_search) if request.current_search is not None else []


def _related(search: Search, found: Search, alike: set[int], numbers: frozenset[str]) -> tuple[str, ...]:
    same = found.image.sha256 == search.image.sha256
    number = found.request.case_number
    relations = (
        (SAME_IMAGE, same),
        (LOOKS_ALIKE, not same and found.image_id in alike),
        (SAME_CASE, number == search.request.case_number),
        (SAME_MATTER, number in numbers and number != search.request.case_number),
    )
    return tuple(relation for relation, holds in relations if holds)


@enforces("SRC-7")
def result_of(search: Search) -> str:
    """Return a search's result in words. An open request gives none away, as its peers must judge blind."""
    if search.finished_at is None:
        return RUNNING
    if search.request.state == "unexamined":
        return UNEXAMINED
    delivered = [report for report in search.request.reports if report.delivered_at is not None]
    return RESULTS[delivered[-1].kind] if delivered else OPEN


def directed(search: Search) -> datetime | None:
    """Return when a supervisor last directed this request's investigation to continue, or None."""
    rows = (
        select(FinalReview.created_at)
        .join(Round, FinalReview.round_id == Round.id)
        .where(Round.request_id == search.request_id, FinalReview.decision == "continued")
        .order_by(FinalReview.id.desc())
        .limit(1)
    )
    return db.session.scalars(rows).first()


@enforces("AUD-1")
def needs_agreement(search: Search, found: Iterable[EarlierSearch] | None = None) -> list[EarlierSearch]:
    """Return the earlier searches that bar this one until a supervisor agrees.

    Those of the same request before a supervisor directed it to continue (SRC-6) do not: that was the agreement.
    `found`: what `earlier_searches` answered, where whoever asks has it already.
    """
    since = directed(search)
    return [
        earlier
        for earlier in (earlier_searches(search) if found is None else found)
        if earlier.search.request_id != search.request_id or since is None or earlier.at > since
    ]


def last_asked(search: Search) -> RepeatSearch | None:
    """Return the newest reason given for this search, answered or not."""
    rows = select(RepeatSearch).where(RepeatSearch.search_id == search.id).order_by(RepeatSearch.id.desc())
    return db.session.scalars(rows).first()


def waiting(actor: Actor) -> Select[RepeatSearch]:
    """Return the reasons that wait for this supervisor's answer, oldest first, without those of replaced probes."""
    return (
        select(RepeatSearch)
        .join(RepeatSearch.search)
        .join(Search.request)
        .where(RepeatSearch.decision.is_(None), Search.state == "prepared", cleared_rows(actor))
        .order_by(RepeatSearch.id)
    )
