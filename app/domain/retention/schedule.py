"""The edition of the State Archives' Schedule that the periods rest on, and its yearly review (RET-12)."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select

from app import audit
from app.access.actor import Actor, system_actor
from app.access.capabilities import check_capability
from app.calendar import day_of, today
from app.clauses import enforces
from app.domain.retention.eligibility_many import standings_of_cases, standings_of_files
from app.extensions import db
from app.models.engine import AuditEvent
from app.models.retention import CaseRecord, PersonFile, ScheduleReview
from app.policy import policy
from app.policy.loader import tried
from app.policy.reasons import gives_reason
from app.policy.types import Policy
from app.policy.words import folded, says_something
from app.workflow.engine import refuse_if

RULE = "schedule-edition"
#: what a review may find, and how a page says it
OUTCOMES = {
    "in_force": "The edition that the rules name is the newest; the periods are its own.",
    "new_edition": "There is a newer edition: the rules are to be changed, after a preview.",
}


@dataclass(frozen=True, slots=True)
class ScheduleStanding:
    """How the review stands: the day by which the next is due, and why it is overdue (empty: it is not).

    Not `stated`: the rules name no edition, which no review can clear.
    """

    last: ScheduleReview | None
    due_on: date | None
    overdue: str
    stated: bool = True


def reviews() -> list[ScheduleReview]:
    """Return every review, newest first."""
    return list(db.session.scalars(select(ScheduleReview).order_by(ScheduleReview.id.desc())))


@enforces("RET-12")
def schedule_standing() -> ScheduleStanding:
    """Tell whether the edition is stated and was found in force within the time that the rule gives.

    Only a review of the very edition that the rules name now counts; one of another edition says what is to be done.
    """
    rule, found = policy().retention.schedule, reviews()
    last = found[0] if found else None
    if not rule.edition:
        words = "The rules do not state the edition that their periods rest on. No review clears this: the "
        words += "administrator states the edition first."
        return ScheduleStanding(last, None, words, stated=False)
    if last is None:
        return ScheduleStanding(None, None, "The edition was never reviewed.")
    if last.outcome != "in_force" or not _same(last.edition, rule.edition):
        said = f"The last review found edition {last.edition}; the rules name {rule.edition}."
        return ScheduleStanding(last, None, said)
    due = day_of(last.created_at) + timedelta(days=rule.review_days)
    late = "The yearly review of the edition is overdue." if today() > due else ""
    return ScheduleStanding(last, due, late)


@enforces("RET-12")
def record_review(actor: Actor, edition: str, outcome: str, note: str) -> ScheduleReview:
    """Record which edition a records officer looked at, and what they found. Raises Refused.

    "In force" is said of the edition that the rules name and of no other; where an earlier review was of another one,
    only after a preview of it.
    """
    check_capability(actor, "retention.keep")
    rule, edition = policy().retention.schedule, edition.strip()
    refuse_if(RULE, not says_something(edition), "Write which edition you looked at, as its title page names it.")
    refuse_if(RULE, outcome not in OUTCOMES, "Choose what the review found.")
    least = rule.min_note
    refuse_if(
        RULE,
        not gives_reason(policy(), note, least),
        f"Say in at least {least} characters what you compared and found.",
    )
    same = bool(rule.edition) and _same(edition, rule.edition)
    named = f"The rules name edition {rule.edition}. Another is a new edition to them."
    if not rule.edition:
        named = "The rules name no edition yet: the administrator states the one that the periods rest on first."
    refuse_if(RULE, outcome == "in_force" and not same, named)
    refuse_if(RULE, outcome == "new_edition" and same, "The rules name this edition: it is not a new one to them.")
    changed = any(not _same(one.edition, edition) for one in reviews() if one.outcome == "in_force")
    unseen = outcome == "in_force" and changed and not was_previewed(edition)
    refuse_if(RULE, unseen, "Nobody previewed this edition: run “flask retention preview” with its rule files first.")
    review = ScheduleReview(edition=edition, outcome=outcome, note=note.strip(), reviewed_by_id=actor.id)
    db.session.add(review)
    db.session.flush()
    audit.record("retention.schedule_reviewed", review, actor=actor, edition=edition, outcome=outcome)
    return review


@dataclass(frozen=True, slots=True)
class RecordedPreview:
    """A preview that somebody ran: of which edition, over how many records, and how many would stand otherwise."""

    at: datetime
    edition: str
    compared: int
    different: int


def previews() -> list[RecordedPreview]:
    """Return the previews that were run, newest first."""
    rows = select(AuditEvent).where(AuditEvent.event == "retention.edition_previewed")
    events = db.session.scalars(rows.order_by(AuditEvent.sequence.desc()))
    return [RecordedPreview(datetime.fromisoformat(event.at), **json.loads(event.keys)) for event in events]


def was_previewed(edition: str) -> bool:
    """Tell whether somebody previewed rules of this edition."""
    return any(_same(one.edition, edition) for one in previews())


@dataclass(frozen=True, slots=True)
class Preview:
    """What other rules would change: of so many records so many; (kind, before, after) -> how many."""

    edition: str
    compared: int
    different: int
    changes: dict[tuple[str, str, str], int]


@enforces("RET-12")
def preview(rules: Policy) -> Preview:
    """Compare where every record stands today with where it would stand under other rules. Changes no record.

    For a process of its own: while it calculates, the whole process goes by the other rules.
    """
    day, compared, changes = today(), 0, Counter[tuple[str, str, str]]()
    for model, standings_of, kind in (
        (CaseRecord, standings_of_cases, "case record"),
        (PersonFile, standings_of_files, "person file"),
    ):
        ids = list(db.session.scalars(select(model.id).where(model.disposed_at.is_(None))))
        before = {key: (one.status, one.earliest) for key, one in standings_of(ids, day).items()}
        db.session.rollback()
        with tried(rules):
            after = {key: (one.status, one.earliest) for key, one in standings_of(ids, day).items()}
        db.session.rollback()
        compared += len(ids)
        changes.update((kind, _said(*before[key]), _said(*after[key])) for key in before if before[key] != after[key])
    return Preview(rules.retention.schedule.edition, compared, changes.total(), dict(changes))


def record_preview(found: Preview) -> None:
    """Record that an edition was previewed, and on how many records it would change something."""
    audit.record(
        "retention.edition_previewed",
        actor=system_actor(),
        edition=found.edition,
        compared=found.compared,
        different=found.different,
    )


def _said(status: str, earliest: date | None) -> str:
    return f"{status} from {earliest}" if earliest else status


def _same(one: str, other: str) -> bool:
    return folded(one).casefold().split() == folded(other).casefold().split()
