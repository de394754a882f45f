"""The Undo of the exclusion just recorded, offered on the next page while the rule gives time (SRC-2)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from flask import request

from app.access.actor import current_actor
from app.blueprints.review.examination.rounds import RoundCandidate, candidate_at, listed, version_of, working
from app.domain.examination import replaced
from app.models import Round
from app.typed import whole_number


@dataclass(frozen=True, slots=True)
class Undo:
    """An exclusion that can still be undone: for how many seconds, and its version."""

    person: RoundCandidate
    seconds: int
    version: str


def offered(round_: Round) -> Undo | None:
    """Return the undo of the exclusion that `?after=` names, where this person can still undo it; else None."""
    place = request.args.get("after", type=whole_number)
    found = next((one for one in round_.search.candidates if one.shown_order == place), None)
    if found is None or found.photo.removed_at is not None or not working(round_):
        return None
    person = listed(round_, candidate_at(round_, found.shown_order))
    if person.state != "excluded" or person.disposition is None:
        return None
    seconds = math.ceil(replaced.seconds_left(round_, current_actor(), person.disposition))
    return Undo(person, seconds, version_of(person.disposition)) if seconds > 0 else None
