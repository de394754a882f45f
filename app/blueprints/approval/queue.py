"""The final-review queue: requests that wait for a supervisor, and results not yet with their investigator.

Each part of the page shows its first rows, with as many statements for a thousand requests as for ten; a part by itself
is paged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, literal, select, union_all
from sqlalchemy.orm import joinedload, selectinload

from app.access.actor import Actor
from app.access.scoping import visible
from app.blueprints.approval.decisions import without_nominee
from app.blueprints.first_rows import FirstRows, first_rows, newest
from app.domain.approval.verbs import (
    DELIVERIES,
    check_may_read_file,
    check_takes_no_other_part,
    file_is_open,
    last_deliveries,
)
from app.domain.identification import lineage
from app.domain.identification.separations import read_together
from app.domain.peers.conditions import being_composed, counted
from app.domain.workload.conclusions import awaited
from app.domain.workload.overview import deadline_in_sql, due_at
from app.models import BackgroundCheck, Candidate, FRRequest, GalleryPhoto, RepeatSearch, Round, Search
from app.models.base import filled, now
from app.models.engine import Job
from app.models.sql_seconds import seconds
from app.policy import policy
from app.policy.names import RequestVerb
from app.policy.refused import Refused

#: a supervisor decides in the states that these steps lead on from, nobody being in the way
DECIDING: tuple[RequestVerb, ...] = ("approve", "reissue_report")
#: the result is decided, and its report not with the investigator
DELIVERING: RequestVerb = "deliver_report"
#: delivered reports listed below the queue, newest first
RECENT = 20
LOADED = (
    selectinload(FRRequest.rounds).options(
        selectinload(Round.peer_reviews),
        selectinload(Round.final_reviews),
        selectinload(Round.background_checks).selectinload(BackgroundCheck.judgments),
        joinedload(Round.nominee).joinedload(Candidate.photo),
    ),
    selectinload(FRRequest.searches),
    selectinload(FRRequest.reports),
)


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A request in the queue; `refusal` says why this supervisor cannot decide on it."""

    request: FRRequest
    due_at: datetime | None
    overdue: bool
    delivery: Job | None
    refusal: Refused | None

    @property
    def failed(self) -> bool:
        return self.delivery is not None and self.delivery.state == "failed"


@dataclass(frozen=True, slots=True)
class BeforePeers:
    """A request before its peers: how many are assigned, how many are missing, whether the line is being composed."""

    request: FRRequest
    assigned: int
    missing: int
    composing: bool
    refusal: Refused | None


@dataclass(frozen=True, slots=True)
class Asked:
    """A request with an answer to be judged; `refusal` says why this supervisor cannot judge it."""

    request: FRRequest
    refusal: Refused | None


# The parts -------------------------------------------------------------------------------------------------


def _waiting(actor: Actor) -> Select[Any]:
    """Select what waits for a decision, and what cannot go on since the nominee's photograph left."""
    return _by_urgency(actor, FRRequest.taking(*DECIDING) | _left_without_nominee())


def _peers(actor: Actor) -> Select[Any]:
    """Select what is in peer review, oldest first."""
    rows = visible(FRRequest, actor).where(FRRequest.state == "nominated").options(*LOADED)
    return rows.order_by(FRRequest.state_since, FRRequest.id)


def _repeats(actor: Actor) -> Select[Any]:
    """Select the requests that ask to search again."""
    return lineage.waiting(actor).options(
        joinedload(RepeatSearch.search).joinedload(Search.request), joinedload(RepeatSearch.asked_by)
    )


def _answers(actor: Actor) -> Select[Any]:
    """Select requests whose answers to what contradicts a candidate, and so the nomination, wait for a supervisor."""
    asked = select(literal(1)).select_from(BackgroundCheck).join(BackgroundCheck.round)
    asked = asked.where(Round.request_id == FRRequest.id, BackgroundCheck.awaits.is_(True)).correlate(FRRequest)
    rows = visible(FRRequest, actor).where(FRRequest.state == "under_examination", asked.exists())
    rows = rows.options(*LOADED, joinedload(FRRequest.examiner))
    return rows.order_by(FRRequest.state_since, FRRequest.id)


def _inconclusive(actor: Actor) -> Select[Any]:
    """Select finished searches that nobody has put before peers or concluded, those of the oldest search first."""
    first = select(func.min(Search.finished_at)).where(Search.request_id == FRRequest.id, Search.state == "finished")
    waits = FRRequest.is_inconclusive() & ~FRRequest.taking(*DECIDING, DELIVERING) & (FRRequest.state != "nominated")
    rows = visible(FRRequest, actor).where(waits).options(*LOADED, joinedload(FRRequest.examiner))
    return rows.order_by(first.correlate(FRRequest).scalar_subquery(), FRRequest.id)


def _undelivered(actor: Actor) -> Select[Any]:
    """Select what is decided and not yet in the case file."""
    return _by_urgency(actor, FRRequest.taking(DELIVERING) & ~_left_without_nominee())


def _delivered(actor: Actor) -> Select[Any]:
    """Select the latest deliveries, newest first, for each state by its own index, as these grow with the years."""
    by_state = [
        select(FRRequest.id).where(FRRequest.state == state).order_by(FRRequest.state_since.desc()).limit(RECENT)
        for state in FRRequest.flow().sources_of("recall_report")
    ]
    newest_ids = union_all(*(select(rows.subquery()) for rows in by_state)).subquery()
    rows = visible(FRRequest, actor).where(FRRequest.id.in_(select(newest_ids))).options(*LOADED)
    return rows.order_by(FRRequest.state_since.desc())


def _left_without_nominee() -> ColumnElement[bool]:
    """Apply `nominee_left` to many, in the states in which it changes what a supervisor may decide."""
    numbers = select(func.max(Round.number)).where(Round.request_id == FRRequest.id).correlate(FRRequest)
    gone = (
        select(literal(1))
        .select_from(Round)
        .join(Round.nominee)
        .join(Candidate.photo)
        .where(
            Round.request_id == FRRequest.id,
            Round.number == numbers.scalar_subquery(),
            GalleryPhoto.removed_at.is_not(None),
        )
        .correlate(FRRequest)
    )
    return FRRequest.state.in_(without_nominee()) & gone.exists()


def _by_urgency(actor: Actor, which: ColumnElement[bool]) -> Select[Any]:
    """Order by urgency: failed deliveries, then overdue, then by due time; answered ones by how long they wait."""
    kinds = [job for job, _ in DELIVERIES.values()]
    last = (
        select(Job.state)
        .where(Job.subject_id == FRRequest.number, Job.kind.in_(kinds), Job.created_at >= FRRequest.state_since)
        .order_by(Job.id.desc())
        .limit(1)
        .correlate(FRRequest)
        .scalar_subquery()
    )
    asked = FRRequest.having("due") & FRRequest.submitted_at.is_not(None)
    due = case((asked, deadline_in_sql()))
    failed = FRRequest.state.in_([state for _, state in DELIVERIES.values()]) & (last == "failed")
    return (
        visible(FRRequest, actor)
        .where(which)
        .options(*LOADED)
        .order_by(
            case((failed, 0), else_=1),
            case((due < now().timestamp(), 0), else_=1),
            func.coalesce(due, seconds(FRRequest.state_since)),
            FRRequest.id,
        )
    )


# Their rows ------------------------------------------------------------------------------------------------


def _rows(requests: Sequence[FRRequest], actor: Actor) -> list[QueueRow]:
    deliveries = last_deliveries(requests)
    with read_together(requests):
        return [_row(request, actor, deliveries.get(request.id)) for request in requests]


def _row(request: FRRequest, actor: Actor, delivery: Job | None) -> QueueRow:
    due = due_at(request)
    refusal = _refused(lambda: check_may_read_file(request, actor)) if file_is_open(request) else None
    return QueueRow(request, due, due is not None and now() > due, delivery, refusal)


def _refused(check: Callable[[], None]) -> Refused | None:
    try:
        check()
    except Refused as found:
        return found
    return None


def _before_peers(requests: Sequence[FRRequest], actor: Actor) -> list[BeforePeers]:
    rounds = {request.id: filled(request.current_round) for request in requests}
    assigned, composed, wanted = counted(rounds.values()), being_composed(rounds.values()), policy().review.peers.count
    with read_together(requests):
        return [
            BeforePeers(
                request,
                given := assigned.get(rounds[request.id].id, 0),
                wanted - given,
                rounds[request.id].uid in composed,
                _refused(partial(check_takes_no_other_part, request, actor)),
            )
            for request in requests
        ]


def _asked(requests: Sequence[FRRequest], actor: Actor) -> list[Asked]:
    with read_together(requests):
        return [Asked(one, _refused(partial(check_takes_no_other_part, one, actor))) for one in requests]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the page: its statement, and what becomes of the rows that are shown."""

    rows: Callable[[Actor], Select[Any]]
    shown: Callable[[Sequence[Any], Actor], Sequence[Any]]
    most: int | None = None


PARTS = {
    "waiting": Part(_waiting, _rows),
    "peers": Part(_peers, _before_peers),
    "answers": Part(_answers, _asked),
    "repeats": Part(_repeats, lambda found, _: found),
    "inconclusive": Part(_inconclusive, lambda found, _: [(request, filled(awaited(request))) for request in found]),
    "undelivered": Part(_undelivered, _rows),
    "delivered": Part(_delivered, _rows, RECENT),
}


def parts_of(actor: Actor) -> dict[str, FirstRows]:
    """Return the first rows of each part."""
    found = {}
    for name, part in PARTS.items():
        # of what is done the newest are enough: the rest is found by its number, and nobody counts it
        first = first_rows(part.rows(actor)) if part.most is None else newest(part.rows(actor), part.most)
        found[name] = FirstRows(part.shown(first.items, actor), first.total)
    return found
