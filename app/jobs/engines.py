"""The networks of this process: loaded once, by the process that runs them, and shared by every job."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import structlog
from flask import current_app

from app.domain import index_snapshot
from app.domain.repository import RepositoryIndex
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


def extractor() -> TemplateExtractor:
    """The template extractor the settings name. Raises MatchingError when its file is missing or altered."""
    return _extractor(settings().models_dir, settings().extractor)


def repository() -> RepositoryIndex:
    """The index of the active algorithm in this process; each search brings it up to date first.

    Raises MatchingError when the index that the settings name cannot be had.
    """
    network = extractor()
    held = current_app.extensions.setdefault("repository", {})
    if network.digest not in held:
        chosen = settings()
        held[network.digest] = RepositoryIndex.empty(
            network.digest, network.entry.dims, kind=chosen.matching_index, threads=chosen.network_threads,
            milvus_uri=chosen.milvus_uri,
        )  # fmt: skip
        if chosen.matching_index == "faiss":
            held[network.digest].on_removal = index_snapshot.forget
            index_snapshot.restore(held[network.digest])
    return held[network.digest]


@cache
def _detector(models_dir: Path) -> FaceDetector:
    return FaceDetector(models_dir)


@cache
def _extractor(models_dir: Path, model_id: str) -> TemplateExtractor:
    return TemplateExtractor(models_dir, model_id)
