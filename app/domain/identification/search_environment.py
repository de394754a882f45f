"""The environment that a search's scores may depend on besides probe, network and repository; recorded with each."""

from __future__ import annotations

import platform
from importlib.metadata import version

from app.extensions import settings
from app.imaging import recipe_ops
from app.matching.index.choice import PACKAGES


def environment(kind: str) -> dict[str, str]:
    """Return versions and machine, as JSON text values. kind: of the index (app/matching/index/choice.py)."""
    return {
        **recipe_ops.environment(),
        "python": platform.python_version(),
        "index": kind,
        "index package": f"{PACKAGES[kind]} {version(PACKAGES[kind])}",
        "threads": str(settings().network_threads),
    }
