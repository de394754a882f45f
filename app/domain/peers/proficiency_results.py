"""The results of proficiency items: errors of each kind, by examiner and for the unit (FAIR-1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from app.clauses import enforces
from app.domain.peers.conditions import favored_foils
from app.extensions import db
from app.matching.evaluation.error_rates import Rate, rate
from app.models import LineUp, LineUpPlace
from app.models.base import filled
from app.policy import policy


@dataclass(frozen=True, slots=True)
class Answer:
    """One answered item. `level`: the number on the scale, None when the peer could not compare."""

    peer: str
    given_at: datetime
    same: bool
    level: int | None
    foils: int
    favored: int

    @property
    def false_positive(self) -> bool:
        """Tell whether two people got at least the level that would carry a possible match."""
        return not self.same and self.level is not None and self.level >= policy().review.peers.min_level

    @property
    def false_negative(self) -> bool:
        """Tell whether one person got support for two."""
        return self.same and self.level is not None and self.level < 0

    @property
    def inconclusive(self) -> bool:
        return self.level in (None, 0)


@dataclass(frozen=True, slots=True)
class Result:
    """The rates of one examiner or of the unit. Inconclusive answers are among the trials and are no errors."""

    who: str
    answered: int
    false_positives: Rate
    false_negatives: Rate
    foils_favored: Rate
    inconclusive: int

    @property
    def few(self) -> bool:
        """Tell whether the numbers are too small to say much."""
        return min(self.false_positives.trials, self.false_negatives.trials) < policy().review.proficiency.few


@enforces("FAIR-1")
def answers() -> list[Answer]:
    """Return every verdict given on an item, oldest first."""
    rows = (
        select(LineUp)
        .where(LineUp.item_id.is_not(None), LineUp.ended == "given")
        .order_by(LineUp.id)
        .options(
            joinedload(LineUp.peer),
            joinedload(LineUp.item),
            selectinload(LineUp.places).joinedload(LineUpPlace.picture),
        )
    )
    return [_answer(line_up) for line_up in db.session.scalars(rows)]


def _answer(line_up: LineUp) -> Answer:
    subject, scale = line_up.subject_place, policy().review.scale
    level = scale.level(subject.level or "") if subject is not None else None
    return Answer(
        line_up.peer.titled,
        filled(line_up.ended_at),
        bool(filled(line_up.item).private["same"]),
        level.number if level else None,
        sum(place.level is not None for place in line_up.foil_places),
        len(favored_foils(line_up)),
    )


@enforces("FAIR-1", "EXT-2")
def result(who: str, given: Iterable[Answer]) -> Result:
    """Compute the rates of some answers, with their intervals."""
    given, share = list(given), policy().review.proficiency.confidence / 100
    different, same = [one for one in given if not one.same], [one for one in given if one.same]
    return Result(
        who,
        len(given),
        rate(sum(one.false_positive for one in different), len(different), share),
        rate(sum(one.false_negative for one in same), len(same), share),
        rate(sum(one.favored for one in given), sum(one.foils for one in given), share),
        sum(one.inconclusive for one in given),
    )


def by_examiner(given: list[Answer]) -> list[Result]:
    """Return the rates of each examiner who answered, by name."""
    return [result(name, (one for one in given if one.peer == name)) for name in sorted({one.peer for one in given})]
