"""The facts of a request's register of modifications, gathered from the records (LL55)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from app.documents.facts import Person
from app.documents.identification.modification_register import Modification, Original, RegisterFacts
from app.domain.accounts.naming import UNIT, here, person_of
from app.domain.identification.preparation import all_prepared, recipe_of_row
from app.domain.identification.recipes import steps_in_words
from app.domain.requests.images import limits
from app.extensions import db, settings, stores
from app.imaging import decode, display_copy
from app.imaging.recipe import trace
from app.imaging.recipe_ops import Pixels, pixels_of
from app.models import Account, DerivedImage, FRRequest, ProbeImage, Search
from app.models.base import now
from app.policy import policy

LAW = "ll55-2025"
#: the longer side of a small picture in the register
SMALL, PICTURE = 360, 900


def gather_register(request: FRRequest, printed_by: Account) -> RegisterFacts:
    """Gather every submitted image and every prepared one. Raises StorageError when a picture cannot be read."""
    law = next(overlay for overlay in policy().overlays if overlay.law.id == LAW)
    changes = all_prepared(request)
    pixels = {row.image_id: _original(row.image) for row in changes}
    names = image_names(request)
    return RegisterFacts(
        department=settings().department,
        unit=UNIT,
        request_number=request.number,
        case_number=request.case_number,
        printed_at=_moment(now()),
        printed_by=person_of(printed_by, None),
        law=(law.law.title, law.law.citation),
        rules=tuple((rule.text, rule.authority) for rule in law.rules),
        originals=tuple(_submitted(request, image, names[image.id]) for image in request.images),
        modifications=tuple(_modification(row, names[row.image_id], pixels[row.image_id]) for row in changes),
        policy_version=policy().version,
        demonstration=settings().demonstration,
    )


def image_names(request: FRRequest) -> dict[int, str]:
    """Return what each image is called: by its number in the request, as on every page and in every other document.

    What was taken out before it was submitted has no such number, and is counted by itself.
    """
    out = [image for image in request.images if image.removed_at is not None]
    names = {image.id: f"Image {number}" for number, image in enumerate(request.current_images, 1)}
    return names | {image.id: f"Taken out {number}" for number, image in enumerate(out, 1)}


def _moment(moment: datetime) -> datetime:
    at = here(moment)
    assert at is not None
    return at


def _submitted(request: FRRequest, image: ProbeImage, name: str) -> Original:
    picture = None
    if image.shown_blob_id and image.shown_sha256 and image.removed_at is None:
        shown = stores().blobs.get(image.shown_blob_id, image.key_id, image.shown_sha256)
        picture = display_copy(pixels_of(shown), SMALL)
    return Original(
        name,
        image.sha256,
        (image.width, image.height),
        _moment(image.created_at),
        person_of(request.requester, "requesting investigator"),
        image.removed_at is not None,
        picture,
    )


def _original(image: ProbeImage) -> Pixels:
    return decode(stores().blobs.get(image.blob_id, image.key_id, image.sha256), limits()).bgr


def _modification(row: DerivedImage, name: str, original: Pixels) -> Modification:
    recipe = recipe_of_row(row)
    after = pixels_of(stores().blobs.get(row.blob_id, row.key_id, row.sha256))
    x, y, width, height = trace(recipe, (row.image.width, row.image.height))[-1].region()
    left, top = max(0, int(x)), max(0, int(y))
    right, bottom = min(original.shape[1], round(x + width)), min(original.shape[0], round(y + height))
    searches = db.session.scalars(
        select(Search.started_at).where(Search.derived_id == row.id, Search.started_at.is_not(None)).order_by(Search.id)
    )
    return Modification(
        number=row.number,
        original=name,
        steps=tuple(steps_in_words(recipe)),
        reason=row.private.get("reason"),
        who=_examiner(row),
        at=_moment(row.created_at),
        original_sha256=row.original_sha256,
        recipe_digest=row.recipe_digest,
        sha256=row.sha256,
        size=(row.width, row.height),
        environment=tuple(sorted(row.environment.items())),
        searches=tuple(_moment(at) for at in searches if at is not None),
        before=display_copy(original[top:bottom, left:right], PICTURE),
        after=display_copy(after, PICTURE),
        policy_version=row.policy_version,
    )


def _examiner(row: DerivedImage) -> Person:
    return person_of(row.made_by, "examiner")
