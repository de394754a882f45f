"""The verdicts of peers on the same person before, in any round of the matter: never left behind (SRC-6, EXT-2)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from app.clauses import enforces
from app.extensions import db
from app.models import Candidate, FRRequest, LineUp, NewGround, PeerReview, Round
from app.models.base import filled
from app.policy import policy


@dataclass(frozen=True, slots=True)
class EarlierVerdict:
    """One peer's verdict in another round.

    ``supports``: it carried a possible match; ``elsewhere``: another photograph of the line was preferred.
    """

    review: PeerReview
    label: str
    supports: bool
    elsewhere: bool

    @property
    def round(self) -> Round:
        return self.review.round

    @property
    def stands_against(self) -> bool:
        """Tell whether it was below what a possible match needs."""
        return self.elsewhere or not self.supports


@enforces("SRC-6", "FAIR-1", "EXT-2")
def earlier_verdicts(round_: Round, candidate: Candidate) -> list[EarlierVerdict]:
    """Return the verdicts on this person in the matter's other rounds whose verdicts may be read, oldest first."""
    nominee = Candidate.id == Round.nominee_id
    rows = (
        select(PeerReview)
        .join(PeerReview.round)
        .join(Round.request)
        .join(Candidate, nominee)
        .where(
            round_.request.in_same_matter(),
            FRRequest.state != "disposed",
            Candidate.person_id == candidate.person_id,
            Round.id != round_.id,
        )
        .order_by(PeerReview.id)
    )
    return [_verdict(row) for row in db.session.scalars(rows) if _may_be_read(row.round)]


def verdicts_of(round_: Round) -> list[EarlierVerdict]:
    """Return the verdicts of a round's own peers, in order of time."""
    return [_verdict(row) for row in round_.peer_reviews]


def grounds_for(round_: Round, candidate: Candidate) -> list[NewGround]:
    """Return what was recorded as new of this person in the matter, oldest first."""
    rows = (
        select(NewGround)
        .join(NewGround.round)
        .join(Round.request)
        .where(round_.request.in_same_matter(), NewGround.person_id == candidate.person_id)
    )
    return list(db.session.scalars(rows.order_by(NewGround.id)))


def _may_be_read(round_: Round) -> bool:
    return round_.request.current_round is not round_ or round_.request.state != "nominated"


def _verdict(review: PeerReview) -> EarlierVerdict:
    rules = policy().review
    level = filled(rules.scale.level(review.opinion))
    return EarlierVerdict(review, level.label, rules.peers.supported_by(level), _preferred_another(review))


def _preferred_another(review: PeerReview) -> bool:
    scale, least = policy().review.scale, policy().review.foil_favored.min_level
    rows = select(LineUp).where(LineUp.round_id == review.round_id, LineUp.peer_id == review.peer_id)
    levels = [scale.level(place.level or "") for line_up in db.session.scalars(rows) for place in line_up.foil_places]
    return any(level is not None and level.number is not None and level.number >= least for level in levels)
