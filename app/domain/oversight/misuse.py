"""Reports of misuse (LIM-9, AUD-4): written by anybody, read by integrity officers only."""

from __future__ import annotations

from app import audit
from app.access.actor import Actor
from app.access.capabilities import check_capability
from app.clauses import enforces
from app.domain.accounts.people import holders_of
from app.domain.notices.notifications import tell
from app.extensions import db, stores
from app.models.base import now
from app.models.oversight import MisuseReport
from app.workflow.engine import refuse_if

SHORTEST, LONGEST = 20, 5000
RULE = "report-misuse"


@enforces("LIM-9", "AUD-4")
def report_misuse(actor: Actor, what: str, page: str, *, named: bool) -> MisuseReport:
    """Store a report under its own key and tell the integrity officers. Needs an open unit of work.

    Without `named`, neither the report, nor its event, nor a notification says who wrote it.
    Raises Refused when the text is too short or too long.
    """
    check_capability(actor, "portal.use")
    text = what.strip()
    refuse_if(RULE, not SHORTEST <= len(text) <= LONGEST, f"Write between {SHORTEST} and {LONGEST:,} characters.")
    report = MisuseReport(key_id=stores().keys.create(), reporter_id=actor.id if named else None)
    report.seal(what=text, page=page.strip())
    db.session.add(report)
    db.session.flush()
    audit.record("misuse.reported", report, actor=actor if named else audit.NOBODY, report=report.uid)
    tell("misuse_reported", holders_of("misuse.read"))
    return report


@enforces("LIM-9", "AUD-4")
def read_report(report: MisuseReport, actor: Actor) -> None:
    """Record that an integrity officer opened a report; the first reading is kept. Needs an open unit of work."""
    check_capability(actor, "misuse.read", reads=True)
    if report.read_at is None:
        report.read_at, report.read_by_id = now(), actor.id
    audit.record("misuse.read", report, actor=actor, report=report.uid)
