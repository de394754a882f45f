"""The hash chain of events: each carries an explicit sequence and the digest of its predecessor.

The digest is SHA-256 over the canonical JSON of every other column. An edited, removed, reordered or inserted event
breaks it; a cut tail shows against an anchor (`flask audit anchor`), or against transitions that came later.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from app.audit.policy_texts import keep_present
from app.models.engine import AuditEvent

EVENT_TABLE = "audit_event"
GENESIS = "0" * 64
# an arbitrary constant: all writers of the chain on PostgreSQL take this one lock
CHAIN_LOCK = 0x636F72726F62
COLUMNS = (
    "sequence",
    "at",
    "event",
    "actor_id",
    "session_id",
    "subject_type",
    "subject_id",
    "keys",
    "policy_version",
    "previous",
)


# made once: a check of the chain spells every event
_PLAIN = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def canonical(value: Any) -> str:
    """Return canonical JSON: sorted keys, no spaces, plain ASCII."""
    return _PLAIN.encode(value)


def digest(row: Mapping[str, Any]) -> str:
    """Return the SHA-256 (hex) of an event's columns as canonical JSON."""
    return hashlib.sha256(canonical({name: row[name] for name in COLUMNS}).encode()).hexdigest()


def write_pending(session: Session) -> None:
    """Append the events of this unit of work under the chain lock, and keep the texts of the policy that they name."""
    pending = session.info.get("events") or []
    if not pending:
        return
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": CHAIN_LOCK})
    last = session.execute(
        select(AuditEvent.sequence, AuditEvent.digest).order_by(AuditEvent.sequence.desc()).limit(1)
    ).one_or_none()
    sequence, previous = (last.sequence, last.digest) if last else (0, GENESIS)
    for draft in pending:
        sequence += 1
        row = {**draft, "sequence": sequence, "previous": previous}
        previous = digest(row)
        session.add(AuditEvent(**row, digest=previous))
    keep_present(session)
    session.flush()


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of the trail: `where` names the place, `what` completes the sentence."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where[:1].upper()}{self.where[1:]} {self.what}."


@dataclass(frozen=True, slots=True)
class Anchor:
    """A head of the chain that was kept elsewhere."""

    sequence: int
    digest: str


def _at(sequence: int, what: str) -> Fault:
    return Fault(f"event {sequence}", what)


def _digest_now(link: AuditEvent | Row[Any]) -> str | None:
    """Return the digest of an event as it stands; None where a column holds what no event was recorded with."""
    try:
        return digest({name: getattr(link, name) for name in COLUMNS})
    except TypeError:  # a blob where SQLite keeps text
        return None


def verify(events: Iterable[AuditEvent | Row[Any]], anchors: Iterable[Anchor] = ()) -> Iterator[Fault]:
    """Walk the chain in order of its sequence; yield each fault. Anchors show a tail that was cut or rewritten."""
    expected, previous = 1, GENESIS
    at: dict[int, str] = {}
    wanted = {anchor.sequence: anchor.digest for anchor in anchors}
    for link in events:
        if link.sequence != expected:
            yield _at(link.sequence, f"expected event {expected}: an event was removed, or one was inserted")
        if link.previous != previous:
            yield _at(link.sequence, "does not follow the event before it: removed, reordered or inserted")
        if _digest_now(link) != link.digest:
            yield _at(link.sequence, "was changed after it was recorded")
        if link.sequence in wanted:
            at[link.sequence] = link.digest
        expected, previous = link.sequence + 1, link.digest
    for sequence, anchored in sorted(wanted.items()):
        if sequence not in at:
            yield _at(sequence, "is anchored but no longer in the chain: the tail was removed")
        elif at[sequence] != anchored:
            yield _at(sequence, "differs from its anchor: the chain was rewritten")
