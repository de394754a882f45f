"""A disclosure that broke the identifying information law, and what was done about it (EXT-10)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.clauses import enforces
from app.models.account import Account
from app.models.base import Model, Sealed, Stateful, UTCDateTime, one_of
from app.models.disclosure import Disclosure

INCIDENT_STATES = ("open", "reported", "assessed", "closed")
HARMS = ("none", "potential")
NOTICES = ("give", "not_give")


@enforces("EXT-10")
class Incident(Stateful, Sealed, Model):
    """One incident. The table itself refuses to decline notice where there is potential harm or the law requires it.

    Sealed: what, report_reference, harm_reason, notice_reason, notice_text, efforts.
    """

    __tablename__ = "incident"
    subject_type = "incident"
    lookup = "number"
    number: Mapped[str] = mapped_column(String(20), unique=True)
    key_id: Mapped[str] = mapped_column(String(32))
    policy_version: Mapped[str] = mapped_column(String(64))
    # empty when what left the department left it outside any disclosure of the portal
    disclosure_id: Mapped[int | None] = mapped_column(ForeignKey("disclosure.id"), index=True)
    # the moment of awareness, from which "as soon as practicable" runs
    aware_at: Mapped[datetime] = mapped_column(UTCDateTime)
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    reported_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    harm: Mapped[str | None] = mapped_column(String(20))
    notice: Mapped[str | None] = mapped_column(String(20))
    required_by_law: Mapped[bool | None]
    consulted: Mapped[bool | None]
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    disclosure: Mapped[Disclosure | None] = relationship()
    recorded_by: Mapped[Account] = relationship()
    __table_args__ = (
        CheckConstraint(one_of("state", INCIDENT_STATES), name="known_state"),
        CheckConstraint(f"harm IS NULL OR {one_of('harm', HARMS)}", name="known_harm"),
        CheckConstraint(f"notice IS NULL OR {one_of('notice', NOTICES)}", name="known_notice"),
        CheckConstraint("reported_at IS NULL OR reported_at >= aware_at", name="reported_after_awareness"),
        CheckConstraint("state = 'open' OR reported_at IS NOT NULL", name="reported_first"),
        CheckConstraint("state NOT IN ('assessed', 'closed') OR harm IS NOT NULL", name="assessed_has_harm"),
        CheckConstraint(
            "state <> 'closed' OR (notice IS NOT NULL AND closed_at IS NOT NULL)", name="closed_has_decision"
        ),
        CheckConstraint(
            "notice IS NULL OR notice <> 'not_give' OR "
            "(harm = 'none' AND required_by_law IS FALSE AND consulted IS TRUE)",
            name="notice_not_declined_against_law",
        ),
    )
