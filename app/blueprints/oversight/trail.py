"""The audit trail as people read it: each event a sentence, and what it can be filtered by."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.domain.oversight.audit_trail import names_of
from app.models.engine import AuditEvent
from app.policy import policy

#: an id or a digest, which tells nobody more by its other characters
HEX = re.compile(r"[0-9a-f]{24,}")


@dataclass(frozen=True, slots=True)
class TrailEntry:
    """One event for a page."""

    link: AuditEvent
    at: datetime
    text: str
    authority: tuple[str, ...]
    details: tuple[tuple[str, str], ...]
    actor: str


def entries(links: Iterable[AuditEvent]) -> list[TrailEntry]:
    """Events with their sentences from the catalogue and the user names of who acted."""
    found = list(links)
    names = names_of({link.actor_id for link in found if link.actor_id is not None})
    return [entry(link, names) for link in found]


def entry(link: AuditEvent, names: dict[int, str]) -> TrailEntry:
    """One event; one that the present catalogue does not have keeps its id as its sentence."""
    keys = json.loads(link.keys)
    if link.event == "audit.read" and isinstance(keys.get("filter"), dict) and "check" in keys["filter"]:
        # as earlier versions of the portal recorded a check
        known = policy().events.get("audit.checked")
    else:
        known = policy().events.get(link.event)
    details = tuple((key.replace("_", " "), _plain(value)) for key, value in keys.items())
    return TrailEntry(
        link,
        datetime.fromisoformat(link.at),
        known.text if known else link.event,
        known.authority if known else (),
        details,
        names.get(link.actor_id, "") if link.actor_id is not None else "",
    )


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(item)}" for key, item in value.items()) or "everything"
    if isinstance(value, list):
        return ", ".join(_plain(item) for item in value) or "none"
    if value is None or isinstance(value, bool):
        return {None: "none", True: "yes", False: "no"}[value]
    return f"{value[:8]}…" if isinstance(value, str) and HEX.fullmatch(value) else str(value)


def event_choices() -> list[tuple[str, str]]:
    """The choices of the event filter: everything, refusals, areas, then each event of the catalogue."""
    ids = list(policy().events)
    areas = dict.fromkeys(event.split(".")[0] for event in ids)
    return [
        ("", "All events"),
        ("refusals", "All refusals"),
        *((f"{area}.*", f"All on {area.replace('_', ' ')}") for area in areas),
        *((event.id, event.text.rstrip(".")) for event in policy().events.values()),
    ]
