"""The blind view of a line-up: letters, pictures, days, the same for a request and an item (SRC-4).

Nothing else of the round or the item is given to a page: not the request, not the candidate, not who nominated, not who
else reviews. Addresses of pictures name a place of the line.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask import abort, url_for

from app.blueprints.images.links import face_url
from app.blueprints.review.examination.viewer import Eyes, Viewer, ViewerImage
from app.blueprints.review.identification.probe import ShownProbe, rectangle, window
from app.calendar import day_of
from app.clauses import enforces
from app.domain.identification.preparation import eyes_of
from app.models import LineUp, LineUpPlace
from app.models.base import filled
from app.policy import policy
from app.policy.examination.worksheet import differing_in
from app.web.formats import clock, day


@dataclass(frozen=True, slots=True)
class ShownPlace:
    """One photograph of the line. `state`: "open", "excluded", "compared", or "left" when it may not be shown."""

    place: LineUpPlace
    letter: str
    src: str
    natural: tuple[int, int]
    taken_on: date | None
    state: str
    level: str
    named: str


@dataclass(frozen=True, slots=True)
class ShownLine:
    """The probe, the day it was taken, and the photographs in this peer's order."""

    probe: ShownProbe
    taken_on: date | None
    places: tuple[ShownPlace, ...]

    @property
    def open(self) -> int:
        """Count the photographs that still wait for a comparison."""
        return sum(place.state == "open" for place in self.places)


def shown_line(line_up: LineUp) -> ShownLine:
    """Return the line-up as its peer's pages show it."""
    return ShownLine(*_probe(line_up), tuple(shown_place(place) for place in line_up.places))


def _probe(line_up: LineUp) -> tuple[ShownProbe, date | None]:
    src = face_url("line_probe", line_up.uid)
    if line_up.round is None:
        picture = filled(line_up.item).probe
        probe = ShownProbe(src, (picture.width, picture.height), [rectangle(picture)], 0, window(picture, picture))
        return probe, _day(picture.private.get("taken_on"))
    image, face = line_up.round.search.image, line_up.round.search.face
    probe = ShownProbe(src, (image.width, image.height), [rectangle(face)], 0, window(image, face))
    return probe, day_of(image.taken_at) if image.taken_at else None


def shown_place(place: LineUpPlace) -> ShownPlace:
    """Return one photograph; of one that left the repository, only its letter."""
    if not place.held:
        return ShownPlace(place, place.letter, "", (0, 0), None, "left", "", "")
    stored = place.of_repository
    shown = stored or filled(place.picture)
    natural = (shown.width, shown.height)
    taken = stored.taken_on if stored else _day(filled(place.picture).private.get("taken_on"))
    level = policy().review.scale.level(place.level or "")
    state = "open" if level is None else "excluded" if place.quick else "compared"
    return ShownPlace(
        place,
        place.letter,
        face_url("line", place.uid),
        natural,
        taken,
        state,
        level.label if level else "",
        ", ".join(name for name, _ in differing_in(policy(), place.private.get("features", {}))),
    )


def just_compared(line: ShownLine, letter: str) -> ShownPlace | None:
    """Return the photograph just compared, which `?after=` names; it may be changed until the verdict is locked."""
    return next((one for one in line.places if one.letter == letter and one.level), None)


#: how the assignment of a line to a peer ended, in words
ENDED = {
    "given": "You locked this verdict at {at}",
    "declined": "You declined this review at {at}",
    "withdrawn": "This review was taken back from you at {at}",
}


def ended_words(line_up: LineUp) -> str:
    """Return why and since when an ended line-up is closed, as a sentence without its full stop."""
    return ENDED[filled(line_up.ended)].format(at=clock(filled(line_up.ended_at)))


def faces_of(line_up: LineUp, places: list[LineUpPlace] | None = None) -> list[str]:
    """The uids of the pictures that a page of the line shows, for the audit trail."""
    probe = filled(line_up.item).probe.uid if line_up.round is None else line_up.round.search.image.uid
    shown = [place for place in (line_up.places if places is None else places) if place.held]
    return [probe, *((place.of_repository or filled(place.picture)).uid for place in shown)]


def _day(iso: str | None) -> date | None:
    return date.fromisoformat(iso) if iso else None


def place_at(line_up: LineUp, letter: str) -> LineUpPlace:
    """The photograph of that letter, if it may be shown; else 404."""
    found = next((place for place in line_up.places if place.letter == letter.upper()), None)
    if found is None or not found.held:
        abort(404)
    return found


@enforces("SRC-4")
def line_viewer(line_up: LineUp, line: ShownLine, place: LineUpPlace, shown: ShownPlace) -> Viewer:
    """The viewer on one photograph of the shown line: a neutral key and label, no prepared image, no marks of anybody.

    Eyes are given for all photographs of the line or for none: one whose eyes are not known must not stand out.
    """
    known = all(_eyes(one) for one in line_up.places if one.held)
    label = f"Photograph {place.letter}" + (f", {day(shown.taken_on)}" if shown.taken_on else "")
    photograph = ViewerImage(
        place.letter,
        shown.src,
        label,
        place.letter,
        f"Photograph {place.letter}",
        shown.natural,
        _eyes(place) if known else None,
        f"0 0 {shown.natural[0]} {shown.natural[1]}",
    )
    address = url_for("review.line_place", number=line_up.number, letter=place.letter)
    return Viewer("viewer", _probe_image(line_up, line.probe), (photograph,), place.letter, address, strip="")


def _probe_image(line_up: LineUp, probe: ShownProbe) -> ViewerImage:
    round_ = line_up.round
    eyes = eyes_of(round_.search.face) if round_ is not None else _pair(filled(line_up.item).probe.private.get("eyes"))
    return ViewerImage(
        "original",
        probe.src,
        "Original probe",
        "Original",
        "Original probe, enlarged to its face",
        probe.natural,
        eyes,
        probe.window,
    )


def _eyes(place: LineUpPlace) -> Eyes | None:
    stored = place.of_repository
    return _pair(stored.eyes if stored else filled(place.picture).private.get("eyes"))


def _pair(eyes: list[list[float]] | None) -> Eyes | None:
    return ((eyes[0][0], eyes[0][1]), (eyes[1][0], eyes[1][1])) if eyes else None
