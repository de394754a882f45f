"""The face networks of this process: loaded once and shared by every job it runs."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import structlog
from flask import current_app

from app.domain.algorithms import registry as algorithms
from app.extensions import settings
from app.matching.detector import FaceDetector
from app.matching.errors import MatchingError
from app.matching.extractor import TemplateExtractor

log = structlog.get_logger()


def warm_up() -> None:
    """Load the networks ahead of use. A missing file is only logged: each job that needs it reports it."""
    try:
        detector()
        extractor()
    except MatchingError as error:
        log.error("networks_not_loaded", cause=str(error))


def detector() -> FaceDetector:
    """Return the face detector from the settings' folder. Raises MatchingError when its file is missing or altered."""
    return _detector(settings().models_dir)


def follow() -> None:
    """Switch to the algorithm in use now; called at the start of each job and each import.

    In between it stays the same one, so that no piece of work mixes two.
    """
    current_app.extensions.pop("algorithm", None)


def extractor() -> TemplateExtractor:
    """Return the template extractor in use when this work began. Raises MatchingError when its file is missing."""
    held = current_app.extensions
    if "algorithm" not in held:
        held["algorithm"] = algorithms.active_id()
    return _extractor(settings().models_dir, held["algorithm"])


def extractor_of(digest: str) -> TemplateExtractor:
    """Return the template extractor with this digest, in use or not. Raises MatchingError when it cannot be loaded."""
    return _extractor(settings().models_dir, algorithms.id_of(digest))


@cache
def _detector(models_dir: Path) -> FaceDetector:
    return FaceDetector(models_dir)


@cache
def _extractor(models_dir: Path, model_id: str) -> TemplateExtractor:
    return TemplateExtractor(models_dir, model_id)
