"""Composes the line of a nominated round and assigns its peers (SRC-4): measuring first, then one transaction."""

from __future__ import annotations

from sqlalchemy import select

from app.clauses import enforces
from app.domain.peers import foils, proficiency, selection
from app.domain.peers.conditions import COMPOSING, counting
from app.extensions import db
from app.imaging import UnusableImage
from app.jobs.registry import JobFailed, Retry, handles
from app.matching.errors import MatchingError
from app.models import ProficiencyItem, Round
from app.models.engine import Job
from app.policy import policy
from app.storage import DiskFailure, StorageError
from app.unit_of_work import unit_of_work


def _waiting(uid: str) -> Round | None:
    """Load the round while it is in peer review and lacks peers."""
    round_ = db.session.scalars(select(Round).where(Round.uid == uid)).one_or_none()
    if round_ is None or round_.request.state != "nominated" or round_.request.current_round is not round_:
        return None
    return round_ if len(counting(round_)) < policy().review.peers.count else None


def _failed(row: Job, _cause: str) -> None:
    """Notify the supervisors that no line-up could be composed; the job keeps the cause."""
    with unit_of_work():
        round_ = _waiting(row.subject_id)
        if round_ is not None:
            selection.tell_short(round_, policy().review.peers.count - len(counting(round_)))


@enforces("SRC-4")
@handles(COMPOSING, on_failure=_failed)
def compose_line_up(row: Job) -> None:
    """Compose the line once and assign who is missing; a round that moved on is left alone."""
    round_ = _waiting(row.subject_id)
    if round_ is None:
        return
    try:
        photos = [photo.id for photo in foils.photographs(round_)]
    except DiskFailure as error:
        raise Retry(str(error)) from error
    except (foils.NoLine, MatchingError, StorageError) as error:
        raise JobFailed(str(error)) from error
    present = selection.available(selection.trained_examiners())
    with unit_of_work():
        round_ = _waiting(row.subject_id)
        if round_ is not None:
            selection.fill(round_, foils.by_id(photos), present, proficiency.deal)


@enforces("FAIR-1")
@handles(proficiency.PREPARING)
def prepare_item(row: Job) -> None:
    """Measure a proficiency item once and choose its foils."""
    wanted = select(ProficiencyItem).where(ProficiencyItem.uid == row.subject_id)
    item = db.session.scalars(wanted).one_or_none()
    if item is None or item.probe.box is not None:
        return
    try:
        found = proficiency.measured(item)
    except DiskFailure as error:
        raise Retry(str(error)) from error
    except (foils.NoLine, MatchingError, StorageError, UnusableImage) as error:
        raise JobFailed(str(error)) from error
    with unit_of_work():
        item = db.session.scalars(wanted).one()
        if item.probe.box is None:
            proficiency.complete(item, found)
