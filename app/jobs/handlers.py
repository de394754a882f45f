"""The register of all handlers, and the loading of what a worker needs."""

from __future__ import annotations

import importlib

from app.extensions import settings
from app.matching.threads import configure_threads

MODULES = (
    "app.jobs.requests.images",
    "app.jobs.matters.proposals",
    "app.jobs.identification.search",
    "app.jobs.peers.line_ups",
    "app.jobs.approval.reports",
    "app.jobs.disclosures.documents",
    "app.jobs.retention.disposals",
    "app.jobs.gallery.intake",
    "app.jobs.sealing.completion",
    "app.jobs.algorithms.embedding",
    "app.jobs.identification.replays",
    "app.jobs.algorithms.watch",
    "app.jobs.notices.mail",
    "app.jobs.nightly",
    "app.jobs.oversight.exports",
)


def load() -> None:
    """Import the handlers, so that their kinds are known."""
    for name in MODULES:
        importlib.import_module(name)


def prepare() -> None:
    """Import the handlers and load networks in the process that runs them (OpenCV's threads do not survive a fork)."""
    from app.domain.algorithms import networks

    configure_threads(settings().network_threads)
    load()
    networks.warm_up()
