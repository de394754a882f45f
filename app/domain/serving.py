"""The one question before a picture, document or package is served or sent: has anything in it left (CAP-3)?

Every answer made of a file needs a `Cleared` (app/web/downloads.py), and `clear` alone gives one; what leaves by a job
asks `left_at`. A kind of thing that nobody said the contents of cannot be asked about: it is served to nobody.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select

from app import audit
from app.access.actor import Actor
from app.clauses import enforces
from app.domain.accounts.naming import here
from app.domain.matters.photographs import with_copies
from app.extensions import db
from app.models import (
    DerivedImage,
    DisclosureDecision,
    DisclosureDocument,
    DisclosureItem,
    DisclosurePackage,
    Disposal,
    FRRequest,
    GalleryHold,
    GalleryPhoto,
    Job,
    LineUp,
    LineUpPlace,
    ProbeImage,
    ProficiencyPicture,
    Report,
    Round,
    SealingOrder,
)
from app.models.base import filled
from app.policy import policy
from app.policy.refused import Refused
from app.storage import KeyDestroyed, UnknownKey
from app.web.downloads import Cleared


@dataclass(frozen=True, slots=True)
class Shows:
    """What a thing shows: photographs of the repository by id, any file by its digest."""

    photos: frozenset[int] = frozenset()
    digests: frozenset[str] = frozenset()

    def __or__(self, other: Shows) -> Shows:
        return Shows(self.photos | other.photos, self.digests | other.digests)


NOTHING = Shows()


def _together(parts: Iterable[Shows]) -> Shows:
    found = NOTHING
    for part in parts:
        found |= part
    return found


def _photo(photo: GalleryPhoto) -> Shows:
    return Shows(frozenset({photo.id}))


def _image(image: ProbeImage) -> Shows:
    # a booking photograph that was submitted as a probe is the very file that leaves, or a copy of it: `_copies`
    return Shows(digests=frozenset({image.sha256}))


def _place(place: LineUpPlace) -> Shows:
    photo = place.of_repository
    return _photo(photo) if photo is not None else _picture(filled(place.picture))


def _picture(picture: ProficiencyPicture) -> Shows:
    if picture.photo is not None:
        return _photo(picture.photo)
    return Shows(digests=frozenset({picture.sha256} - {None}))  # type: ignore[arg-type]  # None is taken out


def _line_up(line_up: LineUp) -> Shows:
    """A peer's probe; the photographs of the line are asked about one by one."""
    return _image(line_up.round.search.image) if line_up.round is not None else _picture(filled(line_up.item).probe)


def _report(report: Report) -> Shows:
    """What the delivered file holds, by its own manifest; by the nominee's person where there is none to read."""
    try:
        manifest = report.private.get("facts")
    except (KeyDestroyed, UnknownKey):
        manifest = None
    if manifest is not None:
        return Shows(digests=frozenset(_pictures(json.loads(manifest))))
    nominee = report.round.nominee if report.round is not None and report.kind == "possible_match" else None
    return NOTHING if nominee is None else Shows(frozenset(photo.id for photo in nominee.person.photos))


def _pictures(value: Any) -> Iterable[str]:
    """Yield the digests of the originals of all pictures in a manifest, wherever they stand in it."""
    if isinstance(value, dict):
        if "shown_sha256" in value:
            yield value["sha256"]
        for part in value.values():
            yield from _pictures(part)
    elif isinstance(value, list):
        for part in value:
            yield from _pictures(part)


def _item(item: DisclosureItem) -> Shows:
    return _image(item.image) if item.image is not None else _report(filled(item.report))


def _package(package: DisclosurePackage) -> Shows:
    """What a built package encloses; of what is withheld it holds a line alone."""
    items = package.disclosure.included_items
    return _together(_item(item) for item in items if item.uid not in package.withheld)


def _round(round_: Round) -> Shows:
    """The probe of a comparison that is printed now; each photograph on it is asked about by itself."""
    return _image(round_.search.image)


def _request(request: FRRequest) -> Shows:
    return _together(_image(image) for image in request.images)


#: model -> what one of it shows. A document that holds words and numbers alone shows nothing, and says so here.
CONTENTS: dict[type[Any], Callable[[Any], Shows]] = {
    GalleryPhoto: _photo,
    ProbeImage: _image,
    DerivedImage: lambda derived: _image(derived.image),
    LineUp: _line_up,
    LineUpPlace: _place,
    ProficiencyPicture: _picture,
    Report: _report,
    DisclosureItem: _item,
    DisclosurePackage: _package,
    DisclosureDocument: lambda document: Shows(digests=frozenset({document.sha256})),
    DisclosureDecision: lambda decision: NOTHING,
    Round: _round,
    FRRequest: _request,
    Disposal: lambda disposal: NOTHING,
    SealingOrder: lambda order: NOTHING,
    Job: lambda export: NOTHING,
}


@enforces("CAP-3")
def left_at(thing: Any) -> datetime | None:
    """Return when the first of what a thing shows left the repository, for whatever reason; None for what has not.

    Raises LookupError for a kind of thing whose contents nobody stated.
    """
    return left_among([thing])[0]


@enforces("CAP-3")
def left_among(things: Sequence[Any]) -> list[datetime | None]:
    """Return for each thing, in order, what `left_at` says of it; one statement asks about all of them."""
    shown = [_shows(thing) for thing in things]
    every = _together(shown)
    if every == NOTHING:
        return [None for _ in things]
    left = _left(every)
    if any(photo not in every.photos and digest not in every.digests for photo, digest, _ in left):
        # a copy of some of them left: which, is asked of each
        return [min((filled(at) for _, _, at in _left(one)), default=None) for one in shown]
    return [
        min((filled(at) for photo, digest, at in left if photo in one.photos or digest in one.digests), default=None)
        for one in shown
    ]


def _left(shown: Shows) -> list[tuple[int, str, datetime | None]]:
    """Return what left of what is shown, the same photograph in another file included: (id, SHA-256, when)."""
    copies = with_copies(select(ProbeImage.id).where(ProbeImage.sha256.in_(shown.digests)))
    among = or_(
        GalleryPhoto.id.in_(shown.photos),
        GalleryPhoto.sha256.in_(shown.digests),
        GalleryPhoto.sha256.in_(select(ProbeImage.sha256).where(ProbeImage.id.in_(copies))),
        # what import held because it is a probe's photograph, and a person admitted
        GalleryPhoto.sha256.in_(select(GalleryHold.sha256).where(GalleryHold.probe_image_id.in_(copies))),
    )
    asked = select(GalleryPhoto.id, GalleryPhoto.sha256, GalleryPhoto.removed_at)
    return [(*row,) for row in db.session.execute(asked.where(GalleryPhoto.removed_at.is_not(None), among))]


def _shows(thing: Any) -> Shows:
    contents = CONTENTS.get(type(thing))
    if contents is None:
        raise LookupError(f"nobody said what a {type(thing).__name__} shows")
    return contents(thing)


@enforces("CAP-3", "EXT-7", "ACC-11")
def withheld_from(thing: Any, actor: Actor) -> Refused | None:
    """Return the rule that withholds a thing from this person, in words that name nobody; None if it may be served."""
    rule = policy().sealing.withheld
    # whoever may see it for their duty is not the reason to skip the question: contents must be known in any case
    left = left_at(thing)
    if left is None or rule.capability in actor.capabilities:
        return None
    return Refused(rule.id, f"It shows a photograph that left the repository on {here(left):%Y-%m-%d}.")


@enforces("CAP-3", "EXT-7", "ACC-11")
def clear(thing: Any, actor: Actor) -> Cleared:
    """Return the leave to serve a thing to this person. Raises Refused, recorded, where something in it has left."""
    refusal = withheld_from(thing, actor)
    if refusal is not None:
        audit.viewed("document.withheld", thing, actor=actor, kind=thing.__tablename__, rule=refusal.rule_id)
        raise refusal
    return Cleared(thing.__tablename__)


@enforces("CAP-3")
def shows_one_of(thing: Any, photos: Iterable[GalleryPhoto]) -> bool:
    """Tell whether a thing shows one of these photographs, by what its file holds."""
    found = list(photos)
    shown = _shows(thing)
    return any(photo.id in shown.photos or photo.sha256 in shown.digests for photo in found)


def of_numbers(kind: str) -> Cleared:
    """Return the leave to serve a table of counts, which is about no person and shows no photograph."""
    return Cleared(kind)


def of_disclosure(items: Iterable[DisclosureItem]) -> list[DisclosureItem]:
    """Return those of a disclosure's items that show something that left."""
    found = list(items)
    return [item for item, left in zip(found, left_among(found), strict=True) if left is not None]
