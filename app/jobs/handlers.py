"""Knows every handler; loads what a worker needs once."""

from __future__ import annotations

import importlib

from app.extensions import settings
from app.matching.threads import configure_threads

MODULES = (
    "app.jobs.images",
    "app.jobs.search",
    "app.jobs.line_ups",
    "app.jobs.reports",
    "app.jobs.disclosures",
    "app.jobs.disposals",
    "app.jobs.intake",
    "app.jobs.sealings",
    "app.jobs.embedding",
    "app.jobs.replays",
    "app.jobs.watch",
    "app.jobs.mail",
    "app.jobs.nightly",
    "app.jobs.exports",
)


def load() -> None:
    """Import the handlers, so that their kinds are known."""
    for name in MODULES:
        importlib.import_module(name)


def prepare() -> None:
    """Import the handlers and load networks in the process that runs them (OpenCV's threads do not survive a fork)."""
    from app.jobs import engines

    configure_threads(settings().network_threads)
    load()
    engines.warm_up()
