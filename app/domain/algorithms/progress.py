"""The progress of a change of algorithm: templates of each, rate, time left and listed photographs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from app.domain.gallery import embedding
from app.extensions import db
from app.models import AlgorithmChange, Unembedded
from app.models.engine import Job

#: slices from which the rate is taken
RECENT = 5


@dataclass(frozen=True, slots=True)
class Progress:
    """source, target: photographs with a template. pace: the rate and the time left in words. stopped: why, or empty.

    rate: photographs a second, None before anything was measured. job: the slice asked for last.
    """

    state: str
    photographs: int
    source: int
    target: int
    missing: int
    rate: float | None
    listed: Sequence[Unembedded]
    stopped: str
    job: Job | None

    @property
    def pace(self) -> str:
        """The rate and the time left, in words."""
        if not self.missing:
            return "Nothing is left to embed."
        if self.rate is None:
            return f"{self.missing:,} to do; the rate is not known yet."
        return f"{self.missing:,} to do at {self.rate:.1f}/s: about {_duration_words(self.missing / self.rate)}."


def _duration_words(seconds: float) -> str:
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}s"
    return "a minute or two" if seconds >= 60 else "a minute at most"


def progress_of(change: AlgorithmChange) -> Progress:
    """Read the progress of a change from the database."""
    jobs = list(
        db.session.scalars(
            select(Job).where(Job.kind == "embed", Job.subject_id == change.uid).order_by(Job.id.desc()).limit(RECENT)
        )
    )
    measured = [job.progress for job in jobs if job.progress]
    seconds = sum(float(one["seconds"]) for one in measured)
    done = sum(int(one["photographs"]) for one in measured)
    photographs = embedding.photographs()
    source, target = (embedding.with_template(digest) for digest in (change.source_digest, change.target_digest))
    listed = [row for row in change.unembedded if row.photo.removed_at is None]
    return Progress(
        state=change.stands.title,
        photographs=photographs,
        source=source,
        target=target,
        missing=2 * photographs - source - target - len(listed),
        rate=done / seconds if done and seconds else None,
        listed=listed,
        stopped=(jobs[0].error or "a fault") if jobs and jobs[0].state == "failed" else "",
        job=jobs[0] if jobs else None,
    )
