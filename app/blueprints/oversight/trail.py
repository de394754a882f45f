"""The audit trail as people read it: filtered, each event a sentence, exportable."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Select, false, select

from app.csv_lines import csv_line
from app.extensions import db
from app.models.account import Account
from app.models.engine import AuditEvent
from app.policy import policy
from app.web import time_zone

REFUSALS = ("access.refused", "workflow.refused", "session.refused", "session.locked", "training.absent")
SUBJECT = re.compile(r"[A-Za-z0-9-]{1,40}")
COLUMNS = (
    "sequence", "at", "event", "text", "actor", "session", "subject_type", "subject", "keys",
    "policy_version", "digest",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filter:
    """What a person looks for; empty fields do not limit. Days are the department's."""

    event: str = ""
    actor: str = ""
    subject: str = ""
    since: date | None = None
    until: date | None = None

    def keys(self) -> dict[str, object]:
        """What the audit trail keeps of the question: ids only, never what somebody typed instead of one."""
        known = _account_id(self.actor) if self.actor else None
        given = {
            "event": self.event,
            "actor": (known or "unknown") if self.actor else "",
            "subject": self.subject if SUBJECT.fullmatch(self.subject) else "other" if self.subject else "",
            "since": self.since.isoformat() if self.since else "",
            "until": self.until.isoformat() if self.until else "",
        }
        return {name: value for name, value in given.items() if value}


def _account_id(name: str) -> int | None:
    return db.session.scalars(select(Account.id).where(Account.name == name.strip().lower())).one_or_none()


def rows(wanted: Filter) -> Select[Any]:
    """The events that fit, newest first."""
    found = select(AuditEvent).order_by(AuditEvent.sequence.desc())
    if wanted.event == "refusals":
        found = found.where(AuditEvent.event.in_(REFUSALS))
    elif wanted.event.endswith(".*"):
        found = found.where(AuditEvent.event.startswith(wanted.event[:-1], autoescape=True))
    elif wanted.event:
        found = found.where(AuditEvent.event == wanted.event)
    if wanted.actor:
        account_id = _account_id(wanted.actor)
        found = found.where(AuditEvent.actor_id == account_id if account_id is not None else false())
    if wanted.subject:
        found = found.where(AuditEvent.subject_id == wanted.subject.strip())
    # stored as ISO 8601 text in UTC with microseconds, which sorts as time does
    if wanted.since:
        found = found.where(AuditEvent.at >= _midnight(wanted.since))
    if wanted.until:
        found = found.where(AuditEvent.at < _midnight(wanted.until + timedelta(days=1)))
    return found


def _midnight(day: date) -> str:
    return datetime.combine(day, time(), time_zone()).astimezone(UTC).isoformat(timespec="microseconds")


@dataclass(frozen=True, slots=True)
class Entry:
    """One event for a page."""

    link: AuditEvent
    at: datetime
    text: str
    authority: tuple[str, ...]
    details: tuple[tuple[str, str], ...]
    actor: str


def entries(links: Iterable[AuditEvent]) -> list[Entry]:
    """Events with their sentences from the catalogue and the user names of who acted."""
    found = list(links)
    names = _names({link.actor_id for link in found if link.actor_id is not None})
    return [entry(link, names) for link in found]


def _names(ids: set[int]) -> dict[int, str]:
    if not ids:
        return {}
    return dict(db.session.execute(select(Account.id, Account.name).where(Account.id.in_(ids))).all())


def entry(link: AuditEvent, names: dict[int, str]) -> Entry:
    """One event; one that the present catalogue does not have keeps its id as its sentence."""
    known = policy().events.get(link.event)
    details = tuple((key.replace("_", " "), _plain(value)) for key, value in json.loads(link.keys).items())
    return Entry(
        link, datetime.fromisoformat(link.at), known.text if known else link.event, known.authority if known else (),
        details, names.get(link.actor_id, "") if link.actor_id is not None else "",
    )  # fmt: skip


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(item)}" for key, item in value.items()) or "everything"
    if isinstance(value, list):
        return ", ".join(_plain(item) for item in value) or "none"
    if value is None or isinstance(value, bool):
        return {None: "none", True: "yes", False: "no"}[value]
    return str(value)


def csv_lines(wanted: Filter) -> Iterator[str]:
    """The events as CSV (RFC 4180), a few hundred at a time; no cell can be read as a formula."""
    yield csv_line(COLUMNS)
    names = dict(db.session.execute(select(Account.id, Account.name)).all())
    for link in db.session.scalars(rows(wanted).execution_options(yield_per=500)):
        told = entry(link, names)
        yield csv_line(
            (
                link.sequence, link.at, link.event, told.text, told.actor, link.session_id, link.subject_type,
                link.subject_id, link.keys, link.policy_version, link.digest,
            )
        )  # fmt: skip


def event_choices() -> list[tuple[str, str]]:
    """The choices of the event filter: everything, refusals, areas, then each event of the catalogue."""
    ids = list(policy().events)
    areas = dict.fromkeys(event.split(".")[0] for event in ids)
    return [
        ("", "All events"), ("refusals", "All refusals"), *((f"{area}.*", f"All of {area}") for area in areas),
        *((event, event) for event in ids),
    ]  # fmt: skip
