"""The verdicts of peers on the same person before, in any round of the matter: never left behind (SRC-6, EXT-2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select

from app.clauses import enforces
from app.domain.matters.photographs import of_same_photograph
from app.extensions import db
from app.models import Candidate, FRRequest, LineUp, NewGround, PeerReview, Round, Search
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


@dataclass(frozen=True, slots=True)
class SeenBefore:
    """How often a peer had judged the person or the photograph of a round in others, when last, and where."""

    times: int
    last: datetime
    where: tuple[str, ...]


@enforces("SRC-4", "FAIR-1")
def seen_before(round_: Round, until: datetime | None = None) -> dict[int, SeenBefore]:
    """Map peers (ids) to what they judged of the same person or photograph in other rounds of the matter.

    `until`: what came later is left out, as it was not known to the verdict that is read.
    """
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
            round_.request.in_same_matter(),
            Round.id != round_.id,
            or_(Candidate.person_id == nominee.person_id, same_picture),
        )
        .order_by(PeerReview.id)
    )
    found: dict[int, list[PeerReview]] = {}
    for row in db.session.scalars(rows):
        if until is None or row.created_at < until:
            found.setdefault(row.peer_id, []).append(row)
    return {
        peer: SeenBefore(
            len(given),
            given[-1].created_at,
            tuple(dict.fromkeys(f"{one.round.request.number}, round {one.round.number}" for one in given)),
        )
        for peer, given in found.items()
    }


@enforces("SRC-4", "FAIR-1", "EXT-2")
def not_fresh(round_: Round) -> tuple[str, ...]:
    """Say of each peer of a round, in a sentence, that the person or the photograph was not new to them."""
    found = []
    for review in round_.peer_reviews if _may_be_read(round_) else ():
        before = seen_before(round_, review.created_at).get(review.peer_id)
        if before is None:
            continue
        lines = select(LineUp).where(LineUp.round_id == round_.id, LineUp.peer_id == review.peer_id)
        scarce = any((one.private.get("draw") or {}).get("seen_before") for one in db.session.scalars(lines))
        why = "; too few other examiners were left" if scarce else ""
        found.append(
            f"{review.peer.titled} had given a verdict on the same person or photograph before"
            f" ({'; '.join(before.where)}){why}."
        )
    return tuple(found)


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
