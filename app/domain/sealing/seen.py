"""The events by which a photograph was seen or left: which there are, in what words, found in the audit trail (CAP-3).

Every route that serves a picture or file records one of `SEEN`, or one of `NO_FACE`, which holds words and numbers
alone; a test compares both with the routes.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import or_, select

from app.extensions import db
from app.models.engine import AuditEvent
from app.policy.names import EventName

#: event -> what the person did
SEEN: dict[EventName, str] = {
    "faces.viewed": "looked at it",
    "comparison.printed": "printed the comparison",
    "probe.register_printed": "printed the register of modifications",
    "report.downloaded": "downloaded the report",
    "disclosure.item_viewed": "opened the item of the disclosure",
    "disclosure.document_viewed": "read the document of the disclosure",
    "disclosure.package_sent": "downloaded the package",
}
#: events of files that show no photograph
NO_FACE: frozenset[EventName] = frozenset(
    {"disposal.certificate_downloaded", "sealing.certificate_downloaded", "export.taken"}
)
#: page that `faces.viewed` names -> in words
PAGES = {
    "approval.file": "the file for the final review",
    "gallery.index": "the page of the repository",
    "requests.discussion": "the discussion of the request",
    "requests.image": "an image of the request",
    "requests.image_state": "the check of an image",
    "requests.show": "the page of the request",
    "review.background": "the background check",
    "review.candidates": "the list of candidates",
    "review.compare": "the comparison",
    "review.line_place": "one place of a line shown to a peer",
    "review.line_up": "a line shown to a peer",
    "review.prepare": "the preparation of the probe",
    "review.probe": "the choice of the probe",
    "review.work": "the work on the request",
}
#: names asked about in one statement
AT_ONCE = 100


def viewing(event: EventName, names: Sequence[str]) -> list[AuditEvent]:
    """Return the events of this kind that name one of these ids or numbers, each once, in order."""
    found: dict[int, AuditEvent] = {}
    for start in range(0, len(names), AT_ONCE):
        like = or_(*(AuditEvent.keys.contains(f'"{name}"') for name in names[start : start + AT_ONCE]))
        rows = select(AuditEvent).where(AuditEvent.event == event, like)
        found |= {row.sequence: row for row in db.session.scalars(rows)}
    return [found[sequence] for sequence in sorted(found)]


def in_words(event: AuditEvent, page: str) -> str:
    """Return what the person of an event did; `page`: the one that showed faces."""
    if event.event == "faces.viewed":
        return f"looked at {PAGES.get(page, page)}"
    return next(did for name, did in SEEN.items() if name == event.event)
