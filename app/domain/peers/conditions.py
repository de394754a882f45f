"""The conditions of peer review (SRC-4): who may review, what a verdict must hold, when a review is stuck."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import func, select

from app.access.actor import Actor
from app.clauses import enforces
from app.domain.examination.conditions import nominee_left
from app.domain.examination.worksheet_conditions import worksheet_faults
from app.domain.gallery.repository_index import searchable
from app.extensions import db
from app.models.engine import Job
from app.models.examination import Round
from app.models.gallery import GalleryPhoto
from app.models.peers import LineUp, LineUpPlace
from app.models.requests import FRRequest
from app.policy import policy
from app.policy.examination.dispositions import disposition_fault
from app.policy.facts import Fault
from app.policy.reasons import gives_reason
from app.workflow.facts import Facts, first
from app.workflow.registry import condition

#: the job that composes the line of a round
COMPOSING = "line_up"


def line_ups_of(round_: Round) -> list[LineUp]:
    """Return every assignment of a round, declined and withdrawn ones included, oldest first."""
    return list(db.session.scalars(select(LineUp).where(LineUp.round_id == round_.id).order_by(LineUp.id)))


def counting(round_: Round) -> list[LineUp]:
    """Return the assignments that are open or given."""
    return [line_up for line_up in line_ups_of(round_) if line_up.ended in (None, "given")]


@enforces("SRC-4", "CAP-3")
def kept_apart(round_: Round) -> set[int]:
    """Return the people (ids) who are never foils: the nominee, and whoever was ever not excluded.

    A candidate retained or not comparable was not excluded, so nobody knows that it shows another person.
    """
    retained = {
        disposition.candidate.person_id
        for one in round_.request.rounds
        for disposition in one.dispositions
        if disposition.verdict != "excluded"
    }
    return retained | ({round_.nominee.person_id} if round_.nominee else set())


@condition("line_up_possible", "SRC-4", "FAIR-1")
def line_up_possible(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    round_, least = request.current_round, policy().review.line_up.least
    if round_ is None:
        return "No examination is open."
    others = select(func.count(func.distinct(GalleryPhoto.person_id))).where(
        searchable(), GalleryPhoto.person_id.not_in(kept_apart(round_))
    )
    found = db.session.scalar(others) or 0
    return None if found >= least else f"The repository holds {found} other people; a line needs at least {least}."


@condition("peer_assigned", "SRC-4", "FAIR-1")
def peer_assigned(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    line_up, round_ = facts.get("line_up"), request.current_round
    if line_up is None or round_ is None or line_up.round_id != round_.id or line_up.peer_id != actor.id:
        return "The review of this round is not assigned to you."
    return None if line_up.ended is None else "Your part in this line is over."


@condition("peer_worksheet_complete", "SRC-2", "SRC-4")
def peer_worksheet_complete(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    return first([fault for place in _places(facts) for fault in sheet_faults(place)])


@condition("peer_opinion_given", "SRC-4")
def peer_opinion_given(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    return first([fault for place in _places(facts) for fault in opinion_faults(place)])


def _places(facts: Facts) -> list[LineUpPlace]:
    return [place for place in facts["line_up"].places if place.held]


@enforces("SRC-2", "SRC-4")
def sheet_faults(place: LineUpPlace) -> list[Fault]:
    """Return what the comparison of one photograph lacks: a differing feature where excluded, else all features."""
    features: dict[str, Any] = place.private.get("features", {})
    rule = policy().review.line_up
    if not features and place.level is None:
        return [Fault("features", f"Photograph {place.letter} is not compared yet.", rule.id)]
    if not place.quick:
        return [
            Fault(one.field, f"Photograph {place.letter}: {one.message}", one.rule_id)
            for one in worksheet_faults(features)
        ]
    differing = {verdict.value for verdict in policy().review.worksheet.verdicts if verdict.differs}
    named = [
        given
        for given in features.values()
        if given.get("verdict") in differing and gives_reason(policy(), given.get("note"))
    ]
    if not named:
        message = f"Photograph {place.letter}: name a feature that differs, and say what differs."
        return [Fault("features", message, rule.id)]
    wrong = disposition_fault(policy(), policy().review.dispositions["excluded"], features, "")
    return [Fault("features", f"Photograph {place.letter}: {wrong}", rule.id)] if wrong else []


@enforces("SRC-4")
def opinion_faults(place: LineUpPlace) -> list[Fault]:
    """Return what the opinion on one photograph lacks: a level of the scale, low enough for an exclusion; a reason."""
    review = policy().review
    level = review.scale.level(place.level or "")
    if level is None:
        return [Fault("level", f"Photograph {place.letter}: choose a level.", review.scale.id)]
    if place.quick and (level.number is None or level.number > review.line_up.quick_at_most):
        message = f"Photograph {place.letter}: a level of {review.line_up.quick_at_most} or less excludes."
        return [Fault("level", message, review.line_up.id)]
    if not place.quick and not gives_reason(policy(), place.private.get("reason"), review.peers.min_reason):
        message = (
            f"Photograph {place.letter}: give your reason in at least {review.peers.min_reason} characters, in words."
        )
        return [Fault("reason", message, review.peers.id)]
    return []


@enforces("SRC-4", "SRC-6", "FAIR-1")
def favored_foils(line_up: LineUp) -> list[LineUpPlace]:
    """Return the foils in which the peer found support for one person, a difference of opinion."""
    scale, least = policy().review.scale, policy().review.foil_favored.min_level
    levels = [(place, scale.level(place.level or "")) for place in line_up.foil_places]
    return [place for place, level in levels if level and level.number is not None and level.number >= least]


@condition("peer_review_stuck", "SRC-4", "SRC-6")
def peer_review_stuck(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    round_ = request.current_round
    if nominee_left(request):
        return "The nominated photograph left the repository: decide on the request itself."
    if round_ is not None and (len(counting(round_)) >= policy().review.peers.count or composing(round_)):
        return "The peers who are assigned can complete the review."
    return None


def composing(round_: Round) -> bool:
    """Tell whether the job that composes the round's line-up still waits or runs."""
    return round_.uid in being_composed([round_])


def being_composed(rounds: Collection[Round]) -> set[str]:
    """Return those of the rounds (uids) whose line-up is still to be composed."""
    waiting = select(Job.subject_id).where(
        Job.kind == COMPOSING, Job.subject_id.in_([one.uid for one in rounds]), Job.state.in_(("queued", "running"))
    )
    return set(db.session.scalars(waiting))


def counted(rounds: Collection[Round]) -> dict[int, int]:
    """Map round ids to the number of assignments that are open or given."""
    rows = select(LineUp.round_id, func.count()).where(
        LineUp.round_id.in_([one.id for one in rounds]), LineUp.ended.is_(None) | (LineUp.ended == "given")
    )
    found = db.session.execute(rows.group_by(LineUp.round_id)).all()
    return {round_id: count for round_id, count in found if round_id is not None}
