"""The exclusion just recorded, as the next page says it, with its Undo while the rule gives time (SRC-2)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from flask import request

from app.access.actor import current_actor
from app.blueprints.review.examination.rounds import RoundCandidate, candidate_at, listed, version_of, working
from app.domain.examination import replaced
from app.models import Round


@dataclass(frozen=True, slots=True)
class Undo:
    """An exclusion that may still be taken back: for how many seconds, and the version that would be."""

    person: RoundCandidate
    seconds: int
    version: str


def offered(round_: Round) -> Undo | None:
    """What `?after=` names, where it is an exclusion of this person's that may still be taken back; else None."""
    place = request.args.get("after", type=int)
    found = next((one for one in round_.search.candidates if one.shown_order == place), None)
    if found is None or found.photo.removed_at is not None or not working(round_):
        return None
    person = listed(round_, candidate_at(round_, found.shown_order))
    if person.state != "excluded" or person.disposition is None:
        return None
    seconds = math.ceil(replaced.seconds_left(round_, current_actor(), person.disposition))
    return Undo(person, seconds, version_of(person.disposition)) if seconds > 0 else None
