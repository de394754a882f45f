"""Pictures of a recipe in progress: drawn when they are asked for, at a reduced size, kept nowhere (LL55-1).

An address carries the face and the steps, signed, bound to the session, alive for minutes, as addresses of faces are.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from flask import g, url_for
from itsdangerous import BadData, SignatureExpired, URLSafeTimedSerializer

from app.blueprints.images.links import LIFE_SECONDS, LinkExpired, LinkInvalid
from app.clauses import enforces
from app.domain.identification.preparation import eyes_of
from app.domain.identification.recipes import recipe_of
from app.extensions import settings, stores
from app.imaging.recipe import Recipe, RecipeError
from app.imaging.recipe_ops import apply, encode, working_copy
from app.models import DetectedFace, FRRequest
from app.policy import policy

#: no step of a preview holds more pixels: about a quarter of a second for the slowest of them
BUDGET = 1_000_000


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings().secret_key, salt="preview-address")


@enforces("ACC-11")
def preview_url(subject: FRRequest, face: DetectedFace, operations: list[dict[str, Any]]) -> str:
    """The address of the picture that these steps give. The page that uses it records `faces.viewed`."""
    token = _signer().dumps([g.session_uid, face.uid, operations])
    return url_for("review.preview", number=subject.number, token=token)


def read_preview(subject: FRRequest, token: str) -> tuple[DetectedFace, Recipe]:
    """Read the address of a preview. Raises LinkExpired; LinkInvalid for another session, request, or a broken rule."""
    try:
        session_uid, face_uid, operations = _signer().loads(token, max_age=LIFE_SECONDS)
    except SignatureExpired as error:
        raise LinkExpired from error
    except (BadData, TypeError, ValueError) as error:
        raise LinkInvalid from error
    faces = (face for image in subject.current_images if image.state == "ready" for face in image.faces)
    face = next((face for face in faces if face.uid == face_uid), None)
    if session_uid != g.session_uid or face is None:
        raise LinkInvalid
    recipe, _ = recipe_of(policy(), operations, eyes_of(face), (face.image.width, face.image.height))
    if recipe is None:
        raise LinkInvalid
    return face, recipe


def draw_preview(face: DetectedFace, recipe: Recipe) -> bytes:
    """The prepared picture as PNG, from the copy that is shown, reduced so that nothing takes long.

    Raises StorageError, and LinkInvalid when the copy cannot be drawn.
    """
    image = face.image
    shown = stores().blobs.get(image.shown_blob_id or "", image.key_id, image.shown_sha256 or "")
    bgr = cv2.imdecode(np.frombuffer(shown, np.uint8), cv2.IMREAD_COLOR)
    if bgr is None:
        raise LinkInvalid
    part, near, _ = working_copy(np.asarray(bgr, np.uint8), image.width, recipe, BUDGET)
    try:
        return encode(apply(part, near))
    except RecipeError as error:  # a frame of a pixel or two, after rounding
        raise LinkInvalid from error
