"""Reminders of samples that wait for a second person: to those who may sign, later to others, each once (CAP-3)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import select

from app import audit
from app.access.actor import system_actor
from app.clauses import enforces
from app.domain.accounts.people import holders_of
from app.domain.gallery import samples
from app.domain.notices.notifications import tell
from app.extensions import db
from app.models import GalleryImport, Notification
from app.models.base import now
from app.policy import policy
from app.policy.names import CapabilityId
from app.unit_of_work import unit_of_work


@enforces("CAP-3")
def remind_of_samples() -> int:
    """Give every reminder that is due and was not given yet; answers how many people were reminded."""
    given = 0
    for uid in [of.uid for of in samples.waiting() if any(_due(of, now()))]:
        with unit_of_work():
            # looked at again under its lock: of two that run at once, one reminds
            of = db.session.scalars(select(GalleryImport).where(GalleryImport.uid == uid).with_for_update()).one()
            for kind, people in _due(of, now()):
                tell(kind, people, of)
                number = of.samples[-1].number
                audit.record(
                    "gallery.sample_reminded",
                    of,
                    actor=system_actor(),
                    batch=of.uid,
                    sample=number,
                    reminder=kind,
                    people=sorted(people),
                )
                given += len(people)
    return given


def _due(of: GalleryImport, moment: datetime) -> Iterator[tuple[str, set[int]]]:
    """Yield (kind, people) of what is to be said of the sample that waits, without whom it was said to."""
    rule, last = policy().gallery.sample, of.samples[-1]
    if last.verdict is not None or last.drawn_at is None:
        return
    others = {one for name in rule.escalated_to for one in holders_of(cast("CapabilityId", name))}
    told = (
        ("sample_due", rule.remind_days, set(holders_of(samples.signer()))),
        ("sample_overdue", rule.escalate_days, others),
    )
    for kind, days, people in told:
        if moment > last.drawn_at + timedelta(days=days):
            left = people - _reminded(of, kind, last.drawn_at)
            if left:
                yield kind, left


def _reminded(of: GalleryImport, kind: str, since: datetime) -> set[int]:
    """Return whom it was said to since the sample was drawn: another sample is another reminder."""
    rows = select(Notification.account_id).where(
        Notification.kind == kind,
        Notification.subject_type == of.subject_type,
        Notification.subject_key == of.uid,
        Notification.created_at >= since,
    )
    return set(db.session.scalars(rows))
