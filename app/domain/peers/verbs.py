"""A peer's verbs on an assigned line-up: compare each photograph, then lock the verdict, or decline (SRC-4, FAIR-1).

The same for a round of a request and for a proficiency item, so that nothing tells them apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app import audit
from app.access.actor import Actor
from app.clauses import enforces
from app.domain.accounts.people import who_may
from app.domain.examination import drafts
from app.domain.examination.worksheet_conditions import worksheet_faults
from app.domain.examination.worksheets import known_features
from app.domain.notices.notifications import tell
from app.domain.peers import selection
from app.domain.peers.conditions import counting, opinion_faults, sheet_faults
from app.domain.peers.selection import end, withdraw_open
from app.extensions import db
from app.models import FRRequest, LineUp, LineUpPlace, PeerReview
from app.models.base import filled
from app.policy import policy
from app.policy.facts import Fault
from app.policy.reasons import gives_reason
from app.policy.refused import Refused
from app.workflow import advance
from app.workflow.engine import refuse_if

#: the level of a peer who could not compare the photograph: it left the repository meanwhile
NOT_COMPARED = "ns"


@enforces("SRC-4")
def check_open(line_up: LineUp, actor: Actor) -> None:
    """Refuse unless the line-up is this person's and still open."""
    refuse_if("peer_assigned", line_up.peer_id != actor.id, "The review is not assigned to you.")
    refuse_if("peer_assigned", line_up.ended is not None, "Your part in this line is over.")


@enforces("SRC-2", "SRC-4")
def compare(
    line_up: LineUp,
    actor: Actor,
    place: LineUpPlace,
    *,
    level: str,
    features: Mapping[str, Any],
    reason: str = "",
    quick: bool = False,
) -> None:
    """Record the comparison of one photograph: all features with a level and a reason, or, `quick`, one that differs.

    It may be changed until the verdict is locked. Raises Refused with every fault.
    """
    check_open(line_up, actor)
    refuse_if("line-up", not place.held, "This photograph left the repository; it is not compared.")
    place.level, place.quick = level or None, quick and bool(level)
    place.seal(features=known_features(features), reason=reason.strip())
    # what was typed and is not kept, a note without a verdict, is a fault as well
    faults = worksheet_faults(features, complete=not quick) or sheet_faults(place)
    faults = [*faults, *opinion_faults(place)]
    if faults:
        raise Refused(faults[0].rule_id, faults[0].message, faults=faults)
    db.session.flush()
    drafts.forget(line_up, actor, drafts.place_page(place))
    audit.record("line_up.compared", line_up, position=place.position)


def faults_of(line_up: LineUp) -> list[Fault]:
    """Return what the line-up still lacks before its verdict can be locked."""
    held = [place for place in line_up.places if place.held]
    return [fault for place in held for fault in (*sheet_faults(place), *opinion_faults(place))]


@enforces("SRC-4", "FAIR-1")
def give(line_up: LineUp, actor: Actor) -> None:
    """Lock the verdict on the line. The opinion on the nominee is the level given to that photograph; the last verdict
    that is needed opens the round. Raises Refused."""
    check_open(line_up, actor)
    faults = faults_of(line_up)
    if faults:
        raise Refused(faults[0].rule_id, faults[0].message, faults=faults)
    subject = line_up.subject_place
    level = (subject.level if subject is not None and subject.held else None) or NOT_COMPARED
    if line_up.round is not None:
        advance(
            line_up.round.request, "record_peer_review", actor, line_up=line_up, round=line_up.round.uid, opinion=level
        )
    end(line_up, "given")
    db.session.flush()
    audit.record("line_up.given", line_up)
    if line_up.round is not None:
        _keep_opinion(line_up, actor, level)


def _keep_opinion(line_up: LineUp, actor: Actor, level: str) -> None:
    """Keep the peer's opinion on the nominated photograph for the round's file."""
    round_, subject = filled(line_up.round), line_up.subject_place
    said = subject.private if subject is not None else {}
    features = said.get("features", {})
    noted = " ".join(str(given["note"]) for given in features.values() if given.get("note"))
    row = PeerReview(round=round_, peer_id=line_up.peer_id, opinion=level)
    row.seal(features=features, reason=str(said.get("reason") or noted))
    db.session.add(row)
    db.session.flush()
    if len(round_.peer_reviews) >= policy().review.peers.count:
        # all verdicts are in: the round opens to its examiner, its peers and the supervisors
        advance(round_.request, "close_peer_review", actor, round=round_.uid)
        tell("peer_reviews_done", [round_.examiner_id, *who_may(round_.request, "approve")], round_.request)
        for one in counting(round_):
            tell("round_open", [one.peer_id], one)


@enforces("SRC-4")
def decline(line_up: LineUp, actor: Actor, reason: str, present: set[int]) -> None:
    """Decline an assignment with a reason: it is recorded, and the system assigns the next peer. Raises Refused.

    `present`: who is available, asked before.
    """
    check_open(line_up, actor)
    rule = policy().review.line_up
    unsaid = not gives_reason(policy(), reason, rule.min_reason)
    refuse_if(rule.id, unsaid, f"Give a reason of at least {rule.min_reason} characters, in words.")
    end(line_up, "declined", reason=reason.strip())
    db.session.flush()
    audit.record("line_up.declined", line_up)
    if line_up.round is not None:
        tell("peer_declined", who_may(line_up.round.request, "stop_peer_review"), line_up.round.request)
        selection.refill(line_up, present)


@enforces("SRC-4", "SRC-6")
def stop(request: FRRequest, actor: Actor, reason: str, *, password_confirmed: bool) -> None:
    """The supervisor ends a peer review that cannot be completed; the round is then not unanimous. Raises Refused."""
    round_ = request.current_round
    advance(
        request,
        "stop_peer_review",
        actor,
        round=round_.uid if round_ else None,
        reason=reason,
        password_confirmed=password_confirmed,
    )
    round_ = filled(round_)
    round_.seal(peers_stopped=reason)
    withdraw_open(round_, "stopped", reason)
