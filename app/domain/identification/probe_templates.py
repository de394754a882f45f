"""The template of the face that is searched, computed the same way for a search and for its replay."""

from __future__ import annotations

import math

from app.clauses import enforces
from app.domain.algorithms import networks
from app.domain.identification.preparation import recipe_of_row
from app.domain.requests.images import limits
from app.extensions import stores
from app.imaging import decode
from app.imaging.recipe import midpoint, trace
from app.imaging.recipe_ops import pixels_of
from app.matching.errors import MatchingError
from app.matching.extractor import TemplateExtractor
from app.matching.types import Face, Template
from app.models import DerivedImage, Search


class FaceNotFound(MatchingError):
    """Raised when the selected face is not where the recipe of a prepared image puts it."""


@enforces("CAP-5")
def embed(search: Search, extractor: TemplateExtractor) -> Template:
    """Compute the template of the selected face, from the original image or the prepared one that the search names.

    Raises MatchingError, StorageError or UnusableImage.
    """
    if search.derived is not None:
        return _embed_prepared(search, search.derived, extractor)
    image = search.image
    original = stores().blobs.get(image.blob_id, search.request.key_id, image.sha256)
    found = search.face.found()
    return extractor.templates(decode(original, limits()).bgr, [found])[0]


@enforces("CAP-5")
def _embed_prepared(search: Search, derived: DerivedImage, extractor: TemplateExtractor) -> Template:
    """Compute the template of the same face, found in the prepared image where its recipe puts it."""
    bgr = pixels_of(stores().blobs.get(derived.blob_id, search.request.key_id, derived.sha256))
    recipe = recipe_of_row(derived)
    eyes = trace(recipe, (search.image.width, search.image.height))[-1].points(recipe.eyes)
    (x, y), apart = midpoint(eyes), math.dist(*eyes)

    def away(face: Face) -> float:
        return math.dist(midpoint([tuple(point) for point in face.points[:2].tolist()]), (x, y))

    nearest = min(networks.detector().detect(bgr), key=away, default=None)
    if nearest is None or away(nearest) > apart:
        raise FaceNotFound(
            f"The selected face is not found in prepared image {derived.number}. Prepare it otherwise, or search with "
            "the original."
        )
    return extractor.templates(bgr, [nearest])[0]
