"""The preparation of an image for the search: a recipe checked, applied to the original, kept (REQ-6, LL55).

Slow work comes first and outside a unit of work: `stated_recipe`, `develop`; then `derive` inside one.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from app.access.actor import Actor
from app.access.scoping import visible
from app.clauses import enforces
from app.domain.identification.recipes import check_recipe, read_operations, recipe_of
from app.domain.requests.images import limits
from app.extensions import db, stores
from app.imaging.recipe import Eyes, Recipe, recipe_from
from app.imaging.recipe_ops import Derived
from app.imaging.recipe_ops import derive as applied
from app.models import DerivedImage, DetectedFace, FRRequest
from app.policy import policy
from app.policy.facts import Fault
from app.policy.reasons import gives_reason
from app.policy.refused import Refused
from app.storage import BlobRef
from app.workflow import advance
from app.workflow.engine import refuse_if


@dataclass(frozen=True, slots=True)
class Developed:
    """A derived image that is in the store but not yet in a row."""

    face: DetectedFace
    recipe: Recipe
    image: Derived
    stored: BlobRef


def eyes_of(face: DetectedFace) -> Eyes:
    """Return the two eyes of a detected face, in pixels of its original, image-left first."""
    (ax, ay), (bx, by) = face.points[:2]
    return (float(ax), float(ay)), (float(bx), float(by))


@enforces("LL55-1", "SRC-2")
def stated_recipe(face: DetectedFace, operations: object) -> Recipe:
    """Read the recipe given for a face of a submitted image. Raises Refused with every fault, by its rule."""
    recipe, faults = recipe_of(policy(), operations, eyes_of(face), (face.image.width, face.image.height))
    if recipe is None:
        raise Refused(faults[0].rule_id, faults[0].message, faults=faults)
    refuse_if(policy().review.preparation.id, not recipe.operations, "Add at least one step.")
    return recipe


@enforces("LL55-3", "ACC-10")
def develop(face: DetectedFace, recipe: Recipe) -> Developed:
    """Apply a recipe to the original of a face and store the result, encrypted, under a new id.

    Outside a unit of work. Raises UnusableImage, RecipeError, StorageError. If no row follows, destroy the blob.
    """
    image = face.image
    original = stores().blobs.get(image.blob_id, image.key_id, image.sha256)
    made = applied(original, recipe, limits())
    return Developed(face, recipe, made, stores().blobs.put(image.key_id, made.png))


@enforces("LL55-1", "LL55-2", "LL55-3", "REQ-6")
def derive(request: FRRequest, actor: Actor, developed: Developed, reason: str) -> DerivedImage:
    """Record a prepared image: original, recipe, reason, person, time, environment, digests. Raises Refused."""
    face, recipe, general = developed.face, developed.recipe, policy().review.preparation
    image = face.image
    # asked again of the rules themselves, whatever was checked before the slow work
    faults = read_operations(policy(), recipe.plain()["operations"])[1]
    faults = faults or check_recipe(policy(), recipe, (image.width, image.height))
    if faults:
        raise Refused(faults[0].rule_id, faults[0].message, faults=faults)
    usable = image.request_id == request.id and image.removed_at is None and image.state == "ready"
    refuse_if("one_face_selected", not usable, "The image cannot be used, or is not of this request.")
    if not gives_reason(policy(), reason, general.min_reason):
        words = f"Write the reason for preparing this image, at least {general.min_reason} characters, in words."
        raise Refused(general.id, words, faults=[Fault("reason", words, general.id)])
    last = db.session.scalar(select(func.max(DerivedImage.number)).where(DerivedImage.request_id == request.id))
    row = DerivedImage(
        request=request,
        image=image,
        face=face,
        number=(last or 0) + 1,
        made_by_id=actor.id,
        policy_version=policy().version,
        recipe=recipe.plain(),
        recipe_digest=recipe.digest(),
        environment=developed.image.environment,
        original_sha256=image.sha256,
        blob_id=developed.stored.id,
        sha256=developed.stored.sha256,
        width=developed.image.width,
        height=developed.image.height,
    )
    row.seal(reason=reason.strip())
    advance(
        request,
        "prepare_probe",
        actor,
        reason=reason,
        image=image.uid,
        derived=row.uid,
        original=image.sha256,
        recipe=row.recipe_digest,
        sha256=row.sha256,
    )
    db.session.add(row)
    db.session.flush()
    return row


def prepared(request: FRRequest, actor: Actor) -> list[DerivedImage]:
    """Return the prepared images of a request that this person may see, in the order made."""
    rows = visible(DerivedImage, actor).where(DerivedImage.request_id == request.id).order_by(DerivedImage.number)
    return list(db.session.scalars(rows))


def all_prepared(request: FRRequest) -> list[DerivedImage]:
    """Return every prepared image of a request, whoever made it, in the order made."""
    rows = select(DerivedImage).where(DerivedImage.request_id == request.id).order_by(DerivedImage.number)
    return list(db.session.scalars(rows))


def recipe_of_row(row: DerivedImage) -> Recipe:
    """Return the recipe of a prepared image. Raises msgspec.ValidationError when the row holds none."""
    return recipe_from(row.recipe)
