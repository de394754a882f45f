"""The kinds of slow work: which queue each waits in and how often it is tried. Who does it, `app.jobs` says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

#: in the order a worker looks: a search waits for nothing but other searches
QUEUES = ("search", "images", "documents", "mail", "gallery")
#: no queue: rows that processes of a command take up by themselves (app.jobs.gallery.import_workers), and no sweep
#: sends
LOCAL = "local"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of job: the queue it waits in, and how often it is tried."""

    name: str
    queue: str
    tries: int = 5


_ALL = (
    Kind("search", "search", tries=4),
    Kind("check_image", "images"),
    Kind("line_up", "images", tries=4),
    Kind("proficiency", "images", tries=4),
    Kind("replay", "images", tries=3),
    Kind("match_report", "documents", tries=12),
    Kind("negative_report", "documents", tries=12),
    Kind("disclosure_decision", "documents", tries=8),
    Kind("disclosure_package", "documents", tries=8),
    Kind("disposal", "documents", tries=12),
    Kind("sealing", "documents", tries=12),
    Kind("compare_matters", "documents"),
    Kind("warn_of_lapse", "documents"),
    Kind("recalculate_standings", "documents"),
    Kind("prune_jobs", "documents"),
    Kind("export", "documents"),
    Kind("mail", "mail", tries=25),
    Kind("import_chunk", "gallery", tries=4),
    Kind("embed", "gallery"),
)

KINDS = {kind.name: kind for kind in _ALL}


def delay(attempts: int) -> timedelta:
    """Return how long to wait before the next try: 2, 4, 8 … seconds, at most five minutes."""
    return timedelta(seconds=min(2**attempts, 300))
