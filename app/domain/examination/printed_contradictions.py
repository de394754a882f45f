"""The contradictions of a candidate as documents print them (SRC-3, EXT-2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from app.clauses import enforces
from app.documents.examination.facts import Contradiction as Printed
from app.documents.examination.facts import Contradictions, Judged, PeerVerdict
from app.domain.accounts.naming import here, person_of
from app.domain.examination.background_conditions import compared_in
from app.domain.examination.contradictions import Contradiction, Judgment, contradictions_of
from app.domain.examination.earlier_verdicts import (
    ToldVerdict,
    earlier_verdicts,
    grounds_for,
    not_fresh,
    told_grounds,
    told_verdicts,
    verdicts_of,
)
from app.domain.requests.one_matter import kept_apart
from app.models import Candidate, NewGround, Round
from app.policy import policy
from app.policy.examination.worksheet import all_unexplained_in

#: all that is told of a verdict that carries a possible match: its level stays in the unit
SUPPORTED = "Supports a possible match"


@enforces("SRC-3", "EXT-2")
def printed_contradictions(
    round_: Round, candidate: Candidate, *, until: datetime | None = None, issued: datetime | None = None
) -> Contradictions:
    """Return every contradiction on record of a candidate, answered or not, agreed to or not.

    `until`: the time of the document; no verdict and nothing new of after it stands there. `issued`: the time of the
    report that another document goes beside; what came after it is told as later. Verdicts against come first.
    """
    check = round_.background_of(candidate)
    rules = policy().review.inconsistencies
    compared = compared_in(check) if check is not None else ()
    sheet = round_.disposition_of(candidate)
    given = sheet.private if sheet is not None else {}
    unknown = [one["rule"] for one in compared if one["status"] == "not_known"]
    earlier = [one for one in earlier_verdicts(round_, candidate) if not until or one.at <= until]
    told = told_verdicts(round_, earlier, None)
    grounds = told_grounds(round_, grounds_for(round_, candidate), None)
    return Contradictions(
        checked=check is not None,
        found=tuple(_printed(one, round_) for one in contradictions_of(round_, candidate)),
        not_known=tuple(rules[rule].title.lower() if rule in rules else rule for rule in unknown),
        verdicts=tuple(sorted((_verdict(one, issued) for one in told), key=lambda one: not one.against)),
        new_since=tuple(_new(one) for one in grounds if not until or one.created_at <= until),
        not_fresh=not_fresh(round_) if round_.nominee is candidate else (),
        unexplained=tuple(all_unexplained_in(policy(), given.get("features", {}))),
        justification=str(given.get("justification") or "") or None,
    )


@enforces("SRC-4", "SRC-6")
def printed_peers(round_: Round) -> tuple[PeerVerdict, ...]:
    """Return what each peer of the round itself found, in order of time."""
    return tuple(_verdict(one, None) for one in told_verdicts(round_, verdicts_of(round_), None))


def _verdict(one: ToldVerdict, issued: datetime | None) -> PeerVerdict:
    """Print the level of a verdict that stands against the candidate, and of another that it supports (SRC-9)."""
    other = "; another photograph of the line was preferred" if one.elsewhere else ""
    unlocked = "" if one.locked else "; recorded before the line was taken back, not locked"
    return PeerVerdict(
        where=one.where or "Another request",
        who=person_of(one.who, "peer reviewer") if one.who is not None else None,
        at=here(one.at) if one.at is not None else None,
        said=f"{one.label}{other}{unlocked}" if one.against else SUPPORTED,
        against=one.against,
        reason=one.reason or None,
        later=issued is not None and one.at is not None and one.at > issued,
    )


def _new(ground: NewGround) -> str:
    said, who = ground.private, ground.recorded_by.titled
    if ground.kind == "mistake":
        return f"The review was mistaken, says {who}: {said['text']}"
    return f"{said['text']} Source: {said['source']}, obtained on {said['obtained_on']}; recorded by {who}."


def _printed(one: Contradiction, round_: Round) -> Printed:
    own = kept_apart(round_.request, one.check.round.request)
    return Printed(
        title=one.title,
        computed=one.computed or None,
        finding=one.finding or None,
        earlier=one.untold,
        standing=one.standing,
        answer=one.answer.text or None,
        ground=one.ground or None,
        source=one.answer.source or None,
        answered_by=person_of(round_.examiner if own else one.check.round.examiner, "examiner"),
        judged=tuple(_judged(one, judgment) for judgment in one.judgments),
        record=tuple(replace(found, at=here(found.at)) for found in one.record),
    )


def _judged(one: Contradiction, judgment: Judgment) -> Judged:
    given = " ".join(part for part in (judgment.answer.text, judgment.answer.source) if part)
    of = None if judgment.current else given or "none"
    return Judged(person_of(judgment.who, "supervisor"), here(judgment.at), judgment.agreed, judgment.words, of)
