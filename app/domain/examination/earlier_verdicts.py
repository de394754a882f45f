"""The verdicts of peers on the same person before, in any round of the matter: never left behind (SRC-6, EXT-2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select

from app.access.actor import Actor
from app.clauses import enforces
from app.domain.matters.photographs import of_same_photograph
from app.domain.requests.one_matter import counts_with, kept_apart, may_be_told
from app.extensions import db
from app.models import Account, Candidate, FRRequest, LineUp, NewGround, PeerReview, Round, Search
from app.models.base import filled
from app.policy import policy

#: how a line ends without a locked verdict, though something may have been recorded on it
TAKEN_BACK = ("withdrawn", "declined")
#: what everybody is told of a verdict in a request that is kept from them
WITHHELD = "A verdict below the bar in a request that you may not read"


@dataclass(frozen=True, slots=True)
class EarlierVerdict:
    """One peer's verdict: locked, or recorded on a line that was taken back or declined before it was.

    ``supports``: it carried a possible match; ``elsewhere``: another photograph of the line was preferred.
    """

    review: PeerReview | LineUp
    label: str
    supports: bool
    elsewhere: bool

    @property
    def round(self) -> Round:
        return filled(self.review.round)

    @property
    def locked(self) -> bool:
        return isinstance(self.review, PeerReview)

    @property
    def at(self) -> datetime:
        """Return when it was locked, or when the line ended on which it was recorded."""
        return self.review.created_at if isinstance(self.review, PeerReview) else filled(self.review.ended_at)

    @property
    def reason(self) -> str:
        """Return what the peer wrote."""
        written = self.review if isinstance(self.review, PeerReview) else filled(self.review.subject_place)
        return str(written.private.get("reason") or "")

    @property
    def stands_against(self) -> bool:
        """Tell whether it was below what a possible match needs."""
        return self.elsewhere or not self.supports


@dataclass(frozen=True, slots=True)
class ToldVerdict:
    """A verdict as a page or a document tells it; nothing but that it was below the bar where `where` is empty."""

    label: str
    against: bool
    where: str = ""
    who: Account | None = None
    at: datetime | None = None
    reason: str = ""
    elsewhere: bool = False
    locked: bool = True


@enforces("SRC-6", "FAIR-1", "EXT-2")
def earlier_verdicts(round_: Round, candidate: Candidate) -> list[EarlierVerdict]:
    """Return the verdicts on this person in the matter that may be read, but the round's own locked ones, oldest first.

    What a peer recorded against the person counts too when the line was taken back before the verdict was locked.
    """
    reviews = (
        select(PeerReview)
        .join(PeerReview.round)
        .join(Round.request)
        .where(*_on_person(round_, candidate, PeerReview.created_at), Round.id != round_.id)
    )
    ended = (
        select(LineUp)
        .join(LineUp.round)
        .join(Round.request)
        .where(*_on_person(round_, candidate, LineUp.ended_at), LineUp.ended.in_(TAKEN_BACK))
    )
    locked = [_verdict(row, row.opinion) for row in db.session.scalars(reviews.order_by(PeerReview.id))]
    unlocked = [_verdict(row, _recorded(row)) for row in db.session.scalars(ended.order_by(LineUp.id))]
    found = [one for one in locked if one is not None]
    found += [one for one in unlocked if one is not None and one.stands_against]
    return sorted((one for one in found if _may_be_read(one.round)), key=lambda one: one.at)


def _on_person(round_: Round, candidate: Candidate, recorded: Any) -> tuple[ColumnElement[bool], ...]:
    nominees = select(Candidate.id).where(Candidate.person_id == candidate.person_id)
    return counts_with(round_.request, recorded), FRRequest.state != "disposed", Round.nominee_id.in_(nominees)


@enforces("LIM-7", "ACC-11")
def told_verdicts(round_: Round, verdicts: Iterable[EarlierVerdict], reader: Actor | None) -> list[ToldVerdict]:
    """Return verdicts as this person may read them, or, without one, as a document of the request tells them."""
    found = list(verdicts)
    open_to = may_be_told(round_.request, (one.round.request for one in found), reader)
    told = []
    for one in found:
        if one.round.request_id in open_to:
            where = f"{one.round.request.number}, round {one.round.number}"
            peer = (one.review.peer, one.at, one.reason, one.elsewhere, one.locked)
            told.append(ToldVerdict(one.label, one.stands_against, where, *peer))
        elif one.stands_against:
            told.append(ToldVerdict(WITHHELD, against=True))
    return told


def verdicts_of(round_: Round) -> list[EarlierVerdict]:
    """Return the verdicts of a round's own peers, in order of time."""
    verdicts = (_verdict(row, row.opinion) for row in round_.peer_reviews)
    return [one for one in verdicts if one is not None]


@dataclass(frozen=True, slots=True)
class SeenBefore:
    """How often a peer had judged the person or the photograph of a round in others, when last, and where."""

    times: int
    last: datetime
    where: tuple[str, ...]


@enforces("SRC-4", "FAIR-1")
def seen_before(round_: Round) -> dict[int, SeenBefore]:
    """Map peers (ids) to what they judged of the same person or photograph in other rounds of the matter."""
    return {peer: _seen(round_, given) for peer, given in _judged_before(round_).items()}


@enforces("SRC-4", "FAIR-1", "EXT-2")
def not_fresh(round_: Round) -> tuple[str, ...]:
    """Say of each peer of a round, in a sentence, that the person or the photograph was not new to them."""
    reviews = list(round_.peer_reviews) if _may_be_read(round_) else []
    known = _judged_before(round_) if reviews else {}
    found = []
    for review in reviews:
        # what came later was not known to the verdict that is read
        before = [one for one in known.get(review.peer_id, ()) if one.created_at < review.created_at]
        if not before:
            continue
        lines = select(LineUp).where(LineUp.round_id == round_.id, LineUp.peer_id == review.peer_id)
        scarce = any((one.private.get("draw") or {}).get("seen_before") for one in db.session.scalars(lines))
        why = "; too few other examiners were left" if scarce else ""
        found.append(
            f"{review.peer.titled} had given a verdict on the same person or photograph before"
            f" ({'; '.join(_seen(round_, before).where)}){why}."
        )
    return tuple(found)


def _seen(round_: Round, given: Sequence[PeerReview]) -> SeenBefore:
    where = (
        "another request"
        if kept_apart(round_.request, one.round.request)
        else f"{one.round.request.number}, round {one.round.number}"
        for one in given
    )
    return SeenBefore(len(given), given[-1].created_at, tuple(dict.fromkeys(where)))


def _judged_before(round_: Round) -> dict[int, list[PeerReview]]:
    nominee, search = round_.nominee, round_.search
    if nominee is None:
        return {}
    same_picture = or_(
        Search.probe_sha256 == search.probe_sha256,
        Search.image_id.in_([search.image_id, *of_same_photograph([search.image_id])]),
    )
    rows = (
        select(PeerReview)
        .join(PeerReview.round)
        .join(Round.request)
        .join(Search, Search.id == Round.search_id)
        .join(Candidate, Candidate.id == Round.nominee_id)
        .where(
            counts_with(round_.request, PeerReview.created_at),
            Round.id != round_.id,
            or_(Candidate.person_id == nominee.person_id, same_picture),
        )
        .order_by(PeerReview.id)
    )
    found: dict[int, list[PeerReview]] = {}
    for row in db.session.scalars(rows):
        found.setdefault(row.peer_id, []).append(row)
    return found


def grounds_for(round_: Round, candidate: Candidate) -> list[NewGround]:
    """Return what was recorded as new of this person in the matter, oldest first.

    What a request kept apart from this one knows is nothing new here; that a review was mistaken holds everywhere.
    """
    rows = (
        select(NewGround)
        .join(NewGround.round)
        .join(Round.request)
        .where(counts_with(round_.request, NewGround.created_at), NewGround.person_id == candidate.person_id)
    )
    found = db.session.scalars(rows.order_by(NewGround.id))
    return [one for one in found if one.kind == "mistake" or not kept_apart(round_.request, one.round.request)]


@enforces("LIM-7", "ACC-11")
def told_grounds(round_: Round, grounds: Sequence[NewGround], reader: Actor | None) -> list[NewGround]:
    """Return those of the grounds that this person may read, or that a document of the request may tell."""
    open_to = may_be_told(round_.request, (one.round.request for one in grounds), reader)
    return [one for one in grounds if one.round.request_id in open_to]


def _may_be_read(round_: Round) -> bool:
    return round_.request.current_round is not round_ or round_.request.state != "nominated"


def _recorded(line_up: LineUp) -> str | None:
    subject = line_up.subject_place
    return subject.level if subject is not None else None


def _verdict(review: PeerReview | LineUp, given: str | None) -> EarlierVerdict | None:
    rules, elsewhere = policy().review, _preferred_another(review)
    level = rules.scale.level(given or "")
    if level is None:
        return EarlierVerdict(review, "Nothing yet of this person", True, True) if elsewhere else None
    return EarlierVerdict(review, level.label, rules.peers.supported_by(level), elsewhere)


def _preferred_another(review: PeerReview | LineUp) -> bool:
    scale, least = policy().review.scale, policy().review.foil_favored.min_level
    rows = select(LineUp).where(LineUp.round_id == review.round_id, LineUp.peer_id == review.peer_id)
    levels = [scale.level(place.level or "") for line_up in db.session.scalars(rows) for place in line_up.foil_places]
    return any(level is not None and level.number is not None and level.number >= least for level in levels)
