"""The networks of this process: loaded once, by the process that runs them, and shared by every job."""

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
    """Load what this process will need. A missing file is logged: each job that needs it names it as cause."""
    try:
        detector()
        extractor()
    except MatchingError as error:
        log.error("networks_not_loaded", cause=str(error))


def detector() -> FaceDetector:
    """The face detector of the settings' folder. Raises MatchingError when its file is missing or altered."""
    return _detector(settings().models_dir)


def follow() -> None:
    """Work from here on with the algorithm that is in use now: at the beginning of each job and of each import.

    In between it stays the same one, so that no piece of work mixes two.
    """
    current_app.extensions.pop("algorithm", None)


def extractor() -> TemplateExtractor:
    """The template extractor in use when this piece of work began. Raises MatchingError when its file is missing."""
    held = current_app.extensions
    if "algorithm" not in held:
        held["algorithm"] = algorithms.active_id()
    return _extractor(settings().models_dir, held["algorithm"])


def extractor_of(digest: str) -> TemplateExtractor:
    """The template extractor with this digest, in use or not. Raises MatchingError when it cannot be had."""
    return _extractor(settings().models_dir, algorithms.id_of(digest))


@cache
def _detector(models_dir: Path) -> FaceDetector:
    return FaceDetector(models_dir)


@cache
def _extractor(models_dir: Path, model_id: str) -> TemplateExtractor:
    return TemplateExtractor(models_dir, model_id)
