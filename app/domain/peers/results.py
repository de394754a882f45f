"""The results of a peer review once all verdicts are in, for everybody who took part (SRC-4, SRC-6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.clauses import enforces
from app.domain.peers.conditions import favored_foils, line_ups_of
from app.models import GalleryPhoto, LineUp, LineUpPlace, Round
from app.models.base import filled
from app.policy import policy
from app.policy.examination.worksheet import differences_in_words


@dataclass(frozen=True, slots=True)
class Verdict:
    """A peer's verdict on one photograph. `letter`: its place in this peer's own line-up."""

    letter: str
    label: str
    favored: bool
    differences: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class LinePhoto:
    """One photograph of the line with every peer's verdict, in the order of the peers."""

    record_number: str
    nominated: bool
    left: bool
    given: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class Assigned:
    """One assignment as the supervisors see it. `reason`: of declining, or of the withdrawal."""

    number: str
    who: str
    ending: str
    due_at: datetime
    ended_at: datetime | None
    reason: str


def is_open(round_: Round) -> bool:
    """Tell whether the verdicts of a round may be read: all are in, or a supervisor ended its peer review."""
    request = round_.request
    return round_.nominee is not None and (request.current_round is not round_ or request.state != "nominated")


@enforces("SRC-4", "SRC-6")
def line_results(round_: Round) -> tuple[LinePhoto, ...]:
    """Return the nominated photograph, then the foils by record number; empty while the round is not open."""
    # in the order of the verdicts, as the peers are numbered everywhere
    order = [review.peer_id for review in round_.peer_reviews] if is_open(round_) else []
    given = [one for one in line_ups_of(round_) if one.ended == "given" and one.peer_id in order]
    given.sort(key=lambda one: order.index(one.peer_id))
    if not given:
        return ()
    favored = {place.id for line_up in given for place in favored_foils(line_up)}
    photos = {place.photo_id: place.photo for line_up in given for place in line_up.places if place.photo}
    rows = []
    for photo in photos.values():
        places = [next((p for p in line_up.places if p.photo_id == photo.id), None) for line_up in given]
        rows.append(
            LinePhoto(
                shown_number(photo),
                photo.id == filled(round_.nominee).photo_id,
                photo.removed_at is not None,
                tuple(_given(place, favored) for place in places),
            )
        )
    return tuple(sorted(rows, key=lambda row: (not row.nominated, row.record_number)))


def shown_number(photo: GalleryPhoto) -> str:
    """Return the record number of a photograph as a file shows it; an erased one is said to be erased, and no more."""
    return "Number erased" if photo.number_is_erased else str(photo.record_number)


def _given(place: LineUpPlace | None, favored: set[int]) -> Verdict:
    if place is None:
        return Verdict("", "Not in this line", False, (), "")
    level = policy().review.scale.level(place.level or "")
    named = differences_in_words(policy(), place.private.get("features", {}))
    reason = str(place.private.get("reason") or "")
    return Verdict(place.letter, level.label if level else "Not compared", place.id in favored, named, reason)


def assigned(round_: Round) -> tuple[Assigned, ...]:
    """Return every assignment of the round, declined and withdrawn ones with their reasons, oldest first."""
    return tuple(
        Assigned(
            one.number,
            one.peer.titled,
            one.ended or "open",
            one.due_at,
            one.ended_at,
            "" if one.ended == "given" else str(one.private.get("reason") or ""),
        )
        for one in line_ups_of(round_)
    )


@enforces("SRC-4")
def opened_to(line_up: LineUp) -> Round | None:
    """Return the round this peer may read in full once it is open and their verdict given; None for an item."""
    if line_up.round is None or line_up.ended != "given" or not is_open(line_up.round):
        return None
    return line_up.round
