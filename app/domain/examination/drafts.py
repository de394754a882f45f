"""Drafts of the unit's forms: kept for their author alone, deleted when the form is recorded or the case disposed of.

A draft is no record: nothing is decided by it, no condition reads it, and keeping it is no event (events.toml, exempt).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, select

from app.access.actor import Actor
from app.clauses import enforces
from app.extensions import db
from app.models import Candidate, Draft, FRRequest, LineUp, LineUpPlace, Round
from app.models.base import now


def worksheet_page(round_: Round, candidate: Candidate) -> str:
    """Return the name of an examiner's worksheet of one candidate in one round."""
    return f"worksheet:{round_.uid}:{candidate.uid}"


def background_page(round_: Round, candidate: Candidate) -> str:
    """Return the name of the background check of one candidate in one round."""
    return f"background:{round_.uid}:{candidate.uid}"


def place_page(place: LineUpPlace) -> str:
    """Return the name of a peer's worksheet of one photograph of a line-up."""
    return f"place:{place.uid}"


def kept(subject: FRRequest | LineUp, actor: Actor, page: str) -> Draft | None:
    """Return the actor's own draft of a page of a request or a line-up, or None."""
    of = Draft.line_up_id if isinstance(subject, LineUp) else Draft.request_id
    rows = select(Draft).where(of == subject.id, Draft.account_id == actor.id, Draft.page == page)
    return db.session.scalars(rows).one_or_none()


@enforces("ACC-10")
def keep(subject: FRRequest | LineUp, actor: Actor, page: str, fields: Mapping[str, Any]) -> Draft | None:
    """Keep what the actor has typed in place of what was kept before; nothing typed, nothing kept.

    Call within a unit of work.
    """
    if not fields:
        forget(subject, actor, page)
        return None
    draft = kept(subject, actor, page)
    if draft is None:
        of = {"line_up": subject} if isinstance(subject, LineUp) else {"request": subject}
        draft = Draft(account_id=actor.id, page=page, **of)
        db.session.add(draft)
    draft.saved_at = now()
    draft.seal(fields=dict(fields))
    db.session.flush()
    return draft


def forget(subject: FRRequest | LineUp, actor: Actor, page: str) -> None:
    """Delete the draft of a recorded form. Call within the unit of work that records it."""
    draft = kept(subject, actor, page)
    if draft is not None:
        db.session.delete(draft)
        db.session.flush()


def forget_line(line_up: LineUp) -> None:
    """Delete the drafts of a line-up that is over for its peer."""
    db.session.execute(delete(Draft).where(Draft.line_up_id == line_up.id))
