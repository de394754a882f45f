"""Peers are assigned by the system: load, conflict of interest, training in force; a tie by a recorded draw (SRC-4)."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select

from app import audit
from app.access.actor import Actor, actor_last_seen
from app.access.clearance import cleared_account
from app.clauses import enforces
from app.domain.accounts.people import who_may
from app.domain.examination import drafts
from app.domain.examination.earlier_verdicts import SeenBefore, seen_before
from app.domain.identification.verbs import is_available
from app.domain.notices.notifications import tell
from app.domain.peers.conditions import COMPOSING, composing, counting, line_ups_of
from app.extensions import db
from app.matching.line_up import drawn_order, drawn_reviewer, new_seed
from app.models import Account, FRRequest, GalleryPhoto, LineUp, LineUpPlace, ProficiencyPicture, Round
from app.models.base import filled, now
from app.models.engine import Job
from app.outbox import ask
from app.policy import policy
from app.policy.reasons import gives_reason
from app.policy.refused import Refused
from app.workflow.engine import refuse_if
from app.workflow.registry import SEPARATIONS

#: letters and digits that nobody mistakes for one another; without vowels, so that no number spells a word
ALPHABET = "23456789BCDFGHJKMNPQRTVWXZ"
NUMBER_LENGTH = 7

Pictures = Sequence[GalleryPhoto] | Sequence[ProficiencyPicture]


@enforces("SRC-4", "ACC-4")
def possible_peers(request: FRRequest) -> list[Account]:
    """Return the trained examiners, as last seen in the directory, who hold no part in the request."""
    row = next(step for step in policy().workflow("request").transitions if step.verb == "record_peer_review")
    taken = {person for name in row.separations for person in SEPARATIONS[name](request)}
    return [one for one in trained_examiners() if one.id not in taken and cleared_account(request, one)]


@enforces("ACC-4", "ACC-8")
def trained_examiners() -> list[Account]:
    """Return enabled accounts that may review as peers today, as last seen in the directory."""
    enabled = db.session.scalars(select(Account).where(Account.enabled.is_(True)).order_by(Account.id))
    return [one for one in enabled if actor_last_seen(one).can("peer.review")]


def available(accounts: Iterable[Account]) -> set[int]:
    """Return those of the accounts (ids) that the directory still has in the unit. Ask before opening a unit of work.

    Raises DirectoryUnavailable.
    """
    return {account.id for account in accounts if is_available(account)}


def loads() -> dict[int, int]:
    """Count the open reviews of each account, proficiency items included."""
    rows = select(LineUp.peer_id, func.count(LineUp.id)).where(LineUp.ended.is_(None)).group_by(LineUp.peer_id)
    return dict(db.session.execute(rows).all())


@enforces("SRC-4", "FAIR-1")
def fill(
    round_: Round, photos: Sequence[GalleryPhoto], present: set[int], deal: Callable[[set[int]], object] | None = None
) -> list[LineUp]:
    """Assign peers until the round has as many as the rule says, each with a line of its own; tell when none is left.

    Whoever judged the person or the photograph in another round of the matter is drawn only where nobody else is left.

    `photos`: the nominee's and the foils'. `present`: who is available, asked before. `deal`: called with them when
    somebody was assigned, so that proficiency items arrive as assignments do. Needs an open unit of work.
    """
    held = [photo for photo in photos if photo.removed_at is None]
    missing = policy().review.peers.count - len(counting(round_))
    asked = {line_up.peer_id for line_up in line_ups_of(round_)}
    free = [one for one in possible_peers(round_.request) if one.id in present and one.id not in asked]
    seen = seen_before(round_)
    made = []
    while missing > 0 and free and round_.nominee is not None and round_.nominee.photo in held:
        peer, draw = _drawn(_least_seen(free, seen))
        free.remove(peer)
        if peer.id in seen:
            draw["seen_before"] = {"times": seen[peer.id].times, "last": seen[peer.id].last.isoformat()}
        due = due_at(round_.request)
        made.append(assign(LineUp(round=round_, peer=peer, due_at=due, policy_version=policy().version), held, draw))
        missing -= 1
    if missing > 0:
        tell_short(round_, missing)
    if made and deal is not None:
        deal(present)
    return made


def tell_short(round_: Round, missing: int) -> None:
    """Record that so many peers are missing and cannot be had, and tell the supervisors."""
    audit.record("request.peers_short", round_.request, round=round_.uid, missing=missing)
    tell("peers_short", who_may(round_.request, "stop_peer_review"), round_.request)


@enforces("SRC-4", "FAIR-1")
def _least_seen(free: list[Account], seen: dict[int, SeenBefore]) -> list[Account]:
    """Return those to whom a round is new; where there is none, those who saw it least often, then longest ago."""
    fresh = [one for one in free if one.id not in seen]
    if fresh:
        return fresh
    least = min((seen[one.id].times, seen[one.id].last) for one in free)
    return [one for one in free if (seen[one.id].times, seen[one.id].last) == least]


def _drawn(free: list[Account]) -> tuple[Account, dict[str, object]]:
    """Who has least to do, and the draw as it is recorded."""
    counted, seed = loads(), new_seed()
    considered = {one.uid: counted.get(one.id, 0) for one in free}
    chosen = drawn_reviewer(considered, seed)
    return next(one for one in free if one.uid == chosen), {"seed": seed, "considered": considered}


def due_at(request: FRRequest) -> datetime:
    """Return when a review is due: after the rule's hours, or the request's priority's where they are less."""
    hours = min(policy().review.line_up.due_hours, policy().request.priorities[request.priority].due_hours)
    return now() + timedelta(hours=hours)


@enforces("SRC-4", "FAIR-1")
def assign(line_up: LineUp, pictures: Pictures, draw: dict[str, object]) -> LineUp:
    """Store one peer's line, its order drawn by a seed of its own that is kept sealed, and tell the peer."""
    seed = new_seed()
    with db.session.no_autoflush:  # the line is not complete yet
        line_up.number = _number()
    line_up.seal(seed=seed, draw=draw)
    db.session.add(line_up)
    by_uid = {picture.uid: picture for picture in pictures}
    for position, uid in enumerate(drawn_order(by_uid, seed), 1):
        picture = by_uid[uid]
        kind = "photo" if isinstance(picture, GalleryPhoto) else "picture"
        db.session.add(LineUpPlace(line_up=line_up, position=position, **{kind: picture}))
    db.session.flush()
    audit.record(
        "line_up.assigned",
        line_up,
        peer=line_up.peer.uid,
        round=line_up.round.uid if line_up.round else None,
        item=line_up.item.uid if line_up.item else None,
        places=len(by_uid),
    )
    tell("peer_review_open", [line_up.peer_id], line_up)
    return line_up


def _number() -> str:
    """Draw a number that reveals neither when nor for what a line-up was made."""
    while True:
        number = "L-" + "".join(secrets.choice(ALPHABET) for _ in range(NUMBER_LENGTH))
        if db.session.scalars(select(LineUp.id).where(LineUp.number == number)).first() is None:
            return number


def end(line_up: LineUp, ending: str, **sealed: str) -> None:
    """Close an assignment; from here on the database refuses to change it."""
    if sealed:
        line_up.seal(**sealed)
        db.session.flush()
    line_up.ended, line_up.ended_at = ending, now()
    drafts.forget_line(line_up)


@enforces("SRC-4")
def withdraw(line_up: LineUp, because: str, reason: str) -> None:
    """Take an open assignment back; the peer is told, what was typed stays with the file."""
    end(line_up, "withdrawn", reason=reason)
    db.session.flush()
    audit.record("line_up.withdrawn", line_up, because=because)
    tell("peer_withdrawn", [line_up.peer_id], line_up)


def withdraw_open(round_: Round, because: str, reason: str) -> None:
    """Withdraw a round's open assignments once it was decided without them."""
    for line_up in line_ups_of(round_):
        if line_up.ended is None:
            withdraw(line_up, because, reason)


@enforces("SRC-4")
def reassign(line_up: LineUp, reason: str, present: set[int]) -> None:
    """A supervisor takes an open assignment back, and the system assigns the next peer. Raises Refused."""
    rule = policy().review.line_up
    refuse_if("peer_assigned", line_up.ended is not None, "This assignment is over.")
    unsaid = not gives_reason(policy(), reason, rule.min_reason)
    refuse_if(rule.id, unsaid, f"Give a reason of at least {rule.min_reason} characters, in words.")
    withdraw(line_up, "supervisor", reason.strip())
    refill(line_up, present)


def refill(line_up: LineUp, present: set[int]) -> None:
    """Assign the next peer in place of one whose assignment ended, with the photographs of the same line."""
    fill(filled(line_up.round), [place.photo for place in line_up.places if place.photo is not None], present)


@enforces("SRC-4")
def compose(request: FRRequest) -> None:
    """Ask for the line of the current round: a job measures photographs, composes and assigns who is missing."""
    round_ = filled(request.current_round)
    ask(COMPOSING, round_.uid, f"{COMPOSING}:{round_.uid}:{_asked(round_)}")


def _asked(round_: Round) -> int:
    jobs = select(func.count(Job.id)).where(Job.kind == COMPOSING, Job.subject_id == round_.uid)
    return db.session.scalar(jobs) or 0


@enforces("SRC-4")
def compose_again(request: FRRequest, actor: Actor) -> None:
    """Have peers looked for again, when some are missing and nobody looks already. Raises Refused."""
    round_ = request.current_round
    short = round_ is not None and len(counting(round_)) < policy().review.peers.count
    if round_ is None or request.state != "nominated" or not short or composing(round_):
        raise Refused("WF-peer", "No peer is missing, or the system looks for one already.")
    audit.record("request.peers_sought", request, actor=actor, round=round_.uid)
    compose(request)
