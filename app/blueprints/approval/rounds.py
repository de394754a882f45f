"""The viewer on the nominee of each round, as the supervisor reads it: with the examiner's marks, nothing to change."""

from __future__ import annotations

from flask import request

from app.access.actor import Actor
from app.blueprints.review.examination.viewer import Viewer, drawn_marks, original, photograph, prepared
from app.domain.approval.request_file import CaseFile
from app.domain.approval.round_file import RoundFile
from app.domain.examination.annotations import marks_on
from app.web.formats import day


def viewers_of(file: CaseFile, address: str, actor: Actor) -> dict[int, Viewer]:
    """Map round numbers to the viewer on the nominee, where somebody was nominated and a photograph is left."""
    return {one.number: _viewer(one, address, actor) for one in file.rounds if one.nominee and one.photos}


def _viewer(round_: RoundFile, address: str, actor: Actor) -> Viewer:
    search, photos = round_.row.search, sorted(round_.photos, key=lambda photo: (photo.taken_on, photo.id))
    asked = request.args.get("photo", "")
    listed = round_.photos[0].uid
    return Viewer(
        f"viewer-{round_.number}",
        original(search),
        tuple(
            photograph(
                photo,
                photo.uid,
                f"Record {photo.record_number}, {day(photo.taken_on)}",
                day(photo.taken_on),
                f"Repository photograph of the nominated candidate, {day(photo.taken_on)}",
            )
            for photo in photos
        ),
        asked if asked in {photo.uid for photo in photos} else listed,
        address,
        prepared=prepared(search.derived) if search.derived else None,
        marks=drawn_marks(marks_on(round_.row, actor, round_.nominee)),
    )
